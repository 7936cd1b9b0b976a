import { create } from '@bufbuild/protobuf';
import type { Engine } from '../../engines/engine.ts';
import { UserError } from '../../job.ts';
import type { TrainingDefinition } from '../../training/trainingStep.ts';
import { GraphBuilder } from '../graphBuilder.ts';
import { measureShapes, type MeasuredValues } from '../measureShapes.ts';
import { GraphProtoSchema, ValueInfoProtoSchema, type GraphProto, type ModelProto, type NodeProto } from '../onnx_pb.ts';
import { withBatchStatistics, type RunningStatistic } from './batchStatistics.ts';
import { differentiate } from './differentiate.ts';
import { addLosses, checkDefinition, hasTargets } from './objectives.ts';
import { addUpdates, shortenGradients, type Updated } from './optimizers.ts';
import { TiledForward } from './tiledForward.ts';

/** A value that a step replaces: an input of its graph, and the output that takes its place. */
export interface Variable {
  name: string;
  shape: number[];
  output: string;
}

/** A graph of a step with the variables that it replaces; it may read others as well. */
export interface StepGraph {
  model: ModelProto;
  variables: Variable[];
}

/** The graphs of a training step, and how their values are called. */
export interface TrainingGraph {
  /**
   * The graphs that make one update, one after the other. One alone, (pictures, targets, alpha, learning rate, step, weights,
   * state) → (losses, new weights, new state), where a batch runs at once. Two where it runs in parts: (pictures, targets,
   * alpha, share, weights, sums) → (losses, new sums) for each part, and (learning rate, step, weights, state, sums) → (new
   * weights, new state) at the end.
   */
  update: StepGraph | { accumulate: StepGraph; apply: StepGraph };
  /** (pictures, targets, weights) → losses. */
  evaluate: ModelProto;
  /** For each branch (clean, noisy, second noisy), for each input of the trained part, the inputs of these graphs. */
  branches: Record<string, string>[];
  /** Undefined where the objective has none. */
  targets: string | undefined;
  /** Float scalars. `share` is that of a part in its batch, `step` the number of this update from 1. */
  alpha: string;
  share: string;
  learningRate: string;
  step: string;
  loss: string;
  /** Undefined in a graph without a noisy branch. */
  stabilityLoss: string | undefined;
  /** Shapes of the trained weights, of the running statistics that are updated, of the optimiser's state, of the gradients' sums. */
  weights: Record<string, number[]>;
  statistics: Record<string, number[]>;
  state: Record<string, number[]>;
  sums: Record<string, number[]>;
}

/** The forward pass of all branches with their losses. */
interface LossGraph {
  builder: GraphBuilder;
  branches: Record<string, string>[];
  targets: string | undefined;
  loss: string;
  stabilityLoss: string | undefined;
  /** The new running statistics. */
  statistics: RunningStatistic[];
  /** What is differentiated: as the model's nodes, but a convolution that runs in tiles is one node. */
  nodes: NodeProto[];
  /** The graph so far with the losses as outputs; what is added to the builder later does not change it. */
  model: ModelProto;
}

/**
 * Makes the graphs of one step of stability training: copies of the trained part with shared weights, the losses, their
 * gradient, and the optimiser's update. The clean and the noisy pictures run as branches, not as one batch, so that with
 * α = 0 the arithmetic of the clean branch is that of a training without the noisy one. `branches: 'clean'` leaves the noisy
 * branches and the stability loss out. The engine is used to find the shapes.
 */
