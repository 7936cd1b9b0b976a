import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../job.ts';
import { sizeAdvice } from '../inputSize.ts';
import type { Engine, Session } from '../engines/engine.ts';
import { cutGraph, passedName, subgraph, withWeights } from '../graph/cut.ts';
import { ModelGraph } from '../graph/modelGraph.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { openBatch, openMeasuredBatch } from '../graph/openBatch.ts';
import { sizeOf, toFloat32, type Tensor } from '../graph/tensor.ts';
import { valueShapes } from '../graph/valueShapes.ts';
import { probabilities } from '../measures/labels.ts';
import { concreteInput, inputReason, type OpenModel } from '../openModel.ts';
import { namingFile, runChunks, type NetworkPlan } from './network.ts';

/** What a model says to one input. */
export interface Answer {
  /** One a class; none of an embedding model. */
  probabilities: Float64Array;
  /** The features as a vector; a feature map is averaged over its positions. */
  features: Float32Array;
}

/** A model's graph made ready for batches of any size, or the size that it insists on. */
export interface BatchGraph {
  graph: ModelGraph;
  /** Pictures that a run takes; null where any number will do. */
  batch: number | null;
}

/**
 * Opens a fixed batch where that gives the same answers (tried on two random inputs); else says what the batch is.
 * Throws the engine's error where it cannot run the model at all.
 */
export async function prepareBatch(model: OpenModel, engine: Engine, threads: number): Promise<BatchGraph> {
  const reason = inputReason(model);
  if (reason !== null) throw new UserError(`${model.graph.path} cannot be run on pictures: ${reason}`);
  const fixed = model.graph.inputs[0]!.shape[0]!;
  if (fixed < 1) return { graph: model.graph, batch: null };
  const two: Tensor = { type: 'float32', dims: [fixed * 2, ...concreteInput(model).slice(1)], data: new Float32Array() };
  // A fixed pattern that differs from picture to picture; its values do not matter.
  two.data = Float32Array.from({ length: sizeOf(two.dims) }, (_, index) => ((index * 7919) % 1009) / 1009);
  const wanted = await namingFile(model.graph.path, () => withSession(engine, subgraph(model.graph, [], [model.output]), threads, (session) => runChunks(session, model.inputName, two, fixed)), named(model).advice);
  const one: Tensor = { ...two, dims: [fixed, ...two.dims.slice(1)], data: two.data.subarray(0, two.data.length / 2) };
  for (const open of [openBatch, (graph: ModelGraph) => openByMeasuring(graph, model.inputName, one, engine, threads)]) {
    try {
      const changed = await open(model.graph);
      if (!changed) continue;
      const opened = new ModelGraph({ ...partsOf(model.graph), model: changed });
      const got = await withSession(engine, subgraph(opened, [], [model.output]), threads, (session) => session.run({ [model.inputName]: two }));
      const [a, b] = [wanted[model.output]!, got[model.output]!];
      if (isDeepStrictEqual(a.dims, b.dims) && agree(a, b)) return { graph: opened, batch: null };
    } catch (error) {
      // The model itself has just run: what the engine refuses is the opened copy, so that the model insists on its batch.
      if (!(error instanceof UserError)) throw error;
    }
  }
  return { graph: model.graph, batch: fixed };
}

async function openByMeasuring(graph: ModelGraph, input: string, one: Tensor, engine: Engine, threads: number): Promise<ModelProto | null> {
  const whole = subgraph(graph, [], graph.outputs.map((output) => output.name));
  const values = [input, ...whole.graph!.node.flatMap((node) => node.output.filter((output) => output !== ''))];
  return openMeasuredBatch({ graph, batch: one.dims[0]!, shapes: await valueShapes(whole, values, { [input]: one }, engine, { threads }) });
}

