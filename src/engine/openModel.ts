import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UserError } from './job.ts';
import { readClassNames } from './dataset/classNames.ts';
import { formatOf } from './formats/index.ts';
import type { Format } from './formats/format.ts';
import { findHead, resolveFeatureLayer, type Head } from './graph/head.ts';
import type { ModelGraph, Value } from './graph/modelGraph.ts';
import { sizeOf } from './graph/tensor.ts';
import { readCompanions, type Companions } from './companions/index.ts';
import type { AskedSize } from './inputSize.ts';
import type { InspectOptions } from './options.ts';
import { inputLayout, resolvePreprocessing, type InputLayout } from './preprocessing.ts';
import type { Preprocessing } from './results.ts';

/** Keys of a model's metadata: what its classes are called, and how it was stabilized. */
export const metadataKeys = { classNames: 'model-stability.classNames', stabilized: 'model-stability.stabilized' } as const;

/** A model file with all that the program found out about it without running it. */
export interface OpenModel {
  format: Format;
  graph: ModelGraph;
  input: InputLayout;
  inputName: string;
  preprocessing: Preprocessing;
  /** Whether the output are answers over classes or an embedding, which is evaluated by feature distance alone. */
  objective: 'classification' | 'embedding';
  /** The head, or a sentence that says why there is none. */
  head: Head | string;
  /** The value that holds the answer, and the one that holds the features: the answer itself where no head was found. */
  output: string;
  featureLayer: string;
  /** Number of classes; null where the file does not say, or has none. */
  classes: number | null;
  classNames: string[] | null;
  /** The file beside the model that names them, where it is not the model itself or a file that the user gave. */
  classNamesFrom: string | null;
}

/** Opens a model. Throws a `UserError` that names the file where it is none, or has no image input. */
export async function openModel(options: InspectOptions): Promise<OpenModel> {
  const format = await formatOf(options.model);
  const companions = await readCompanions(options.model);
  const graph = await format.read(options.model, askedSize(options, companions));
  const images = graph.inputs.filter((value) => value.shape.length === 4);
  const [image] = images;
  if (!image) {
    throw new UserError(`${options.model} has no image input: ${graph.inputs.map(describeInput).join(', ') || 'it takes no input'}`);
  }
  if (graph.inputs.length > 1) throw new UserError(`${options.model} has ${graph.inputs.length} inputs (${graph.inputs.map((value) => value.name).join(', ')}); models with one image input can be opened`);
  const input = layoutOf(options.model, image);
  checkSize(input, image, options);
  const found = findHead(graph, options.featureLayer);
  const objective = objectiveOf(graph, found, options);
  const head = objective === 'embedding' ? 'its output is an embedding: --objective embedding trains what makes it' : found;
  const output = typeof found === 'string' ? (graph.outputs[0]?.name ?? '') : found.output;
  const chosen = options.featureLayer === undefined ? output : resolveFeatureLayer(graph, options.featureLayer);
  const featureLayer = typeof head === 'string' ? chosen : head.featureLayer;
  const preprocessing = preprocessingOf(graph, image, options, companions);
  const classes = objective === 'embedding' ? null : classCount(graph, output, head);
  const named = await namesOf(graph, options, companions, classes);
  return { format, graph, input, inputName: image.name, preprocessing, objective, head, output, featureLayer, classes, ...named };
}

function askedSize({ inputSize }: InspectOptions, { size }: Companions): AskedSize | undefined {
  if (inputSize) return { width: inputSize[0], height: inputSize[1] };
  return size && { ...size.value, from: 'metadata' };
}

/** An option may say what the file leaves open, nothing else. */
function checkSize({ width, height }: InputLayout, image: Value, { model, inputSize }: InspectOptions): void {
  if (inputSize && (inputSize[0] !== width || inputSize[1] !== height)) {
    throw new UserError(`the input size ${inputSize.join('×')} does not fit ${model}: its input is ${describeInput(image)}, ${width}×${height} pixels`);
  }
}

/**
 * Whether the output is an embedding: as the user says, else where the model scales it to length 1. A model that ends in a
 * softmax or knows the names of its classes has answers over classes whatever it is trained for: its embedding are its features.
 */
function objectiveOf(graph: ModelGraph, head: Head | string, { objective, classNamesFile }: InspectOptions): OpenModel['objective'] {
  const kind = typeof head === 'string' ? null : head.kind;
  if (objective === undefined) return kind === 'embedding' ? 'embedding' : 'classification';
  const named = classNamesFile !== undefined || graph.metadata[metadataKeys.classNames] !== undefined;
  return objective === 'classification' || kind === 'probabilities' || named ? 'classification' : 'embedding';
}

/** Numbers in a batch of pictures at most (1 GB): a file that says more would take all the memory. */
const largestBatch = 2 ** 28;

