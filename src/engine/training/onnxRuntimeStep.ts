import { onnxRuntime, onnxRuntimeOnGpu, type OnnxRuntimeSession } from '../engines/onnxRuntime.ts';
import { buildTrainingGraph, type StepGraph, type TrainingGraph } from '../graph/gradient/trainingGraph.ts';
import { decodeTensor, sizeOf, toFloat32, type Tensor } from '../graph/tensor.ts';
import { batchParts, joinLosses, type Pictures } from './batchParts.ts';
import type { Losses, TrainingDefinition, TrainingState, TrainingStep } from './trainingStep.ts';

type Arrays = Record<string, Tensor>;

/**
 * The training step as generated ONNX graphs, run by ONNX Runtime. `branches: 'clean'` makes a step without the noisy
 * pictures and the stability loss (which is 0 then): the baseline that α = 0 must equal. Calls must not overlap.
 */
export async function createOnnxRuntimeStep(definition: TrainingDefinition, branches: 'all' | 'clean' = 'all'): Promise<TrainingStep> {
  const engine = definition.device === 'gpu' ? onnxRuntimeOnGpu : onnxRuntime;
  const graph = await buildTrainingGraph(definition, engine, branches);
  const options = { threads: definition.threads ?? 0, sparing: true };
  const start = startingValues(definition, graph);
  // Two arrays for each variable take turns: one is read while the other is written.
  const shapes = { ...graph.weights, ...graph.statistics, ...graph.state, ...graph.sums };
  const current = zeros(shapes);
  const next = zeros(shapes);
  let steps = 0;
  const sessions: OnnxRuntimeSession[] = [];
  const load = async ({ model, variables }: StepGraph): Promise<(feeds: Arrays) => Promise<Losses>> => {
    const session = await engine.load(model, options);
    sessions.push(session);
    return async (feeds) => {
      const into = Object.fromEntries(variables.map(({ name, output }) => [output, next[name]!]));
      const results = await session.run(only(session, { ...feeds, ...current }), into);
      for (const { name } of variables) [current[name], next[name]] = [next[name]!, current[name]!];
      return lossesOf(graph, results);
    };
  };
  const update = 'apply' in graph.update
    ? { accumulate: await load(graph.update.accumulate), apply: await load(graph.update.apply) }
    : await load(graph.update);
  let evaluating: OnnxRuntimeSession | undefined;

  const reset = (state?: TrainingState): void => {
    for (const [kind, given] of [['weights', state?.weights ?? start], ['statistics', state?.weights ?? start], ['state', state?.optimizer]] as const) {
      for (const [name, shape] of Object.entries(graph[kind])) {
        const target = current[name]!.data as Float32Array;
        if (!given) {
          target.fill(0);
          continue;
        }
        const source = given[name];
        if (!source) throw new Error(`the state has no ${name}`);
        if (source.data.length !== sizeOf(shape)) throw new Error(`${name} has ${source.data.length} values in the state, not ${sizeOf(shape)}`);
        target.set(toFloat32(source));
      }
    }
    steps = state?.steps ?? 0;
  };
  reset();

  return {
    async train(batch) {
      const scalars = { [graph.alpha]: scalar(batch.alpha), [graph.learningRate]: scalar(batch.learningRate), [graph.step]: scalar(steps + 1), [graph.share]: scalar(1) };
      let losses: Losses;
      if (typeof update === 'function') losses = await update({ ...scalars, ...picturesOf(graph, batch) });
      else {
        for (const name of Object.keys(graph.sums)) (current[name]!.data as Float32Array).fill(0);
        const parts = [];
        for (const { pictures, share } of batchParts(batch, definition.microBatch)) {
          parts.push({ share, losses: await update.accumulate({ ...scalars, ...picturesOf(graph, pictures), [graph.share]: scalar(share) }) });
        }
        await update.apply(scalars);
        losses = joinLosses(parts);
      }
      steps += 1;
      return losses;
    },

    async evaluate(batch) {
      evaluating ??= await engine.load(graph.evaluate, options);
      const parts = [];
      for (const { pictures, share } of batchParts(batch, definition.microBatch)) {
        parts.push({ share, losses: lossesOf(graph, await evaluating.run(only(evaluating, { ...picturesOf(graph, pictures), ...current }))) });
      }
      return joinLosses(parts);
    },

    state() {
      const copies = (names: Record<string, number[]>): Arrays => Object.fromEntries(Object.entries(names).map(([name, dims]) => [name, { type: 'float32', dims, data: (current[name]!.data as Float32Array).slice() }]));
      return Promise.resolve({ weights: copies({ ...graph.weights, ...graph.statistics }), optimizer: copies(graph.state), steps });
    },

    reset(state) {
      reset(state);
      return Promise.resolve();
    },

    async release() {
      for (const session of sessions) await session.release();
      await evaluating?.release();
    },
  };
}

function startingValues({ forward }: TrainingDefinition, graph: TrainingGraph): Arrays {
  const wanted = { ...graph.weights, ...graph.statistics };
  return Object.fromEntries(forward.graph!.initializer.filter(({ name }) => name in wanted).map((proto) => [proto.name, decodeTensor(proto)]));
}

function zeros(shapes: Record<string, number[]>): Arrays {
  return Object.fromEntries(Object.entries(shapes).map(([name, dims]) => [name, { type: 'float32', dims, data: new Float32Array(sizeOf(dims)) }]));
}

function picturesOf(graph: TrainingGraph, { clean, noisy, secondNoisy, targets }: Pictures): Arrays {
  const feeds: Arrays = targets && graph.targets !== undefined ? { [graph.targets]: targets } : {};
  graph.branches.forEach((inputs, index) => {
    const branch = [clean, noisy, secondNoisy ?? {}][index]!;
    for (const [name, input] of Object.entries(inputs)) if (branch[name]) feeds[input] = branch[name];
  });
  return feeds;
}

/** The feeds that a session has inputs for. */
function only(session: OnnxRuntimeSession, feeds: Arrays): Arrays {
  return Object.fromEntries(session.inputs.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
}

function lossesOf(graph: TrainingGraph, results: Arrays): Losses {
  return {
    loss: Number(results[graph.loss]?.data[0] ?? 0),
    stabilityLoss: graph.stabilityLoss === undefined ? 0 : Number(results[graph.stabilityLoss]?.data[0] ?? 0),
  };
}

function scalar(value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) };
}