async function withSession<Result>(engine: Engine, model: ModelProto, threads: number, use: (session: Session) => Promise<Result>): Promise<Result> {
  const session = await engine.load(model, { threads });
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

function partsOf(graph: ModelGraph): ConstructorParameters<typeof ModelGraph>[0] {
  return { format: graph.format, path: graph.path, files: graph.files, model: graph.model, origins: graph.origins, metadata: graph.metadata };
}

/** A model's name in errors, and what may help against them. */
export function named({ graph }: Pick<OpenModel, 'graph'>): Pick<NetworkPlan, 'file' | 'advice'> {
  return { file: graph.path, advice: sizeAdvice(graph.openSize) };
}

/** What is to be run on pictures, and how its outputs are read. */
export interface AnswerPlan {
  network: NetworkPlan;
  /** Answers of each variant to each input: `[variant][input]`. */
  read(outputs: readonly Record<string, Tensor>[]): Answer[][];
}

/** The whole model, its features tapped. */
export async function planAnswers(model: OpenModel, engine: Engine, threads: number): Promise<AnswerPlan> {
  const { graph, batch } = await prepareBatch(model, engine, threads);
  const outputs = [...new Set([model.output, model.featureLayer])];
  const kind = new OutputKind(model);
  return {
    network: { ...named(model), inputName: model.inputName, dims: concreteInput(model).slice(1), batch, first: subgraph(graph, [], outputs), then: [] },
    read: ([values]) => [toAnswers(values![model.output]!, values![model.featureLayer]!, kind)],
  };
}

/** The fixed part once, then one trained part for each set of changed weights (an empty map is the model as it is). */
export function planVariants(model: OpenModel, graph: ModelGraph, weights: readonly string[], variants: readonly ReadonlyMap<string, Float32Array>[]): AnswerPlan {
  const cut = cutGraph(graph, weights, [...new Set([model.output, model.featureLayer])]);
  const nameOf = (value: string): string => (cut.values.includes(value) ? passedName(value) : value);
  const kind = new OutputKind(model);
  return {
    network: { ...named(model), inputName: model.inputName, dims: concreteInput(model).slice(1), batch: null, first: cut.fixed, then: variants.map((changed) => withWeights(cut.trained, changed)) },
    read: (outputs) => outputs.map((values) => toAnswers(values[nameOf(model.output)]!, values[nameOf(model.featureLayer)]!, kind)),
  };
}

/** Whether two tensors hold the same values, but for rounding. */
function agree(a: Tensor, b: Tensor): boolean {
  const [left, right] = [toFloat32(a), toFloat32(b)];
  const scale = left.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  return left.length === right.length && left.every((value, index) => Math.abs(value - right[index]!) <= 1e-4 * scale);
}

/** Knows whether an output is logits or probabilities, so that softmax is applied once and never twice. */
class OutputKind {
  #kind: 'embedding' | 'logits' | 'probabilities' | null;

  constructor(model: OpenModel) {
    // Without a head that was found, the first answer tells: a network may spell its softmax out in other operators.
    const found = typeof model.head === 'string' || model.head.kind === 'embedding' ? null : model.head.kind;
    this.#kind = model.objective === 'embedding' ? 'embedding' : found;
  }

  probabilities(output: Float32Array): Float64Array {
    if (this.#kind === 'embedding') return new Float64Array();
    this.#kind ??= isDistribution(output) ? 'probabilities' : 'logits';
    return probabilities(output, output.length === 1 ? 'probabilities' : this.#kind);
  }
}

function isDistribution(output: Float32Array): boolean {
  return output.every((value) => value >= 0 && value <= 1) && Math.abs(output.reduce((sum, value) => sum + value, 0) - 1) < 1e-3;
}

function toAnswers(output: Tensor, features: Tensor, kind: OutputKind): Answer[] {
  const count = output.dims[0] ?? 1;
  const [values, vectors] = [toFloat32(output), featureVectors(features)];
  const classes = values.length / count;
  const size = vectors.length / count;
  return Array.from({ length: count }, (_, index) => ({
    probabilities: kind.probabilities(values.subarray(index * classes, (index + 1) * classes)),
    features: vectors.subarray(index * size, (index + 1) * size),
  }));
}

/** A feature map [n, channels, height, width] becomes the vector of its channels' means; anything else is a vector already. */
function featureVectors(tensor: Tensor): Float32Array {
  const data = toFloat32(tensor);
  if (tensor.dims.length !== 4) return data;
  const positions = tensor.dims[2]! * tensor.dims[3]!;
  if (positions === 1) return data;
  const vectors = new Float32Array(data.length / positions);
  for (let index = 0; index < vectors.length; index++) {
    let sum = 0;
    for (let position = index * positions; position < (index + 1) * positions; position++) sum += data[position]!;
    vectors[index] = sum / positions;
  }
  return vectors;
}
