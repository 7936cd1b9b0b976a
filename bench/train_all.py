"""One step of stability training of a whole network in PyTorch, for bench/trainAll.ts: reads an ONNX file, makes its weights
parameters and runs its nodes by PyTorch's functions. For each line on stdin it makes a step and prints what it took; a line that
is not empty names a file for the step's gradient: float32, the weights in the order of their names.
    python train_all.py MODEL.onnx BATCH THREADS [float32|float64]
(needs torch, onnx, numpy)
"""
import json, math, resource, sys, time
import numpy as np, onnx, torch
from onnx import numpy_helper
import torch.nn.functional as F

path, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
number = getattr(torch, sys.argv[4] if len(sys.argv) > 4 else 'float32')
torch.set_num_threads(threads)
graph = onnx.load(path).graph
arrays = {i.name: torch.tensor(numpy_helper.to_array(i).copy()) for i in graph.initializer}
weights = {name: torch.nn.Parameter(a.to(number)) for name, a in arrays.items() if a.is_floating_point() and a.ndim > 0}


def forward(x):
    values = {graph.input[0].name: x, **arrays, **weights}
    for node in graph.node:
        a = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        v = [values[name] if name else None for name in node.input]
        if node.op_type == 'Conv': y = F.conv2d(v[0], v[1], v[2], a.get('strides', 1), a['pads'][:2], 1, a.get('group', 1))
        elif node.op_type == 'Clip': y = F.hardtanh(v[0], v[1].item(), v[2].item())
        elif node.op_type == 'Tanh': y = v[0].tanh()
        elif node.op_type == 'Relu': y = F.relu(v[0])
        elif node.op_type == 'Add': y = v[0] + v[1]
        elif node.op_type == 'MaxPool': y = F.max_pool2d(v[0], a['kernel_shape'], a['strides'], a['pads'][:2])
        elif node.op_type == 'GlobalAveragePool': y = v[0].mean((2, 3), keepdim=True)
        elif node.op_type == 'Flatten': y = v[0].flatten(1)
        elif node.op_type == 'Gemm': y = F.linear(v[0], v[1], v[2])
        else: raise NotImplementedError(node.op_type)
        values[node.output[0]] = y
    return values[graph.output[0].name]


def pictures(seed):
    """The same numbers as `pictures` in trainAll.ts: a sine, so that both sides have them without a file."""
    index = np.arange(batch * 3 * 224 * 224, dtype=np.float64)
    return torch.from_numpy((0.5 + 0.5 * np.sin(index * 0.01 + seed)).astype(np.float32).reshape(batch, 3, 224, 224))


clean = pictures(0)
noisy = clean + 0.04 * (pictures(1) * 2 - 1)
both = torch.cat([clean, noisy]).to(number)
labels = torch.arange(batch) % weights['classifier.bias'].shape[0]
optimizer = torch.optim.SGD(weights.values(), 1e-3, momentum=0.9)
for line in sys.stdin:
    started, used = time.perf_counter(), time.process_time()
    optimizer.zero_grad()
    logits = forward(both)
    p, q = logits[:batch].log_softmax(1), logits[batch:].log_softmax(1)
    loss = F.nll_loss(p, labels)
    stability = -(p.exp() * q).sum(1).mean()
    (loss + 0.1 * stability).backward()
    optimizer.step()
    took = {'seconds': time.perf_counter() - started, 'cpu': time.process_time() - used}
    if line.strip():
        np.concatenate([weights[name].grad.to(torch.float32).numpy().ravel() for name in sorted(weights)]).tofile(line.strip())
    print(json.dumps({**took, 'loss': loss.item(), 'stabilityLoss': stability.item(), 'megabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)
