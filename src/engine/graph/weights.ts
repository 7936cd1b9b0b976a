import type { GraphProto, NodeProto } from './onnx_pb.ts';

/** Which inputs of an operator are trained values: the layers' weights. */
const weightInputs: Record<string, readonly number[]> = {
  BatchNormalization: [1, 2],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gemm: [1, 2],
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  MatMul: [0, 1],
  PRelu: [1],
};

/** Operators that join a fixed array to a value; the array is a weight (a bias, a scale) unless it is a single number. */
const biasOperators = new Set(['Add', 'Mul']);

/** Operators that only lay a weight out anew on its way to a layer. */
const layoutOperators = new Set(['Cast', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze']);

/** Whether a node is a layer of its own: it has weights by its nature. */
export function isLayer(node: NodeProto): boolean {
  return node.domain === '' && node.opType in weightInputs;
}

/**
 * Names of the fixed float arrays that a graph's layers read as weights, also through Transpose, Identity and the like, in the
 * order of the nodes. `isFloat` tells whether a name is a fixed float array; `elements` its size.
 */
export function findWeights(graph: GraphProto, isFloat: (name: string) => boolean, elements: (name: string) => number): string[] {
  const producers = new Map(graph.node.flatMap((node) => node.output.map((output) => [output, node] as const)));
  const found = new Set<string>();
  const follow = (value: string): string => {
    for (let at = value; ;) {
      const producer = producers.get(at);
      if (!producer || isFloat(at) || !layoutOperators.has(producer.opType)) return at;
      at = producer.input[0]!;
    }
  };
  for (const node of graph.node) {
    if (node.domain !== '') continue;
    const bias = biasOperators.has(node.opType);
    for (const index of bias ? [0, 1] : (weightInputs[node.opType] ?? [])) {
      const value = follow(node.input[index] ?? '');
      if (value !== '' && isFloat(value) && (!bias || elements(value) > 1)) found.add(value);
    }
  }
  return [...found];
}
