import { copyMessage } from '../../graph/copyMessage.ts';
import { TensorProtoSchema, type ModelProto, type NodeProto, type TensorProto } from '../../graph/onnx_pb.ts';

/** The inputs of a BatchNormalization that are running statistics. */
const statistics: readonly (readonly [index: number, name: string])[] = [[3, 'mean'], [4, 'variance']];

/** A running statistic that is also something else: the node that reads it, as which input, and the array that it is to have of its own. */
interface SharedStatistic {
  node: NodeProto;
  index: number;
  source: TensorProto;
  copy: string;
}

/**
 * Gives running statistics that other nodes read too an array of their own. Exporters keep one copy of equal arrays (PyTorch's
 * deduplicates initializers, with an Identity in the place of the others or without), so that in a network that is hardly trained a
 * scale of ones is some node's variance as well, and training the one would change the other. Answers stay as they are.
 *
 * @param model changed in place; only its own graph, not those inside of nodes or functions
 * @param wanted whether to separate a statistic, by the names of the shared array and of the new one; all by default
 * @returns the new arrays; those with external data still name the place of the shared one's
 */
export function separateStatistics(model: ModelProto, wanted: (source: string, copy: string) => boolean = () => true): TensorProto[] {
  // Up to IR version 3 every array is an input of the graph, too, which a caller may replace.
  if (model.irVersion < 4n) return [];
  const graph = model.graph!;
  const copies: TensorProto[] = [];
  for (const { node, index, source, copy } of sharedStatistics(model)) {
    if (!wanted(source.name, copy)) continue;
    graph.node = graph.node.filter(({ opType, output }) => opType !== 'Identity' || output[0] !== copy);
    node.input[index] = copy;
    copies.push(copyMessage(TensorProtoSchema, source, { name: copy }));
  }
  graph.initializer.push(...copies);
  return copies;
}

function sharedStatistics(model: ModelProto): SharedStatistic[] {
  const graph = model.graph!;
  const arrays = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const sources = new Map<string, TensorProto>(arrays);
  const readers = new Map<string, number>();
  for (const node of graph.node) {
    for (const input of node.input) readers.set(input, (readers.get(input) ?? 0) + 1);
    const handedOn = node.opType === 'Identity' && node.domain === '' ? sources.get(node.input[0] ?? '') : undefined;
    if (handedOn) sources.set(node.output[0] ?? '', handedOn);
  }
  const outputs = new Set(graph.output.map(({ name }) => name));
  const uses = graph.node.flatMap((node) => (node.opType !== 'BatchNormalization' || node.domain !== '' ? [] : statistics.flatMap(([index, name]) => {
    const source = sources.get(node.input[index] ?? '');
    return source ? [{ node, index, source, name, value: node.input[index]! }] : [];
  })));
  // Every node that reads the array or what an Identity hands on of it, but no Identity itself.
  const reads = new Map<TensorProto, number>();
  for (const node of graph.node) {
    if (sources.has(node.output[0] ?? '')) continue;
    for (const input of node.input) {
      const source = sources.get(input);
      if (source) reads.set(source, (reads.get(source) ?? 0) + 1);
    }
  }
  const asStatistic = new Map<TensorProto, number>();
  for (const { source } of uses) asStatistic.set(source, (asStatistic.get(source) ?? 0) + 1);
  const kept = new Set<TensorProto>();
  return uses.flatMap(({ node, index, source, name, value }) => {
    if (reads.get(source) === 1) return [];
    // Where nothing but statistics share it, the first of them keeps it.
    if (asStatistic.get(source) === reads.get(source) && !kept.has(source)) {
      kept.add(source);
      return [];
    }
    const named = value !== source.name && readers.get(value) === 1 && !outputs.has(value);
    return [{ node, index, source, copy: named ? value : `${source.name}/${node.output[0] ?? ''}/${name}` }];
  });
}
