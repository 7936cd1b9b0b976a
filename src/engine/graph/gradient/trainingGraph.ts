import { create } from '@bufbuild/protobuf';
import type { Engine } from '../../engines/engine.ts';
import { UserError } from '../../job.ts';
import type { TrainingDefinition } from '../../training/trainingStep.ts';
import { GraphBuilder } from '../graphBuilder.ts';
import { measureShapes } from '../measureShapes.ts';
import { GraphProtoSchema, ValueInfoProtoSchema, type GraphProto, type ModelProto } from '../onnx_pb.ts';
import { differentiate } from './differentiate.ts';
import { cleanLoss, logProbabilities, stabilityLoss } from './losses.ts';
import { addUpdate, optimizerState, stateName } from './optimizers.ts';

/** The graphs of a training step, and how their values are called. */
export interface TrainingGraph {
  /** (clean, noisy, targets, alpha, learning rate, step, weights, state) → (losses, new weights, new state). */
  update: ModelProto;
  /** (clean, noisy, targets, weights) → losses. */
  evaluate: ModelProto;
  /** For each input of the trained part the inputs of these graphs. */
  clean: Record<string, string>;
  noisy: Record<string, string>;
  targets: string;
  /** Float scalars. */
  alpha: string;
  learningRate: string;
  /** Undefined where the optimiser does not count its steps. */
  step: string | undefined;
  loss: string;
  /** Undefined in a graph without the noisy branch. */
  stabilityLoss: string | undefined;
  /** Weights first, then the state by the names of `stateName`: an input, and the output that replaces it. */
  variables: { name: string; shape: number[]; output: string }[];
}

/**
 * Makes the graphs of one step of stability training: two copies of the trained part with shared weights, the losses, their
 * gradient, and the optimiser's update. The clean and the noisy pictures run as two branches, not as one batch, so that with
 * α = 0 the arithmetic of the clean branch is that of a training without the noisy one. `branches: 'clean'` leaves the noisy
 * branch and the stability loss out. The engine is used to find the shapes.
 */
export async function buildTrainingGraph(definition: TrainingDefinition, engine: Engine, branches: 'both' | 'clean' = 'both'): Promise<TrainingGraph> {
  const graph = definition.forward.graph;
  if (!graph) throw new Error('the trained part has no graph');
  const opset = definition.forward.opsetImport.find((entry) => entry.domain === '' || entry.domain === 'ai.onnx');
  const builder = new GraphBuilder(Number(opset?.version));
  const trained = new Set(definition.weights);
  const variables: TrainingGraph['variables'] = [];
  for (const tensor of graph.initializer) {
    if (!trained.has(tensor.name)) builder.copyInitializer(tensor);
    else variables.push({ name: builder.input(tensor.name, 'float32', tensor.dims.map(Number)), shape: tensor.dims.map(Number), output: '' });
  }
  for (const weight of definition.weights) if (!variables.some(({ name }) => name === weight)) throw new Error(`the trained part has no weight ${weight}`);

  // The clean branch is the last, so that the backward pass meets its nodes first: they have the names of the model's file,
  // which an error is to show.
  const noisyBranch = branches === 'both' ? copyBranch(builder, graph, 'noisy', ' (noisy)') : undefined;
  const cleanBranch = copyBranch(builder, graph, 'clean', '');
  const targets = builder.input(builder.unique('targets'), 'float32', ['batch', await countClasses(definition, engine)]);
  const logP = logProbabilities(builder, cleanBranch.rename(definition.logits));
  const loss = cleanLoss(builder, logP, targets);
  const stability = noisyBranch && stabilityLoss(builder, definition.divergence, logP, logProbabilities(builder, noisyBranch.rename(definition.logits)));
  const outputs = [loss, ...(stability === undefined ? [] : [stability])];
  const evaluate = snapshot(builder, definition, outputs);
  const values = await measureShapes(evaluate, engine, { threads: definition.threads ?? 0 });
  const alpha = builder.input(builder.unique('alpha'), 'float32', []);
  const learningRate = builder.input(builder.unique('learningRate'), 'float32', []);
  const step = definition.optimizer === 'adam' ? builder.input(builder.unique('step'), 'float32', []) : undefined;
  const seeds = { [loss]: builder.float(1), ...(stability === undefined ? {} : { [stability]: alpha }) };
  const weightGradients = differentiate(builder, { nodes: evaluate.graph!.node, values, seeds, wrt: definition.weights });

  const state: TrainingGraph['variables'] = [];
  for (const variable of variables) {
    const gradient = weightGradients.get(variable.name);
    if (gradient === undefined) throw new UserError(`cannot train ${variable.name}: the logits ${definition.logits} do not depend on it`);
    const parts = optimizerState[definition.optimizer].map((part) => builder.input(stateName(variable.name, part), 'float32', variable.shape));
    const update = addUpdate(builder, definition.optimizer, { weight: variable.name, gradient, state: parts, learningRate, step: step ?? '' });
    variable.output = update.weight;
    state.push(...parts.map((name, index) => ({ name, shape: variable.shape, output: update.state[index]! })));
  }
  for (const output of outputs) builder.output(output, 'float32', []);
  for (const { output, shape } of [...variables, ...state]) builder.output(output, 'float32', shape);
  return {
    update: builder.build(definition.forward.opsetImport), evaluate,
    clean: cleanBranch.inputs, noisy: noisyBranch?.inputs ?? {}, targets, alpha, learningRate, step,
    loss, stabilityLoss: stability, variables: [...variables, ...state],
  };
}

/** The number of classes: the last dimension of the logits. */
async function countClasses(definition: TrainingDefinition, engine: Engine): Promise<number> {
  const logits = (await measureShapes(definition.forward, engine, { threads: definition.threads ?? 0 })).get(definition.logits);
  if (!logits) throw new Error(`the trained part has no value ${definition.logits}`);
  const [batch, classes] = logits.shape;
  if (logits.shape.length !== 2 || batch !== -1 || classes === undefined || classes < 1) {
    throw new UserError(`cannot train: the logits ${definition.logits} have shape [${logits.shape.join(', ')}], not [batch, classes]`);
  }
  return classes;
}

/** The graph so far, with outputs of its own; what is added to the builder later does not change it. */
function snapshot(builder: GraphBuilder, definition: TrainingDefinition, outputs: readonly string[]): ModelProto {
  const model = builder.build(definition.forward.opsetImport);
  const { node, input, initializer, name } = model.graph!;
  const output = outputs.map((value) => create(ValueInfoProtoSchema, { name: value }));
  model.graph = create(GraphProtoSchema, { name, node: [...node], input: [...input], initializer: [...initializer], output });
  return model;
}

/** A copy of the trained part with values of its own; initializers are shared. */
function copyBranch(builder: GraphBuilder, graph: GraphProto, branch: string, suffix: string): { inputs: Record<string, string>; rename: (value: string) => string } {
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
  for (const node of graph.node) builder.copyNode(node, rename).name = `${node.name || (node.output[0] ?? '')}${suffix}`;
  return { inputs, rename };
}