export async function buildTrainingGraph(definition: TrainingDefinition, engine: Engine, branches: 'all' | 'clean' = 'all'): Promise<TrainingGraph> {
  checkDefinition(definition);
  const graph = definition.forward.graph;
  if (!graph) throw new Error('the trained part has no graph');
  const dims = new Map(graph.initializer.map((tensor) => [tensor.name, tensor.dims.map(Number)]));
  const missing = definition.weights.find((name) => !dims.has(name));
  if (missing !== undefined) throw new Error(`the trained part has no weight ${missing}`);
  const shapesOf = (names: readonly string[]): Record<string, number[]> => Object.fromEntries(names.map((name) => [name, dims.get(name)!]));
  const shapes = await measureShapes(definition.forward, engine, { threads: definition.threads ?? 0 });
  const width = outputWidth(definition, shapes);
  const { model: training, statistics } = definition.updateStatistics ? withBatchStatistics(definition.forward) : { model: definition.forward, statistics: [] };
  const variables = [...definition.weights, ...statistics.map(({ name }) => name)];
  const make = (forward: ModelProto, running: readonly RunningStatistic[]): LossGraph => buildLosses({ ...definition, forward }, variables, branches, { width, shapes }, running);
  const losses = make(training, statistics);
  const evaluate = definition.updateStatistics ? make(definition.forward, []).model : losses.model;

  const { builder, loss, stabilityLoss } = losses;
  const only = losses.nodes.flatMap(({ output }) => output);
  const values = await measureShapes(losses.model, engine, { threads: definition.threads ?? 0, only, ...batchesOf(definition) });
  const scalar = (name: string): string => builder.input(builder.unique(name), 'float32', []);
  const [alpha, share, learningRate, step] = ['alpha', 'share', 'learningRate', 'step'].map(scalar) as [string, string, string, string];
  const parts = definition.microBatch !== undefined;
  const stabilitySeed = parts ? builder.op('Mul', [alpha, share]) : alpha;
  const seeds = { [loss]: parts ? share : builder.float(1), ...(stabilityLoss === undefined ? {} : { [stabilityLoss]: stabilitySeed }) };
  const gradients = differentiate(builder, { nodes: losses.nodes, values, seeds, wrt: definition.weights });
  const untouched = definition.weights.find((name) => !gradients.has(name));
  if (untouched !== undefined) throw new UserError(`cannot train ${untouched}: the logits ${definition.logits} do not depend on it`);

  const weights = shapesOf(definition.weights);
  const replaced = losses.statistics.map(({ name, output }): Variable => ({ name, output, shape: dims.get(name)! }));
  const outputs = [loss, ...(stabilityLoss === undefined ? [] : [stabilityLoss])];
  for (const output of outputs) builder.output(output, 'float32', []);
  const updated = parts
    ? splitUpdate(builder, definition, weights, gradients, replaced, { learningRate, step })
    : wholeUpdate(builder, definition, weights, gradients, replaced, { learningRate, step });
  return {
    ...updated, evaluate, branches: losses.branches, targets: losses.targets, alpha, share, learningRate, step, loss, stabilityLoss,
    weights, statistics: shapesOf(statistics.map(({ name }) => name)),
  };
}

interface Scalars {
  learningRate: string;
  step: string;
}

/** Gradients and update in one graph. */
function wholeUpdate(builder: GraphBuilder, definition: TrainingDefinition, weights: Record<string, number[]>, gradients: ReadonlyMap<string, string>, statistics: Variable[], scalars: Scalars): Pick<TrainingGraph, 'update' | 'state' | 'sums'> {
  const updated = addUpdates(builder, definition, weights, shortened(builder, definition, gradients), scalars);
  return { update: finish(builder, definition, [...updated.variables, ...statistics]), state: updated.state, sums: {} };
}

/** The gradients are added to sums, from which a second graph makes the update. */
function splitUpdate(builder: GraphBuilder, definition: TrainingDefinition, weights: Record<string, number[]>, gradients: ReadonlyMap<string, string>, statistics: Variable[], scalars: Scalars): Pick<TrainingGraph, 'update' | 'state' | 'sums'> {
  const sumName = (weight: string): string => `${weight}/sum`;
  const sums = Object.entries(weights).map(([weight, shape]): Variable => {
    const sum = builder.input(sumName(weight), 'float32', shape);
    return { name: sum, shape, output: builder.op('Add', [sum, gradients.get(weight)!]) };
  });
  const apply = new GraphBuilder();
  for (const [weight, shape] of Object.entries(weights)) for (const name of [weight, sumName(weight)]) apply.input(name, 'float32', shape);
  for (const name of Object.values(scalars) as string[]) apply.input(name, 'float32', []);
  const whole = new Map(Object.keys(weights).map((weight) => [weight, sumName(weight)]));
  const updated: Updated = addUpdates(apply, definition, weights, shortened(apply, definition, whole), scalars);
  return {
    update: { accumulate: finish(builder, definition, [...sums, ...statistics]), apply: finish(apply, definition, updated.variables) },
    state: updated.state, sums: Object.fromEntries(sums.map(({ name, shape }) => [name, shape])),
  };
}

function shortened(builder: GraphBuilder, { clipNorm }: TrainingDefinition, gradients: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return clipNorm === undefined ? gradients : shortenGradients(builder, gradients, clipNorm);
}

function finish(builder: GraphBuilder, definition: TrainingDefinition, variables: Variable[]): StepGraph {
  for (const { output, shape } of variables) builder.output(output, 'float32', shape);
  return { model: builder.build(definition.forward.opsetImport), variables };
}

