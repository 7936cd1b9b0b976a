import type { UserError } from '../../job.ts';
import type { Attribute } from '../../graph/graphBuilder.ts';
import type { Flow, FlowGraph } from '../layers/flow.ts';

/** Whole numbers that are known without running the model: shapes, axes, paddings. */
export interface Known {
  shape: number[];
  values: number[];
  /** Places of numbers that grow with the number of pictures: what stands there is for the file's own batch. */
  batch?: ReadonlySet<number>;
}

/** How a fixed array lies in the graph beside the file. */
export interface Arrangement {
  /** Axes of the stored array in the order in which the graph has them. */
  transposition?: number[];
  /** The graph's shape, where it is not the stored one after its transposition. */
  dims?: number[];
}

/**
 * One operator of a file while its nodes are made. TensorFlow's graphs and TensorFlow Lite's files have the same operators under
 * other names and with their settings in other places; what they compute is written once, for this.
 */
export interface Call {
  readonly graph: FlowGraph;
  /** What the operator's first output is called in the graph. */
  readonly name: string;
  /** Number of its outputs. */
  readonly outputs: number;
  /** What one of its outputs is called in the graph. */
  nameOf(output: number): string;
  /** An input as a value of the graph. */
  input(index: number): Flow;
  /** All inputs. */
  readonly inputs: Flow[];
  /** Shape of an input whose values are fixed in the file; null where it is computed. */
  stored(input: number): { shape: number[] } | null;
  /** Name of an input that is fixed in the file, laid out as the graph wants it. */
  fixed(input: number, arrangement?: Arrangement): string;
  /** An input of whole numbers that are known without the picture; null where they are not. */
  known(input: number): Known | null;
  /** Whole numbers of an input that must be known: axes, paddings, sizes. */
  integers(input: number): number[];
  /** One whole number of an input that must be known. */
  integer(input: number): number;
  /** An axis as the file counts it, from the end where it is negative; throws where the shape has no such axis. */
  axis(axis: number, rank: number): number;
  /** A shape as an input of nodes; places in `batch` are for one picture each and grow with their number. */
  sizes(shape: readonly number[], batch: ReadonlySet<number> | undefined, name: string): string;
  /** Adds a node. */
  op(opType: string, inputs: string[], attributes: Record<string, Attribute | undefined>, name: string): string;
  /** An error that names the operator, what it computes, and the file. */
  error(reason: string): UserError;
}

/** `[1, 7, 7, 64]`. */
export function shown(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
