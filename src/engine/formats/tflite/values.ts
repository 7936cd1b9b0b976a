import type { WeightOrigin } from '../../graph/modelGraph.ts';
import { elementBytes, fromBytes, sizeOf, toFloat32, type TensorData } from '../../graph/tensor.ts';
import type { Flow, FlowGraph } from '../layers/flow.ts';
import { transpose } from '../layers/transpose.ts';
import type { Arrangement, Known } from '../operators/call.ts';
import { dequantized } from './quantization.ts';
import type { StoredTensor, TfliteFile } from './schema.ts';

/** Numbers that are computed with while the graph is made at most; indices and shapes are fewer. */
const mostKnown = 65_536;

/** What each tensor of the file is in the graph: an array that is fixed in the file, whole numbers that are known, or a value. */
export class TensorValues {
  /** Where the float arrays come from that are in the graph, each in one arrangement only. */
  readonly origins = new Map<string, WeightOrigin>();
  readonly #graph: FlowGraph;
  readonly #file: TfliteFile;
  readonly #flows = new Map<number, Flow>();
  readonly #integers = new Map<number, string>();
  readonly #known = new Map<number, Known>();
  /** Tensors that are another one, dequantised. */
  readonly #sources = new Map<number, number>();
  readonly #added = new Map<string, string>();
  readonly #byBuffer = new Map<number, string>();

  constructor(graph: FlowGraph, file: TfliteFile) {
    this.#graph = graph;
    this.#file = file;
  }

  /** Says what a tensor is in the graph, and the name of the integers that stand for it, laid out as it is, where there are some. */
  setFlow(tensor: number, { flow, integers }: { flow: Flow; integers?: string }): void {
    this.#flows.set(tensor, flow);
    if (integers !== undefined) this.#integers.set(tensor, integers);
  }

  /** Name of the unsigned integers of 8 bits that stand for a computed tensor; null where it is floats or fixed in the file. */
  integers(tensor: number): string | null {
    return this.#integers.get(tensor) ?? null;
  }

  setKnown(tensor: number, known: Known): void {
    this.#known.set(tensor, known);
  }

  /** Says that a tensor holds the numbers for which another one's stored values stand. */
  setSource(tensor: number, source: number): void {
    this.#sources.set(tensor, source);
  }

  /** The tensor whose stored values a tensor stands for; null where it is computed. */
  stored(tensor: number): StoredTensor | null {
    const source = this.#file.tensors[this.#sources.get(tensor) ?? tensor]!;
    return this.#flows.has(tensor) || this.#file.valuesOf(source) === null ? null : source;
  }

  /** Whole numbers of a tensor; null where they depend on the picture, are no whole numbers, or are too many. */
  known(tensor: number): Known | null {
    const known = this.#known.get(tensor);
    if (known) return known;
    const stored = this.stored(tensor);
    if (!stored || !['int32', 'int64'].includes(stored.type) || sizeOf(stored.shape) > mostKnown) return null;
    return { shape: stored.shape, values: Array.from(this.#decode(stored) as ArrayLike<number | bigint>, Number) };
  }

  /** Numbers of a tensor that is fixed in the file, as floats; null where it is computed or is not floats. */
  floats(tensor: number): Float32Array | null {
    const stored = this.stored(tensor);
    return stored && ['float32', 'float16'].includes(stored.type) ? this.#float32(stored) : null;
  }

  /** A tensor as a value of the graph; undefined where nothing has made it yet. */
  flow(tensor: number): Flow | undefined {
    const flow = this.#flows.get(tensor);
    if (flow) return flow;
    const known = this.#known.get(tensor);
    if (known) {
      const type = this.#file.tensors[tensor]!.type;
      const data = type === 'int64' ? BigInt64Array.from(known.values, BigInt) : Int32Array.from(known.values);
      return { name: this.#graph.builder.constant({ type: type === 'int64' ? type : 'int32', dims: known.shape, data }), shape: known.shape, channelsFirst: false };
    }
    const stored = this.stored(tensor);
    return stored ? { name: this.fixed(tensor), shape: stored.shape, channelsFirst: false } : undefined;
  }

  /**
   * Name of an array that is fixed in the file. Integers with a scale become floats by a DequantizeLinear. The converter
   * stores equal bytes once, zeros of a bias with those of a padding: what lies there cannot be trained, nor what lies in the
   * graph in two ways.
   */
  fixed(tensor: number, arrangement: Arrangement = {}): string {
    const stored = this.stored(tensor);
    if (!stored) throw new Error(`tensor ${tensor} is not fixed in the file`);
    const { transposition } = arrangement;
    const dims = arrangement.dims ?? transposition?.map((axis) => stored.shape[axis]!) ?? stored.shape;
    const { quantization } = stored;
    const key = [stored.buffer, stored.type, dims.join(), transposition?.join() ?? '', quantization ? stored.index : ''].join(':');
    const known = this.#added.get(key);
    if (known !== undefined) return known;
    const { builder } = this.#graph;
    let name: string;
    if (quantization) {
      name = dequantized(this.#graph, { name: stored.name, type: stored.type, dims, data: this.#arranged(stored, transposition), quantization, axis: transposition ? transposition.indexOf(quantization.axis) : quantization.axis }, this.#file);
    } else if (stored.type === 'float32' || stored.type === 'float16') {
      const values = this.#float32(stored);
      name = builder.weight(builder.unique(stored.name), { type: 'float32', dims, data: moves(stored.shape, transposition) ? transpose(values, stored.shape, transposition!) : values });
      const other = this.#byBuffer.get(stored.buffer);
      if (other === undefined && !this.#file.isShared(stored.buffer)) {
        this.origins.set(name, { file: this.#file.path, key: this.#file.keyOf(stored), storedType: stored.type, shape: stored.shape, ...(transposition && { transposition }) });
        this.#byBuffer.set(stored.buffer, name);
      } else if (other !== undefined) {
        this.origins.delete(other);
      }
    } else {
      name = builder.weight(builder.unique(stored.name), { type: stored.type, dims, data: this.#arranged(stored, transposition) });
    }
    this.#added.set(key, name);
    return name;
  }

  #decode(stored: StoredTensor): TensorData {
    return fromBytes(stored.type, this.#file.valuesOf(stored)!);
  }

  #float32(stored: StoredTensor): Float32Array {
    return toFloat32({ type: stored.type, dims: stored.shape, data: this.#decode(stored) });
  }

  /** Stored integers in the graph's order; those of 8 bits are the only ones that have to be moved. */
  #arranged(stored: StoredTensor, transposition: number[] | undefined): TensorData {
    const data = this.#decode(stored);
    if (!moves(stored.shape, transposition)) return data;
    if (elementBytes(stored.type) !== 1) throw this.#file.error(`tensor ${stored.name} of ${stored.type} cannot be laid out anew`);
    const moved = transpose(Float32Array.from(data as Int8Array), stored.shape, transposition!);
    return stored.type === 'int8' ? Int8Array.from(moved) : Uint8Array.from(moved);
  }
}

/** Whether an order of axes moves any number: axes of length one may stand anywhere. */
function moves(shape: readonly number[], transposition: readonly number[] | undefined): boolean {
  const order = transposition?.filter((axis) => shape[axis] !== 1) ?? [];
  return order.some((axis, place) => place > 0 && axis < order[place - 1]!);
}
