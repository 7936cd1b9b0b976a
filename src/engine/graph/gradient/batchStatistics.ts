import { create } from '@bufbuild/protobuf';
import { UserError } from '../../job.ts';
import { copyMessage } from '../copyMessage.ts';
import { GraphBuilder } from '../graphBuilder.ts';
import { attributesOf, describeNode } from '../modelGraph.ts';
import { GraphProtoSchema, ModelProtoSchema, ValueInfoProtoSchema, type ModelProto, type NodeProto } from '../onnx_pb.ts';

/** Running statistics of a network: the initializer that holds them, and the value that takes its place after a step. */
export interface RunningStatistic {
  name: string;
  output: string;
}

/**
 * The same network with every BatchNormalization as in training: x is normalised by the batch's own mean and variance (of the
 * population), and running ← running·momentum + batch·(1 − momentum), as the operator's definition says. Written as plain
 * nodes, because ONNX Runtime runs no BatchNormalization in training mode. The new statistics are outputs.
 * Throws a `UserError` where the statistics of a node are not stored values.
 */
export function withBatchStatistics(model: ModelProto): { model: ModelProto; statistics: RunningStatistic[] } {
  const graph = model.graph!;
  const opset = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const builder = new GraphBuilder(Number(opset?.version));
  const stored = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  for (const value of [...graph.input, ...graph.initializer]) builder.reserve(value.name);
  for (const node of graph.node) node.output.forEach((name) => builder.reserve(name));
  // Where two nodes share their statistics, the second goes on from what the first has made of them.
  const latest = new Map<string, string>();
  for (const node of graph.node) {
    if (node.opType !== 'BatchNormalization') {
      builder.copyNode(node);
      continue;
    }
    const [mean, variance] = [node.input[3]!, node.input[4]!];
    if (!stored.has(mean) || !stored.has(variance)) throw new UserError(`cannot update the statistics of ${describeNode(node)}: they are not stored values`);
    const batch = normalizeByBatch(builder, node, stored.get(mean)!.dims.length === 1 ? Number(stored.get(mean)!.dims[0]) : -1);
    const momentum = attributesOf(node)['momentum'];
    const kept = typeof momentum === 'number' ? momentum : 0.9;
    for (const [name, value] of [[mean, batch.mean], [variance, batch.variance]] as const) {
      const old = builder.op('Mul', [latest.get(name) ?? name, builder.float(kept)]);
      latest.set(name, builder.op('Add', [old, builder.op('Mul', [value, builder.float(1 - kept)])]));
    }
  }
  const built = builder.build(model.opsetImport);
  const statistics = [...latest].map(([name, output]) => ({ name, output }));
  return {
    statistics,
    model: copyMessage(ModelProtoSchema, model, {
      graph: copyMessage(GraphProtoSchema, graph, {
        node: built.graph!.node,
        initializer: [...graph.initializer, ...built.graph!.initializer],
        output: [...graph.output, ...statistics.map(({ output }) => create(ValueInfoProtoSchema, { name: output }))],
      }),
    }),
  };
}

/** Writes y as the node's output and returns the batch's mean and variance [channels]. */
function normalizeByBatch(builder: GraphBuilder, node: NodeProto, channels: number): { mean: string; variance: string } {
  const [x, scale, bias] = node.input as [string, string, string];
  const epsilon = attributesOf(node)['epsilon'];
  // Channels are brought to the front and the rest is one axis, so that the rank of x need not be known.
  const rows = builder.op('Reshape', [x, builder.ints([0, channels, -1])]);
  const axes = builder.ints([0, 2]);
  const column = (value: string): string => builder.op('Reshape', [value, builder.ints([1, -1, 1])]);
  const mean = builder.op('ReduceMean', [rows, axes], { keepdims: 1 });
  const centred = builder.op('Sub', [rows, mean]);
  const variance = builder.op('ReduceMean', [builder.op('Mul', [centred, centred]), axes], { keepdims: 1 });
  const inverse = builder.op('Reciprocal', [builder.op('Sqrt', [builder.op('Add', [variance, builder.float(typeof epsilon === 'number' ? epsilon : 1e-5)])])]);
  const y = builder.op('Add', [builder.op('Mul', [centred, builder.op('Mul', [column(scale), inverse])]), column(bias)]);
  builder.node('Reshape', [y, builder.op('Shape', [x])], {}, { name: node.name, outputs: [node.output[0]!] });
  const flat = (value: string): string => builder.op('Reshape', [value, builder.ints([-1])]);
  return { mean: flat(mean), variance: flat(variance) };
}
