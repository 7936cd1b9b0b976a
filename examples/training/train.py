"""Trains the two example classifiers on the example workspace and writes them as ONNX. Only a maintainer runs this.

    node examples/makeWorkspace.mjs
    python3 -m venv VENV && VENV/bin/pip install torch==2.13.0 onnx==1.23.1 onnxruntime==1.30.0 onnxscript pillow numpy
    VENV/bin/python examples/training/train.py [digits] [patches]

Seeded: the same versions on the same kind of machine give the same weights. Two minutes on two cores. Afterwards
`npx tsx examples/training/toTensorFlowJs.ts` makes the TensorFlow.js models from the ONNX files.
"""

import io
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from PIL import Image

from networks import Digits, Patches

EXAMPLES = Path(__file__).resolve().parent.parent
WORKSPACE = EXAMPLES / "workspace"

# Mean and standard deviation are the usual ones of ImageNet, rounded.
PREPROCESSING = {
    "digits": {"resize": "stretch", "interpolation": "bilinear", "range": "0-1", "mean": None, "std": None, "channels": "gray"},
    "patches": {"resize": "stretch", "interpolation": "bilinear", "range": "0-1", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "channels": "rgb"},
}
# Both are trained shortly on purpose: a network that is right on everything would show a user nothing.
EPOCHS = {"digits": 4, "patches": 4}
BATCH_SIZE = 32


def read_set(name: str, part: str) -> tuple[np.ndarray, torch.Tensor, list[str]]:
    """Pictures as uint8 N×H×W×C, their labels, and the class names (the folders' names in order)."""
    folder = WORKSPACE / name / part
    classes = sorted(entry.name for entry in folder.iterdir())
    mode = "L" if PREPROCESSING[name]["channels"] == "gray" else "RGB"
    pictures, labels = [], []
    for label, class_name in enumerate(classes):
        for file in sorted((folder / class_name).glob("*.png")):
            pixels = np.asarray(Image.open(file).convert(mode))
            pictures.append(pixels.reshape(*pixels.shape[:2], -1))
            labels.append(label)
    return np.stack(pictures), torch.tensor(labels), classes


def preprocess(name: str, pictures: np.ndarray) -> torch.Tensor:
    """uint8 or float (in [0, 255]) N×H×W×C pictures as the network's input."""
    x = torch.from_numpy(pictures.astype(np.float32) / 255).permute(0, 3, 1, 2)
    mean, std = PREPROCESSING[name]["mean"], PREPROCESSING[name]["std"]
    if mean is not None:
        x = (x - torch.tensor(mean).view(1, -1, 1, 1)) / torch.tensor(std).view(1, -1, 1, 1)
    return x.contiguous()


def train(name: str, network: torch.nn.Module) -> None:
    pictures, labels, _ = read_set(name, "train")
    x = preprocess(name, pictures)
    logits = network.logits if name == "digits" else network
    epochs, steps = EPOCHS[name], (len(x) + BATCH_SIZE - 1) // BATCH_SIZE
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=epochs * steps)
    network.train()
    for epoch in range(epochs):
        total = 0.0
        for chosen in torch.randperm(len(x)).split(BATCH_SIZE):
            batch = x[chosen]
            if name == "patches":  # A digit has a right way round, a patch has not.
                flipped = torch.rand(len(batch)) < 0.5
                batch[flipped] = batch[flipped].flip(3)
            loss = torch.nn.functional.cross_entropy(logits(batch), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"{name} epoch {epoch + 1} loss {total / len(x):.4f}", flush=True)
    network.eval()


def export(name: str, network: torch.nn.Module, classes: list[str]) -> Path:
    """Writes the ONNX file, with BatchNormalization kept as nodes, and the preprocessing and class names in its metadata."""
    path = EXAMPLES / "models" / f"{name}.onnx"
    path.parent.mkdir(exist_ok=True)
    example = torch.zeros(1, *((1, 28, 28) if name == "digits" else (3, 96, 96)))
    output = "probabilities" if name == "digits" else "logits"
    torch.onnx.export(
        network, (example,), path, dynamo=False, opset_version=17, input_names=["input"], output_names=[output],
        dynamic_axes={"input": {0: "batch"}, output: {0: "batch"}},
        # In evaluation mode the exporter would fold each batch norm into its convolution; PRESERVE leaves it a node.
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
    )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {
        "model-stability.preprocessing": json.dumps(PREPROCESSING[name]),
        "model-stability.classNames": json.dumps(classes),
    })
    model.producer_name = "model-stability examples"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def distort_jpeg(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture.squeeze()).save(buffer, "JPEG", quality=50)
    return np.asarray(Image.open(buffer)).reshape(picture.shape)


def distort_thumbnail(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(1.0, (1000 / (height * width)) ** 0.5)
    image = Image.fromarray(picture.squeeze())
    small = image.resize((round(width * scale), round(height * scale)), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR)).reshape(picture.shape)


def distort_noise(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    noisy = picture + random.normal(0, 0.04 * 255, picture.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


DISTORTIONS = {"jpeg:50": distort_jpeg, "thumbnail:1000": distort_thumbnail, "gaussian-noise:0.04": distort_noise}


def report(name: str, network: torch.nn.Module, path: Path) -> None:
    """Prints clean precision, a first idea of the instability, and how far ONNX Runtime is from PyTorch."""
    pictures, labels, _ = read_set(name, "test")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    x = preprocess(name, pictures)
    with torch.no_grad():
        expected = network(x)
    actual = session.run(None, {"input": x.numpy()})[0]
    print(f"{name} parameters {sum(p.numel() for p in network.parameters())} file {path.stat().st_size} bytes")
    print(f"{name} PyTorch against ONNX Runtime on {len(x)} pictures, largest difference {np.abs(expected.numpy() - actual).max():.2e}")
    clean = expected.argmax(1)
    print(f"{name} clean precision {100 * (clean == labels).float().mean():.1f} %")
    for distortion, apply in DISTORTIONS.items():
        random = np.random.default_rng(0)
        with torch.no_grad():
            answers = network(preprocess(name, np.stack([apply(picture, random) for picture in pictures]))).argmax(1)
        print(f"{name} {distortion}: labels changed {100 * (answers != clean).float().mean():.1f} %, precision {100 * (answers == labels).float().mean():.1f} %")


def main() -> None:
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    for name in sys.argv[1:] or ["digits", "patches"]:
        torch.manual_seed(0)
        classes = read_set(name, "test")[2]
        network = Digits() if name == "digits" else Patches(len(classes))
        train(name, network)
        report(name, network, export(name, network, classes))


main()
