import { UserError } from '../../job.ts';
import { elementBytes, sizeOf, type ElementType } from '../../graph/tensor.ts';
import { FlatBuffer, type Table } from './flatBuffer.ts';
import { operatorNames } from './operatorNames.ts';

/** How integers stand for numbers: value = scale · (stored − zeroPoint), one scale in all or one a place along `axis`. */
export interface Quantization {
  scales: number[];
  zeroPoints: number[];
  axis: number;
}

export interface StoredTensor {
  index: number;
  name: string;
  /** As the file has it; an open batch is 1 there. */
  shape: number[];
  /** −1 where a dimension is open; empty where none is. */
  signature: number[];
  type: ElementType;
  /** Index of the buffer that holds its values. */
  buffer: number;
  quantization: Quantization | null;
}

export interface Operator {
  index: number;
  /** As the schema names it: `CONV_2D`; the custom operator's own name for others. */
  name: string;
  custom: boolean;
  /** Indices of tensors; −1 where an optional one is absent. */
  inputs: number[];
  outputs: number[];
  /** Its table of options; null where the file has none, which means all defaults. */
  options: Table | null;
}

/** A TFLite file, its tables read and checked, its weights not yet. */
export class TfliteFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly tensors: StoredTensor[];
  readonly operators: Operator[];
  readonly inputs: number[];
  readonly outputs: number[];
  /** The file's own metadata: the buffer of each entry by its name. */
  readonly metadata: ReadonlyMap<string, number>;
  readonly #buffers: Table[];
  readonly #flatBuffer: FlatBuffer;
  #named?: Map<string, StoredTensor>;
  #shared?: Set<string>;
  #sharedBuffers?: Set<number>;

  /** Throws a `UserError` that names the file and the table. */
  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    this.bytes = bytes;
    this.#flatBuffer = new FlatBuffer(path, bytes);
    if (Buffer.from(bytes.subarray(4, 8)).toString('latin1') !== identifier) throw this.#flatBuffer.damaged(`it does not begin with ${identifier}`);
    const root = this.#flatBuffer.root('the model');
    if (root.uint32(0) !== 3) throw this.error(`it has version ${root.uint32(0)} of the schema; version 3 can be opened`);
    this.#buffers = root.tables(4, 'buffer');
    const codes = root.tables(1, 'operator code').map(operatorName);
    const [graph] = root.tables(2, 'subgraph');
    if (!graph) throw this.#flatBuffer.damaged('it holds no graph');
    this.tensors = graph.tables(0, 'tensor').map((table, index) => this.#tensor(table, index));
    this.inputs = graph.int32s(1).map((index) => this.#index(index, 'an input of the graph'));
    this.outputs = graph.int32s(2).map((index) => this.#index(index, 'an output of the graph'));
    this.operators = graph.tables(3, 'operator').map((table, index) => this.#operator(table, index, codes));
    this.metadata = new Map(root.tables(6, 'metadata').map((entry) => [entry.text(0), entry.uint32(1)]));
  }

  /** What is wrong with the file, as a sentence that names it. */
  error(reason: string): UserError {
    return new UserError(`${this.path}: ${reason}`);
  }

  /** The bytes of a buffer, sharing the file's memory; null where it is empty, as for values that are computed. */
  buffer(index: number): Uint8Array | null {
    const table = this.#buffers[index];
    if (!table) throw this.#flatBuffer.damaged(`buffer ${index} is missing`);
    // Files that outgrow FlatBuffers' 2 GB, or were told to, keep the bytes behind the tables.
    const offset = table.uint64(1);
    const size = table.uint64(2);
    if (offset > 1) {
      if (offset + size > this.bytes.length) throw this.#flatBuffer.damaged(`buffer ${index} lies outside of the file`);
      return this.bytes.subarray(offset, offset + size);
    }
    const data = table.vector(0);
    return data.length === 0 ? null : data;
  }

  /** Whether several tensors have their values in a buffer. */
  isShared(buffer: number): boolean {
    if (!this.#sharedBuffers) {
      const seen = new Set<number>();
      this.#sharedBuffers = new Set(this.tensors.flatMap((tensor) => (seen.has(tensor.buffer) ? [tensor.buffer] : (seen.add(tensor.buffer), []))));
    }
    return this.#sharedBuffers.has(buffer);
  }

  /** The bytes of a tensor that is fixed in the file; null where it is computed. Throws where they do not fit its shape. */
  valuesOf(tensor: StoredTensor): Uint8Array | null {
    const bytes = this.buffer(tensor.buffer);
    if (bytes === null) return null;
    const wanted = sizeOf(tensor.shape) * elementBytes(tensor.type);
    if (bytes.length !== wanted) throw this.error(`tensor ${tensor.name} has ${bytes.length} bytes, its shape [${tensor.shape.join(', ')}] wants ${wanted}`);
    return bytes;
  }

  /** How the program names a tensor: its name, and its number where that is not its alone. */
  keyOf(tensor: StoredTensor): string {
    this.#named ??= new Map(this.tensors.map((other) => [other.name, other]));
    this.#shared ??= new Set(this.tensors.filter((other) => this.#named!.get(other.name) !== other).map((other) => other.name));
    return this.#shared.has(tensor.name) ? `${tensor.name}#${tensor.index}` : tensor.name;
  }

  #tensor(table: Table, index: number): StoredTensor {
    const name = table.text(3) || `tensor_${index}`;
    const shape = table.int32s(0);
    if (shape.length > 8 || shape.some((dim) => dim < 0) || sizeOf(shape) > largestTensor) {
      throw this.error(`tensor ${name} has a shape that cannot be: [${shape.slice(0, 9).join(', ')}]`);
    }
    if (table.table(6, `the sparsity of ${name}`)) throw this.error(`tensor ${name} is stored sparse; models with dense weights can be opened`);
    const code = table.int8(1);
    const type = elementTypes[code];
    if (!type) throw this.error(`tensor ${name} has the element type ${otherTypes[code] ?? code}, which cannot be opened`);
    return { index, name, shape, signature: table.int32s(7), type, buffer: table.uint32(2), quantization: this.#quantization(table, name, shape, type) };
  }

  #quantization(tensor: Table, name: string, shape: readonly number[], type: ElementType): Quantization | null {
    const table = tensor.table(4, `the quantisation of ${name}`);
    const scales = table?.float32s(2) ?? [];
    if (!table || scales.length === 0 || !['int8', 'uint8', 'int16', 'int32', 'int64'].includes(type)) return null;
    const zeroPoints = table.int64s(3);
    const axis = table.int32(6);
    if (table.uint8(4) !== 0) throw this.error(`tensor ${name} is quantised in a way of its own`);
    const fits = scales.length === 1 || (axis >= 0 && axis < shape.length && scales.length === shape[axis]);
    if (!fits || ![0, 1, scales.length].includes(zeroPoints.length) || !scales.every((scale) => Number.isFinite(scale) && scale >= 0)) {
      throw this.error(`tensor ${name} has a quantisation that does not fit its shape [${shape.join(', ')}]`);
    }
    return { scales, axis, zeroPoints: scales.map((_, place) => zeroPoints[zeroPoints.length === 1 ? 0 : place] ?? 0) };
  }

  #operator(table: Table, index: number, codes: readonly { name: string; custom: boolean }[]): Operator {
    const code = codes[table.uint32(0)];
    if (!code) throw this.#flatBuffer.damaged(`operator ${index} is of a kind that the file does not name`);
    const inputs = table.int32s(1).map((tensor) => (tensor === -1 ? -1 : this.#index(tensor, `operator ${index}`)));
    const outputs = table.int32s(2).map((tensor) => this.#index(tensor, `operator ${index}`));
    return { index, ...code, inputs, outputs, options: table.table(4, `the options of operator ${index}`) };
  }

  #index(tensor: number, reader: string): number {
    if (tensor < 0 || tensor >= this.tensors.length) throw this.#flatBuffer.damaged(`${reader} names tensor ${tensor}, the graph has ${this.tensors.length}`);
    return tensor;
  }
}

/** The four bytes after the first four of every TFLite file. */
export const identifier = 'TFL3';

/** Elements of one tensor at most: more do not fit the memory that a graph may take. */
const largestTensor = 2 ** 31;

/** The element types that can be opened, by their number in the schema. */
const elementTypes: Record<number, ElementType | undefined> = {
  0: 'float32', 1: 'float16', 2: 'int32', 3: 'uint8', 4: 'int64', 6: 'bool', 7: 'int16', 9: 'int8', 10: 'float64', 15: 'uint32', 16: 'uint16',
};

const otherTypes: Record<number, string | undefined> = {
  5: 'text', 8: 'complex64', 11: 'complex128', 12: 'uint64', 13: 'resource', 14: 'variant', 17: 'int4', 18: 'bfloat16', 19: 'int2', 20: 'uint4',
};

function operatorName(table: Table): { name: string; custom: boolean } {
  // Older files have the number in a byte of its own; the greater of the two counts, as in TensorFlow Lite.
  const code = Math.max(table.int8(0), table.int32(3));
  const name = operatorNames[code];
  return name === 'CUSTOM' ? { name: table.text(1), custom: true } : { name: name ?? `operator ${code}`, custom: false };
}