function buildLosses(definition: TrainingDefinition, variables: readonly string[], branches: 'all' | 'clean', { width, shapes }: { width: number; shapes: MeasuredValues }, running: readonly RunningStatistic[]): LossGraph {
  const graph = definition.forward.graph!;
  const opset = definition.forward.opsetImport.find((entry) => entry.domain === '' || entry.domain === 'ai.onnx');
  const builder = new GraphBuilder(Number(opset?.version));
  const replaced = new Set(variables);
  for (const tensor of graph.initializer) {
    if (!replaced.has(tensor.name)) builder.copyInitializer(tensor);
    else builder.input(tensor.name, 'float32', tensor.dims.map(Number));
  }
  // The clean branch is the last, so that the backward pass meets its nodes first: they have the names of the model's file,
  // which an error is to show.
  const convolutions = new TiledForward(builder, definition.device === 'gpu' ? new Map() : shapes);
  const noisy = branches === 'clean' ? [] : ['noisy', 'second noisy'].slice(0, (definition.views ?? 2) - 1).map((branch) => copyBranch(builder, convolutions, graph, branch, ` (${branch})`));
  const clean = copyBranch(builder, convolutions, graph, 'clean', '');
  const all = [clean, ...noisy];
  const forward = builder.build().graph!.node.length;
  const targets = hasTargets(definition) ? builder.input(builder.unique('targets'), 'float32', ['batch', width]) : undefined;
  const losses = addLosses(builder, definition, all.map(({ rename }) => rename(definition.logits)), targets ?? '', width);
  // Names that do not depend on how many nodes lie before: the graph that evaluates and the one that trains share them.
  const loss = builder.op('Identity', [losses.loss], {}, 'loss');
  const stabilityLoss = losses.stabilityLoss === undefined ? undefined : builder.op('Identity', [losses.stabilityLoss], {}, 'stabilityLoss');
  const model = snapshot(builder, definition, [loss, ...(stabilityLoss === undefined ? [] : [stabilityLoss])]);
  return {
    builder, branches: all.map(({ inputs }) => inputs), targets, loss, stabilityLoss, model,
    statistics: running.map(({ name, output }) => ({ name, output: clean.rename(output) })),
    nodes: [...[...noisy, clean].flatMap(({ nodes }) => nodes), ...model.graph!.node.slice(forward)],
  };
}

/** The number of classes, or the length of an embedding: the last dimension of the trained part's output. */
function outputWidth({ logits: name }: TrainingDefinition, shapes: MeasuredValues): number {
  const output = shapes.get(name);
  if (!output) throw new Error(`the trained part has no value ${name}`);
  const [batch, width] = output.shape;
  if (output.shape.length !== 2 || batch !== -1 || width === undefined || width < 1) {
    throw new UserError(`cannot train: the logits ${name} have shape [${output.shape.join(', ')}], not [batch, classes]`);
  }
  return width;
}

/** Triplets come whole. */
function batchesOf({ objective }: TrainingDefinition): { batches?: [number, number] } {
  return objective === 'triplet' ? { batches: [6, 9] } : {};
}

function snapshot(builder: GraphBuilder, definition: TrainingDefinition, outputs: readonly string[]): ModelProto {
  const model = builder.build(definition.forward.opsetImport);
  const { node, input, initializer, name } = model.graph!;
  const output = outputs.map((value) => create(ValueInfoProtoSchema, { name: value }));
  model.graph = create(GraphProtoSchema, { name, node: [...node], input: [...input], initializer: [...initializer], output });
  return model;
}

/** A copy of the trained part with values of its own; initializers are shared. */
function copyBranch(builder: GraphBuilder, convolutions: TiledForward, graph: GraphProto, branch: string, suffix: string): { inputs: Record<string, string>; rename: (value: string) => string; nodes: NodeProto[] } {
  const names = new Map(graph.initializer.map((tensor) => [tensor.name, tensor.name]));
  const rename = (value: string): string => {
    let name = value === '' ? '' : names.get(value);
    if (name === undefined) names.set(value, name = builder.unique(`${branch}/${value}`));
    return name;
  };
  const inputs: Record<string, string> = {};
  for (const input of graph.input) {
    if (names.has(input.name)) continue;
    const dims = input.type?.tensorType?.shape?.dim ?? [];
    inputs[input.name] = builder.input(rename(input.name), 'float32', dims.map(({ value }, axis) => (axis === 0 ? 'batch' : value.case === 'dimValue' ? Number(value.value) : `${input.name}_${axis}`)));
  }
  const nodes = graph.node.map((node) => {
    const copy = convolutions.add(node, rename) ?? builder.copyNode(node, rename);
    copy.name = `${node.name || (node.output[0] ?? '')}${suffix}`;
    return copy;
  });
  return { inputs, rename, nodes };
}