function layoutOf(path: string, image: Value): InputLayout {
  let layout: InputLayout;
  try {
    layout = inputLayout(image);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${path} has no image input: ${describeInput(image)}`, { cause: error });
    throw error;
  }
  if (Math.max(1, layout.batch) * layout.channels * layout.width * layout.height > largestBatch) throw new UserError(`${path}: the input ${describeInput(image)} is larger than can be run`);
  return layout;
}

function preprocessingOf(graph: ModelGraph, image: Value, { model, preprocessing }: InspectOptions, companions: Companions): Preprocessing {
  try {
    return resolvePreprocessing({ input: image, metadata: graph.metadata, startsWith: firstScaling(graph, image.name), options: preprocessing, companion: companions.preprocessing });
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.message.replace(/^the model's metadata/, () => `the metadata of ${model}:`), { cause: error });
    throw error;
  }
}

/** `pixels [?, 3, 224, 224]`. */
function describeInput({ name, shape }: Value): string {
  return `${name} [${shape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;
}

/** Why the model cannot be fed with pictures; null where it can. */
export function inputReason({ graph, inputName }: Pick<OpenModel, 'graph' | 'inputName'>): string | null {
  const type = graph.inputs.find(({ name }) => name === inputName)?.type;
  return type === 'float32' ? null : `its input ${inputName} takes ${type ?? 'another type'}, not floating-point pictures`;
}

/** Shape of the model's input for one picture, open dimensions filled in. */
export function concreteInput(model: Pick<OpenModel, 'input'>): number[] {
  const { layout, width, height, channels } = model.input;
  return layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels];
}

/** Whether a model scales its pixels itself: by 1/255 or so at its very beginning, or by a mean and a deviation. */
function firstScaling(graph: ModelGraph, input: string): 'rescaling' | 'normalization' | null {
  let value = input;
  for (let step = 0; step < 4; step++) {
    const [node, ...others] = graph.consumers(value);
    if (!node || others.length > 0) return null;
    const constants = node.input.filter((name) => name !== value).map((name) => graph.constant(name));
    const numbers = constants.flatMap((tensor) => (tensor && tensor.data.length <= 4 ? Array.from(tensor.data, Number) : []));
    const small = (number: number): boolean => number > 0 && number <= 1 / 100;
    if ((node.opType === 'Mul' && numbers.length > 0 && numbers.every(small)) || (node.opType === 'Div' && numbers.length > 0 && numbers.every((number) => number >= 100))) return 'rescaling';
    if (['Sub', 'Div', 'Mul', 'Add'].includes(node.opType) && numbers.length > 0) return 'normalization';
    // Floats are rounded where a network takes whole numbers: those are pixels as they are.
    if (node.opType === 'Round') return 'rescaling';
    if (!['Cast', 'Identity', 'Transpose'].includes(node.opType)) return null;
    value = node.output[0]!;
  }
  return null;
}

function classCount(graph: ModelGraph, output: string, head: Head | string): number | null {
  const shape = graph.outputs.find((value) => value.name === output)?.shape ?? [];
  if (shape.length > 1 && shape.slice(1).every((dim) => dim > 0)) return sizeOf(shape.slice(1));
  if (typeof head === 'string') return null;
  // The bias of the last layer has one entry a class.
  const bias = head.weights.map((name) => graph.constantShape(name) ?? []).filter((dims) => dims.length === 1).at(-1);
  return bias?.[0] ?? null;
}

/**
 * What the classes are called: as the user's file says, the model's own metadata, or a file beside it. One of the last that has
 * another number of names is none of this model's; the others are wrong then.
 */
async function namesOf(graph: ModelGraph, { model, classNamesFile }: InspectOptions, companions: Companions, classes: number | null): Promise<Pick<OpenModel, 'classNames' | 'classNamesFrom'>> {
  const own = classNamesFile === undefined ? namesFromMetadata(graph) : (await readClassNames(classNamesFile)).names;
  if (own && classes !== null && own.length !== classes) {
    throw new UserError(`${classNamesFile ?? `the metadata of ${model}`} names ${own.length} classes, the model answers with ${classes}`);
  }
  const { classNames } = companions;
  if (own || classNames?.value.length !== classes) return { classNames: own, classNamesFrom: null };
  return { classNames: classNames.value, classNamesFrom: classNames.file };
}

function namesFromMetadata(graph: ModelGraph): string[] | null {
  const text = graph.metadata[metadataKeys.classNames];
  if (text === undefined) return null;
  try {
    const names: unknown = JSON.parse(text);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  } catch (error) {
    throw new UserError(`${graph.path}: the metadata ${metadataKeys.classNames} are no JSON list of names`, { cause: error });
  }
  throw new UserError(`${graph.path}: the metadata ${metadataKeys.classNames} are no JSON list of names`);
}

/** SHA-256 of all files of a model, one after the other, in hexadecimal, and their size together in bytes. */
export async function hashModel(graph: ModelGraph): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const file of graph.files) {
    bytes += (await stat(file)).size;
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  }
  return { sha256: hash.digest('hex'), bytes };
}
