import { UserError } from '../job.ts';
import { describeNode, type ModelGraph } from './modelGraph.ts';
import type { NodeProto } from './onnx_pb.ts';

/** The end of a network: what turns its penultimate features into its answer. */
export interface Head {
  /** The model's output that holds the answer. */
  output: string;
  /** Whether that output is logits or probabilities, or an embedding: a vector of length 1. */
  kind: 'logits' | 'probabilities' | 'embedding';
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
  'Add', 'AveragePool', 'Cast', 'Clip', 'DequantizeLinear', 'Div', 'Dropout', 'Flatten', 'Gather', 'GlobalAveragePool', 'GlobalMaxPool', 'Identity', 'LeakyRelu',
  'MaxPool', 'Mean', 'Mul', 'QuantizeLinear', 'ReduceMax', 'ReduceMean', 'Relu', 'Reshape', 'Slice', 'Squeeze', 'Sub', 'Sum', 'Transpose', 'Unsqueeze',
]);

/** Layers that an answer may come from; the last three hold their weights as integers. */
const lastLayers = new Set(['Conv', 'Gemm', 'MatMul', 'MatMulInteger', 'QGemm', 'QLinearMatMul']);

/**
 * Finds a classifier's head: from the output back over softmax, poolings and changes of shape to the last layer with weights,
 * which is a matrix product or a convolution; its input are the penultimate features. Where several fully connected layers are
 * averaged (DeiT's class and distillation token), the features are the last value that all of them are computed from. An output
 * that is scaled to length 1 is an embedding. With `featureLayer`, the name of a value or of a node, the head is all that
 * depends on it. Returns a sentence where there is no such head.
 */
export function findHead(graph: ModelGraph, featureLayer?: string): Head | string {
  const output = graph.outputs.find((value) => value.type === 'float32' || value.type === 'float64')?.name;
  if (output === undefined) return 'the model has no output of floating-point numbers';
  const end = softmaxOrNorm(graph, output);
  if (typeof end === 'string') return end;
  const layers = layersBefore(graph, end.before, 1);
  if (typeof layers === 'string') return layers;
  const inputs = [...new Set(layers.map((node) => quantizedFrom(graph, node.input[dependsOnInput(graph, node.input[0]!) ? 0 : 1]!)))];
  const features = featureLayer === undefined ? commonSource(graph, inputs) : resolveFeatureLayer(graph, featureLayer);
  if (features === undefined) return 'the layers that the output is made from have nothing in common';
  const nodes = nodesAfter(graph, features, output);
  if (nodes.length === 0 && features !== output) throw new UserError(`feature layer ${featureLayer ?? features} does not lead to the output ${output}`);
  return { output, kind: end.kind, logits: end.kind === 'embedding' ? output : end.before, featureLayer: features, nodes, weights: weightsBefore(graph, nodes) };
}

/** What an output ends in, and the value before that; `logits` where it ends in neither a softmax nor a scaling to length 1. */
function softmaxOrNorm(graph: ModelGraph, output: string): { kind: Head['kind']; before: string } | string {
  let kind: Head['kind'] = 'logits';
  let before = output;
  for (let value = output; ;) {
    const node = graph.producer(value);
    if (!node) break;
    const scaled = before === output ? lengthOne(graph, node) : undefined;
    if (scaled !== undefined) return { kind: 'embedding', before: scaled };
    if (node.opType === 'Sigmoid' && value === output) return `the model ends in a sigmoid, ${describeNode(node)}: its answers are not one class of several`;
    if (node.opType === 'Softmax' || node.opType === 'LogSoftmax') {
      // Logarithms of probabilities are logits: their softmax are the probabilities.
      if (node.opType === 'Softmax') kind = 'probabilities';
      value = before = node.input[0]!;
    } else if (passThrough.has(node.opType) && computedInputs(graph, node).length === 1) {
      value = computedInputs(graph, node)[0]!;
    } else {
      break;
    }
  }
  return { kind, before };
}

/** The vector that a node scales to length 1; undefined where it does something else. Exporters write x / max(‖x‖, ε). */
function lengthOne(graph: ModelGraph, node: NodeProto): string | undefined {
  const [vector = '', length = ''] = node.input;
  if (node.opType === 'LpNormalization') return vector;
  if (node.opType !== 'Div') return undefined;
  for (let value = length; ;) {
    const maker = graph.producer(value);
    const from = maker && computedInputs(graph, maker)[0];
    if (!maker || from === undefined) return undefined;
    if (maker.opType === 'ReduceL2' || maker.opType === 'ReduceSumSquare') return from === vector ? vector : undefined;
    if (maker.opType === 'ReduceSum') {
      const square = graph.producer(from);
      return square && ['Mul', 'Pow'].includes(square.opType) && square.input[0] === vector ? vector : undefined;
    }
    if (!['Add', 'Cast', 'Clip', 'Expand', 'Identity', 'Max', 'Pow', 'Reshape', 'Sqrt', 'Unsqueeze'].includes(maker.opType)) return undefined;
    value = from;
  }
}

