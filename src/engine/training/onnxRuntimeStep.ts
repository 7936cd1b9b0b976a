import { onnxRuntime, type OnnxRuntimeSession } from '../engines/onnxRuntime.ts';
import { buildTrainingGraph, type TrainingGraph } from '../graph/gradient/trainingGraph.ts';
import { decodeTensor, sizeOf, toFloat32, type Tensor } from '../graph/tensor.ts';
import type { Losses, TrainingBatch, TrainingDefinition, TrainingState, TrainingStep } from './trainingStep.ts';

/**
 * The training step as one generated ONNX graph, run by ONNX Runtime. `branches: 'clean'` makes a step without the noisy
 * pictures and the stability loss (which is 0 then): the baseline that α = 0 must equal. Calls must not overlap.
 */
export async function createOnnxRuntimeStep(definition: TrainingDefinition, branches: 'both' | 'clean' = 'both'): Promise<TrainingStep> {
  const graph = await buildTrainingGraph(definition, onnxRuntime, branches);
  const options = { threads: definition.threads ?? 0 };
  const updating = await onnxRuntime.load(graph.update, options);
  let evaluating: OnnxRuntimeSession | undefined;
  const trained = new Set(definition.weights);
  const start = startingWeights(definition);
  // Two sets of arrays take turns: one is read while the other is written.
  let current = variablesOf(graph);
  let next = variablesOf(graph);
  let steps = 0;

  const reset = (state?: TrainingState): void => {
    for (const { name, shape } of graph.variables) {
      const source = trained.has(name) ? (state?.weights ?? start)[name] : state?.optimizer[name];
      if (state && !source) throw new Error(`the state has no ${name}`);
      if (source && source.data.length !== sizeOf(shape)) throw new Error(`${name} has ${source.data.length} values in the state, not ${sizeOf(shape)}`);
      const target = current[name]!.data as Float32Array;
      if (source) target.set(toFloat32(source));
      else target.fill(0);
    }
    steps = state?.steps ?? 0;
  };
  reset();

  return {
    async train(batch) {
      const feeds = { ...pictures(graph, batch), ...current, [graph.alpha]: scalar(batch.alpha), [graph.learningRate]: scalar(batch.learningRate) };
      if (graph.step !== undefined) feeds[graph.step] = scalar(steps + 1);
      const into = Object.fromEntries(graph.variables.map(({ name, output }) => [output, next[name]!]));
      const results = await updating.run(only(updating, feeds), into);
      [current, next] = [next, current];
      steps += 1;
      return lossesOf(graph, results);
    },

    async evaluate(batch) {
      evaluating ??= await onnxRuntime.load(graph.evaluate, options);
      return lossesOf(graph, await evaluating.run(only(evaluating, { ...pictures(graph, batch), ...current })));
    },

    state() {
      const copies = graph.variables.map(({ name, shape }): [string, Tensor] => [name, { type: 'float32', dims: shape, data: (current[name]!.data as Float32Array).slice() }]);
      return Promise.resolve({
        weights: Object.fromEntries(copies.filter(([name]) => trained.has(name))),
        optimizer: Object.fromEntries(copies.filter(([name]) => !trained.has(name))),
        steps,
      });
    },

    reset(state) {
      reset(state);
      return Promise.resolve();
    },

    async release() {
      await updating.release();
      await evaluating?.release();
    },
  };
}

function startingWeights(definition: TrainingDefinition): Record<string, Tensor> {
  const trained = new Set(definition.weights);
  return Object.fromEntries(definition.forward.graph!.initializer.filter(({ name }) => trained.has(name)).map((proto) => [proto.name, decodeTensor(proto)]));
}

function variablesOf(graph: TrainingGraph): Record<string, Tensor> {
  return Object.fromEntries(graph.variables.map(({ name, shape }) => [name, { type: 'float32', dims: shape, data: new Float32Array(sizeOf(shape)) }]));
}

function pictures(graph: TrainingGraph, batch: Pick<TrainingBatch, 'clean' | 'noisy' | 'targets'>): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = batch.targets ? { [graph.targets]: batch.targets } : {};
  for (const [name, input] of Object.entries(graph.clean)) if (batch.clean[name]) feeds[input] = batch.clean[name];
  for (const [name, input] of Object.entries(graph.noisy)) if (batch.noisy[name]) feeds[input] = batch.noisy[name];
  return feeds;
}

/** The feeds that a session has inputs for. */
function only(session: OnnxRuntimeSession, feeds: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(session.inputs.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
}

function lossesOf(graph: TrainingGraph, results: Record<string, Tensor>): Losses {
  return {
    loss: Number(results[graph.loss]!.data[0]),
    stabilityLoss: graph.stabilityLoss === undefined ? 0 : Number(results[graph.stabilityLoss]!.data[0]),
  };
}

function scalar(value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) };
}
