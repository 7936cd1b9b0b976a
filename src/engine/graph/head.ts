import { UserError } from '../job.ts';
import { describeNode, type ModelGraph } from './modelGraph.ts';
import type { NodeProto } from './onnx_pb.ts';
import { isLayer } from './weights.ts';

/** The end of a classifier: what turns its penultimate features into its answer. */
export interface Head {
  /** The model's output that holds the answer. */
  output: string;
  /** Whether that output is logits or probabilities. */
  kind: 'logits' | 'probabilities';
  /** The value that goes into the softmax: the output itself where there is none. */
  logits: string;
  /** The value that holds the penultimate features. */
  featureLayer: string;
  /** Nodes that lie between the features and the output. */
  nodes: NodeProto[];
  /** Its weights, by name, in the order of the nodes. */
  weights: string[];
}

/** Operators after the last layer that an answer passes through without new weights. */
const passThrough = new Set([
  'Add', 'AveragePool', 'Cast', 'Clip', 'Dropout', 'Flatten', 'GlobalAveragePool', 'GlobalMaxPool', 'Identity', 'LeakyRelu', 'MaxPool', 'Mul',
  'ReduceMean', 'Relu', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze',
]);

/**
 * Finds a classifier's head: from the output back over softmax, poolings and changes of shape to the last layer with weights,
 * which is a matrix product or a convolution; its input are the penultimate features. With `featureLayer`, the name of a
 * value or of a node, the head is all that depends on it. Returns a sentence where there is no such head.
 */
export function findHead(graph: ModelGraph, featureLayer?: string): Head | string {
  const output = graph.outputs.find((value) => value.type === 'float32' || value.type === 'float64')?.name;
  if (output === undefined) return 'the model has no output of floating-point numbers';
  let kind: Head['kind'] = 'logits';
  let logits = output;
  let value = output;
  for (;;) {
    const node = graph.producer(value);
    if (!node) return 'no layer with weights lies before the output';
    if (node.opType === 'Softmax' || node.opType === 'LogSoftmax') {
      // Logarithms of probabilities are logits: their softmax are the probabilities.
      if (node.opType === 'Softmax') kind = 'probabilities';
      value = logits = node.input[0]!;
    } else if (node.opType === 'Sigmoid' && value === output) {
      return `the model ends in a sigmoid, ${describeNode(node)}: its answers are not one class of several`;
    } else if (passThrough.has(node.opType)) {
      const inputs = node.input.filter((input) => input !== '' && dependsOnInput(graph, input));
      if (inputs.length !== 1) {
        if (inputs.length > 1) return `the output is not made by one last layer: ${describeNode(node)} joins several`;
        if (!isWeightedByConstants(graph, node)) return 'no layer with weights lies before the output';
      }
      value = inputs[0] ?? node.input[0]!;
    } else if (isLayer(node) && ['Gemm', 'MatMul', 'Conv'].includes(node.opType)) {
      const features = featureLayer === undefined ? node.input[dependsOnInput(graph, node.input[0]!) ? 0 : 1]! : resolveFeatureLayer(graph, featureLayer);
      const nodes = nodesAfter(graph, features, output);
      if (nodes.length === 0 && features !== output) throw new UserError(`feature layer ${featureLayer ?? features} does not lead to the output ${output}`);
      return { output, kind, logits, featureLayer: features, nodes, weights: weightsBefore(graph, nodes) };
    } else {
      return `the last layer is ${describeNode(node)}, which is no matrix product and no convolution`;
    }
  }
}

function isWeightedByConstants(graph: ModelGraph, node: NodeProto): boolean {
  return node.input.some((input) => graph.isWeight(input));
}

/** The value that a user means: a value's own name, or the first output of a node with that name. Throws where there is neither. */
export function resolveFeatureLayer(graph: ModelGraph, name: string): string {
  const known = graph.producer(name) ? name : graph.nodes.find((node) => node.name === name)?.output[0];
  if (known === undefined) throw new UserError(`unknown feature layer: ${name}`);
  return known;
}

const dependence = new WeakMap<ModelGraph, Set<string>>();

/** Whether a value is computed from the model's input, not from weights and constants alone. */
export function dependsOnInput(graph: ModelGraph, value: string): boolean {
  let known = dependence.get(graph);
  if (!known) {
    known = valuesAfter(graph.nodes, graph.inputs.map((input) => input.name));
    dependence.set(graph, known);
  }
  return known.has(value);
}

/** The given values and all that are computed from them. */
export function valuesAfter(nodes: readonly NodeProto[], values: Iterable<string>): Set<string> {
  const reached = new Set(values);
  for (const node of nodes) {
    if (node.input.some((input) => reached.has(input))) node.output.forEach((output) => output && reached.add(output));
  }
  return reached;
}

/** The nodes that compute `targets` from `stop` and from constants, in the graph's order. */
export function nodesBefore(nodes: readonly NodeProto[], targets: Iterable<string>, stop: ReadonlySet<string> = new Set()): NodeProto[] {
  const wanted = new Set([...targets].filter((value) => !stop.has(value)));
  const kept: NodeProto[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.output.some((output) => wanted.has(output))) continue;
    kept.push(node);
    for (const input of readBy(node)) if (!stop.has(input)) wanted.add(input);
  }
  return kept.reverse();
}

/** Values that a node reads, those that its inner graphs take from outside included. */
export function readBy(node: NodeProto): string[] {
  const inner = node.attribute.flatMap((attribute) => [...(attribute.g ? [attribute.g] : []), ...attribute.graphs]);
  return [...node.input.filter((input) => input !== ''), ...inner.flatMap((graph) => graph.node.flatMap(readBy))];
}

function nodesAfter(graph: ModelGraph, value: string, output: string): NodeProto[] {
  const after = valuesAfter(graph.nodes, [value]);
  if (!after.has(output)) return [];
  return nodesBefore(graph.nodes, [output], new Set([value])).filter((node) => node.output.some((name) => after.has(name)));
}

/** Weights that nodes read, also through nodes that only lay them out anew. */
function weightsBefore(graph: ModelGraph, nodes: readonly NodeProto[]): string[] {
  const constants = nodes.flatMap((node) => node.input.filter((input) => input !== '' && !dependsOnInput(graph, input)));
  const chain = nodesBefore(graph.nodes, constants);
  return [...new Set([...chain, ...nodes].flatMap((node) => node.input.filter((input) => graph.isWeight(input))))];
}