/** The last layers with weights that a value is made from: one, or the several that are joined once. A sentence where it is not made so. */
function layersBefore(graph: ModelGraph, from: string, joins: number): NodeProto[] | string {
  for (let value = from; ;) {
    const node = graph.producer(value);
    if (!node) return 'no layer with weights lies before the output';
    if (lastLayers.has(node.opType)) {
      if (node.input.every((input) => input === '' || dependsOnInput(graph, input))) return `the last layer is ${describeNode(node)}, which has no weights`;
      return [node];
    }
    if (!passThrough.has(node.opType)) return `the last layer is ${describeNode(node)}, which is no matrix product and no convolution`;
    const inputs = computedInputs(graph, node).filter((input) => !isScaleOf(graph, node, input));
    if (inputs.length === 0 && !isWeightedByConstants(graph, node)) return 'no layer with weights lies before the output';
    if (inputs.length > 1) {
      const branches = joins > 0 ? inputs.map((input) => layersBefore(graph, input, joins - 1)) : [];
      // Layers that are joined answer only where they are fully connected: a sum of convolutions is a block of a residual network.
      const answering = branches.every((branch) => typeof branch !== 'string' && branch.every((layer) => layer.opType !== 'Conv'));
      if (branches.length === 0 || !answering) return `the output is not made by one last layer: ${describeNode(node)} joins several`;
      return branches.flatMap((branch) => branch as NodeProto[]);
    }
    value = inputs[0] ?? node.input[0]!;
  }
}

/** Inputs of a node that depend on the picture, not only on its size. */
function computedInputs(graph: ModelGraph, node: NodeProto): string[] {
  return [...new Set(node.input.filter((input) => input !== '' && dependsOnInput(graph, input) && !isShapeValue(graph, input)))];
}

/** Whether an input is only the unit of the other, a product of integers: scales of dynamic quantisation. */
function isScaleOf(graph: ModelGraph, node: NodeProto, input: string): boolean {
  if (node.opType !== 'Mul') return false;
  const integers = (value: string): boolean => graph.producer(graph.producer(value)?.input[0] ?? '')?.opType === 'MatMulInteger';
  return !integers(input) && node.input.some(integers);
}

/** A layer of a head that holds its weights as integers; undefined where there is none. */
export function quantizedLayer(graph: ModelGraph, { nodes }: Head): NodeProto | undefined {
  const integers = (node: NodeProto): boolean => node.opType.includes('Integer') || node.opType.startsWith('QLinear') || node.opType === 'QGemm';
  return nodes.find((node) => integers(node) || (lastLayers.has(node.opType) && graph.producer(node.input[1] ?? '')?.opType === 'DequantizeLinear'));
}

/** The float value that a value was quantised from; the value itself where it was not. */
function quantizedFrom(graph: ModelGraph, value: string): string {
  const node = graph.producer(value);
  return node && ['DynamicQuantizeLinear', 'QuantizeLinear'].includes(node.opType) ? node.input[0]! : value;
}

/** The last value that all of the given ones are computed from and nothing else of the picture. */
function commonSource(graph: ModelGraph, values: readonly string[]): string | undefined {
  const [only] = values;
  if (values.length === 1) return only;
  const names = new Set(graph.inputs.map((input) => input.name));
  const before = nodesBefore(graph.nodes, values).toReversed();
  return before.flatMap((node) => node.output).find((value) => {
    if (value === '' || !dependsOnInput(graph, value) || isShapeValue(graph, value)) return false;
    const rest = nodesBefore(graph.nodes, values, new Set([value]));
    return rest.every((node) => isShapeValue(graph, node.output[0] ?? '') || !node.input.some((input) => names.has(input))) && valuesAfter(graph.nodes, [value]).has(only!);
  });
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

const shapeValues = new WeakMap<ModelGraph, Set<string>>();

/** Whether a value only says how large others are: such values belong to the part that uses them, whatever they are computed from. */
export function isShapeValue(graph: ModelGraph, value: string): boolean {
  let known = shapeValues.get(graph);
  if (!known) {
    known = new Set();
    for (const node of graph.nodes) {
      const computed = node.input.filter((input) => dependsOnInput(graph, input));
      const sizes = node.opType === 'Shape' || node.opType === 'Size' || (computed.length > 0 && computed.every((input) => known!.has(input)));
      if (sizes) for (const output of node.output) known.add(output);
    }
    shapeValues.set(graph, known);
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
  // The running statistics of batch normalisation are no weights, though a file may share them with one.
  const trained = (node: NodeProto): string[] => (node.opType === 'BatchNormalization' ? node.input.slice(0, 3) : node.input);
  return [...new Set([...chain, ...nodes].flatMap((node) => trained(node).filter((input) => graph.isWeight(input))))];
}
