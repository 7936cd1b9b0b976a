import { create } from '@bufbuild/protobuf';
import { copyMessage } from '../graph/copyMessage.ts';
import { UserError } from '../job.ts';
import { constantTensor, type ModelGraph } from '../graph/modelGraph.ts';
import { cutGraph, passedName } from '../graph/cut.ts';
import { dependsOnInput, nodesBefore, type Head } from '../graph/head.ts';
import { AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema, type ModelProto, type NodeProto } from '../graph/onnx_pb.ts';
import { upgradeModel } from '../graph/upgrade.ts';
import { isLayer } from '../graph/weights.ts';
import type { OpenModel } from '../openModel.ts';
import type { Objective } from '../results.ts';

/** Name of the trained part's output: logits as [batch, classes]. */
export const logitsName = 'model-stability/logits';

/**
 * Names of the weights that `head`, `last:N`, `batch-norm` or `all` stand for. `head` is everything after the features (Zheng
 * et al. 2016 train the final fully connected layers only); `last:N` counts layers with weights from the end; `batch-norm` are
 * the scales and shifts. Throws where that is nothing.
 */
export function selectWeights(graph: ModelGraph, head: NetworkEnd, train: string): string[] {
  const layers = layersBefore(graph, head.logits);
  const chosen = (): string[] => {
    if (train === 'head') return head.weights;
    if (train === 'all') return layers.flatMap((node) => weightsInto(graph, node));
    if (train === 'batch-norm') return layers.filter((node) => node.opType === 'BatchNormalization').flatMap((node) => weightsInto(graph, node));
    const count = Number(/^last:([1-9]\d*)$/.exec(train)?.[1]);
    if (!Number.isInteger(count)) throw new UserError(`unknown part to train: ${train} (known: head, last:N, batch-norm, all)`);
    const places = layers.flatMap((node, index) => (isLayer(node) ? [index] : []));
    return layers.slice(places.at(-count) ?? 0).flatMap((node) => weightsInto(graph, node));
  };
  const weights = [...new Set(chosen())];
  if (weights.length === 0) throw new UserError(`${graph.path} has no weights to train with --train ${train}`);
  return weights;
}

/** Where what is trained ends: the value that the loss is made of, and the weights that `head` stands for. */
export type NetworkEnd = Pick<Head, 'logits' | 'weights'>;

/**
 * The end of a network for an objective. A classifier ends in its logits. An embedding is the output of a network without
 * classes, or a classifier's features; its head is then the last layer before it.
 *
 * @throws UserError where there is no such end
 */
export function networkEnd(model: Pick<OpenModel, 'graph' | 'head' | 'output' | 'featureLayer'>, objective: Objective): NetworkEnd {
  const { graph, head } = model;
  if (objective === 'classification') {
    if (typeof head === 'string') throw new UserError(`${graph.path} cannot be stabilized: ${head}`);
    return head;
  }
  const logits = typeof head === 'string' ? model.output : head.featureLayer;
  const last = layersBefore(graph, logits).filter(isLayer).at(-1);
  if (!last) throw new UserError(`${graph.path} cannot be stabilized: no layer with weights lies before the embedding ${logits}`);
  return { logits, weights: weightsInto(graph, last) };
}

/** Nodes with weights on the way from the pictures to a value, in the graph's order. */
function layersBefore(graph: ModelGraph, value: string): NodeProto[] {
  return nodesBefore(graph.nodes, [value]).filter((node) => dependsOnInput(graph, node.output[0] ?? '') && weightsInto(graph, node).length > 0);
}

/** Weights of a node that a gradient can reach, also those that only Transpose, Identity and the like lie between. */
export function weightsInto(graph: ModelGraph, node: NodeProto): string[] {
  const follow = (value: string): string => {
    const producer = graph.isWeight(value) ? undefined : graph.producer(value);
    return producer && !dependsOnInput(graph, value) && producer.input[0] ? follow(producer.input[0]) : value;
  };
  // The running statistics of batch normalisation are no weights, though some formats store them as such.
  const inputs = node.opType === 'BatchNormalization' ? node.input.slice(0, 3) : node.input;
  return inputs.filter((input) => input !== '' && !dependsOnInput(graph, input)).map(follow).filter((value) => graph.isWeight(value));
}

/** The two sides of the cut, as training wants them. */
export interface TrainedPart {
  /** Values at the cut: outputs of `fixed`, inputs of `forward`. */
  values: string[];
  fixed: ModelProto;
  /** Gives `logitsName`; see `TrainingDefinition.forward`. The sizes of its inputs must still be declared by `declareInputs`. */
  forward: ModelProto;
}

/** Cuts a model before the weights that are to be trained and gives the trained part one output, the logits. */
export function cutForTraining(graph: ModelGraph, head: Pick<NetworkEnd, 'logits'>, weights: readonly string[]): TrainedPart {
  const cut = cutGraph(graph, weights, [head.logits]);
  const trained = cut.trained.graph!;
  const logits = cut.values.includes(head.logits) ? passedName(head.logits) : head.logits;
  const named = new Set(weights);
  const moved = trained.node.filter((node) => constantTensor(node) && named.has(node.output[0]!));
  const flatten = create(NodeProtoSchema, {
    opType: 'Flatten', input: [logits], output: [logitsName], attribute: [create(AttributeProtoSchema, { name: 'axis', type: 2, i: 1n })],
  });
  const forward = copyMessage(ModelProtoSchema, cut.trained, {
    graph: copyMessage(GraphProtoSchema, trained, {
      node: [...trained.node.filter((node) => !moved.includes(node)).map(inferenceOnly), flatten],
      initializer: [...trained.initializer, ...moved.map((node) => copyMessage(TensorProtoSchema, constantTensor(node)!, { name: node.output[0]! }))],
      output: [create(ValueInfoProtoSchema, { name: logitsName, type: { tensorType: { elemType: 1 } } })],
    }),
  });
  return { values: cut.values, fixed: cut.fixed, forward: upgradeModel(forward) };
}

/** Dropout does nothing when a model answers, and the branches of a step must not differ by it. */
function inferenceOnly(node: NodeProto): NodeProto {
  if (node.opType !== 'Dropout') return node;
  return create(NodeProtoSchema, { opType: 'Identity', name: node.name, input: [node.input[0]!], output: [node.output[0]!] });
}

/** Declares the inputs of a trained part: [batch, …] with the sizes that the fixed part gives, the batch open. */
export function declareInputs(forward: ModelProto, shapes: Record<string, readonly number[]>): ModelProto {
  const input = Object.entries(shapes).map(([name, dims]) => create(ValueInfoProtoSchema, {
    name,
    type: { tensorType: { elemType: 1, shape: { dim: dims.map((dim, axis) => ({ value: axis === 0 ? { case: 'dimParam' as const, value: 'batch' } : { case: 'dimValue' as const, value: BigInt(dim) } })) } } },
  }));
  return copyMessage(ModelProtoSchema, forward, { graph: copyMessage(GraphProtoSchema, forward.graph!, { input }) });
}

/** Layers that hold the given weights, by the names of their nodes. */
export function layersOf(graph: ModelGraph, weights: readonly string[]): string[] {
  const wanted = new Set(weights);
  return graph.nodes.filter((node) => weightsInto(graph, node).some((name) => wanted.has(name))).map((node) => node.name || (node.output[0] ?? node.opType));
}
