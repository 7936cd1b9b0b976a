import { metadataKey as preprocessingKey } from '../../preprocessing.ts';
import { readAssociated } from './associatedFiles.ts';
import { FlatBuffer, type Table } from './flatBuffer.ts';
import type { StoredTensor, TfliteFile } from './schema.ts';

/** Name of the packed file in which this program keeps its own metadata, as JSON. */
export const ownFile = 'model-stability.json';

/** Name of the entry that holds TensorFlow Lite's metadata, a FlatBuffer of its own (metadata_schema.fbs). */
const standardEntry = 'TFLITE_METADATA';
const standardIdentifier = 'M001';

/** Key under which a model's class names are read, whatever its format. */
const classNamesKey = 'model-stability.classNames';

const utf8 = new TextDecoder();

/** What the file says of itself, under this program's keys: its own words first, then TensorFlow Lite's metadata, then the input's type. */
export function readMetadata(file: TfliteFile): Record<string, string> {
  const standard = standardMetadata(file);
  const names = standard && labels(file, standard);
  const preprocessing = (standard && normalization(standard)) ?? integerRange(file.tensors[file.inputs[0] ?? -1]);
  return {
    ...(names && { [classNamesKey]: JSON.stringify(names) }),
    ...(preprocessing && { [preprocessingKey]: JSON.stringify(preprocessing) }),
    ...ownMetadata(file),
  };
}

function ownMetadata(file: TfliteFile): Record<string, string> {
  const bytes = readAssociated(file.bytes, ownFile);
  if (!bytes) return {};
  let entries: unknown;
  try {
    entries = JSON.parse(utf8.decode(bytes));
  } catch {
    throw file.error(`the packed file ${ownFile} is not JSON`);
  }
  if (typeof entries !== 'object' || entries === null || Object.values(entries).some((value) => typeof value !== 'string')) throw file.error(`the packed file ${ownFile} holds no texts by name`);
  return entries as Record<string, string>;
}

/** The first subgraph's metadata; null where there are none. */
function standardMetadata(file: TfliteFile): Table | null {
  const buffer = file.metadata.get(standardEntry);
  const bytes = buffer === undefined ? null : file.buffer(buffer);
  if (!bytes || Buffer.from(bytes.subarray(4, 8)).toString('latin1') !== standardIdentifier) return null;
  return new FlatBuffer(file.path, bytes).root('the metadata').tables(2, 'metadata of subgraph')[0] ?? null;
}

/** Class names, a line each, of the file that the first output's metadata name; null where their number is not the output's. */
function labels(file: TfliteFile, metadata: Table): string[] | null {
  const axisLabels = 2;
  const [output] = metadata.tables(3, 'metadata of output');
  const label = output?.tables(6, 'associated file').find((entry) => entry.int8(2) === axisLabels || entry.text(0).endsWith('.txt'));
  const bytes = label && readAssociated(file.bytes, label.text(0));
  if (!bytes) return null;
  const lines = utf8.decode(bytes).split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  return lines.length === file.tensors[file.outputs[0] ?? -1]?.shape.at(-1) ? lines : null;
}

interface Scaling {
  range: '0-1' | '-1-1' | '0-255';
  mean?: number[];
  std?: number[];
}

/** Mean and deviation of pixels from 0 to 255, as the first input's metadata give them, one for all channels or one each. */
function normalization(metadata: Table): Scaling | null {
  const normalizationOptions = 1;
  const [input] = metadata.tables(2, 'metadata of input');
  const unit = input?.tables(4, 'process unit').find((entry) => entry.uint8(0) === normalizationOptions);
  const options = unit?.table(1, 'the normalisation');
  const [mean, std] = [options?.float32s(0) ?? [], options?.float32s(1) ?? []];
  const sound = mean.length > 0 && mean.length === std.length && mean.length <= 3 && std.every((value) => value > 0) && [...mean, ...std].every(Number.isFinite);
  if (!sound) return null;
  const [first, deviation] = [mean[0]!, std[0]!];
  if (mean.every((value) => value === first) && std.every((value) => value === deviation)) {
    const known = knownRange(-first / deviation, (255 - first) / deviation);
    if (known) return known;
  }
  const each = (values: readonly number[]): number[] => (values.length === 1 ? [values[0]!, values[0]!, values[0]!] : [...values]);
  return { range: '0-255', mean: each(mean), std: each(std) };
}

/** The range of numbers that an input of bytes stands for, where it is one of the usual ones. */
function integerRange(input: StoredTensor | undefined): Scaling | null {
  if (!input || !['int8', 'uint8'].includes(input.type)) return null;
  if (!input.quantization) return { range: '0-255' };
  const [scale, point] = [input.quantization.scales[0]!, input.quantization.zeroPoints[0]!];
  const least = input.type === 'int8' ? -128 : 0;
  return knownRange((least - point) * scale, (least + 255 - point) * scale);
}

/** Ranges that differ by less than two steps of a byte are the same. */
function knownRange(low: number, high: number): Scaling | null {
  for (const [range, ends] of [['0-1', [0, 1]], ['-1-1', [-1, 1]], ['0-255', [0, 255]]] as const) {
    const step = (ends[1] - ends[0]) / 127;
    if (Math.abs(low - ends[0]) <= step && Math.abs(high - ends[1]) <= step) return { range };
  }
  return null;
}
