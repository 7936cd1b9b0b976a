import type { UserError } from '../../../job.ts';
import type { Attribute } from '../../../graph/graphBuilder.ts';
import type { Flow, FlowGraph } from '../../layers/flow.ts';
import { dynamicallyQuantized, isQuantized } from '../quantization.ts';
import type { Operator, StoredTensor, TfliteFile } from '../schema.ts';
import type { Arrangement, Call, Known } from '../../operators/call.ts';
import type { StridedMasks } from '../../operators/shaping.ts';
import type { TensorValues } from '../values.ts';

/** What this program knows of an operator of TensorFlow Lite. */
export interface OperatorKind {
  /** As the schema names it. */
  name: string;
  /** Adds the nodes of an operator; returns its outputs in their order. */
  build(call: OperatorCall): Flow | Flow[];
}

/** One operator of a file while its nodes are made. */
export class OperatorCall implements Call {
  readonly graph: FlowGraph;
  readonly file: TfliteFile;
  readonly operator: Operator;
  readonly #values: TensorValues;
  readonly #picture: string;
  /** The bounds of the activation at the operator's end, where the quantisation of its output is to keep them. */
  bounds: readonly [number, number] | null = null;

  constructor(graph: FlowGraph, file: TfliteFile, values: TensorValues, operator: Operator) {
    this.graph = graph;
    this.file = file;
    this.operator = operator;
    this.#values = values;
    this.#picture = file.tensors[file.inputs[0] ?? -1]?.name ?? '';
  }

  /** A shape as an input of nodes; places in `batch` are for one picture each and grow with their number. */
  sizes(shape: readonly number[], batch: ReadonlySet<number> | undefined, name: string): string {
    const { builder } = this.graph;
    if (!batch?.size) return builder.ints([...shape]);
    const own = this.file.tensors[this.file.inputs[0]!]!.shape[0]!;
    const pictures = this.op('Shape', [this.#picture], { start: 0, end: 1 }, `${name}/pictures`);
    const factors = this.op('Concat', shape.map((_, place) => (batch.has(place) ? pictures : builder.ints([1]))), { axis: 0 }, `${name}/factors`);
    return this.op('Mul', [factors, builder.ints(shape.map((size, place) => (batch.has(place) ? size / own : size)))], {}, `${name}/sizes`);
  }

  /** What the operator's first output is called in the graph before it is quantised. */
  get name(): string {
    return this.nameOf(0);
  }

  get outputs(): number {
    return this.operator.outputs.length;
  }

  nameOf(output: number): string {
    const tensor = this.output(output);
    return isQuantized(tensor) ? `${tensor.name}/float` : tensor.name;
  }

  has(input: number): boolean {
    return (this.operator.inputs[input] ?? -1) >= 0;
  }

  /** An input's entry in the file. */
  tensor(input: number): StoredTensor {
    return this.file.tensors[this.#index(input)]!;
  }

  output(index = 0): StoredTensor {
    const tensor = this.operator.outputs[index];
    if (tensor === undefined) throw this.error(`it has ${this.operator.outputs.length} outputs`);
    return this.file.tensors[tensor]!;
  }

  /** An input as a value of the graph. */
  input(index: number): Flow {
    const flow = this.#values.flow(this.#index(index));
    if (!flow) throw this.error(`it reads ${this.tensor(index).name}, which nothing before it makes`);
    return flow;
  }

  /** Name of the unsigned integers of 8 bits that stand for an input, laid out as `input` is; null where it is floats or fixed. */
  integersOf(index: number): string | null {
    return this.#values.integers(this.#index(index));
  }

  /** All inputs. */
  get inputs(): Flow[] {
    return this.operator.inputs.map((_, index) => this.input(index));
  }

  /** An input's entry whose values are fixed in the file, also through a DEQUANTIZE; null where it is computed. */
  stored(input: number): StoredTensor | null {
    return this.#values.stored(this.#index(input));
  }

  /** Name of an input that is fixed in the file, laid out as the graph wants it. */
  fixed(input: number, arrangement?: Arrangement): string {
    return this.#values.fixed(this.#index(input), arrangement);
  }

  /** An input of whole numbers that are known without the picture; null where they are not. */
  known(input: number): Known | null {
    return this.#values.known(this.#index(input));
  }

  /** Whole numbers of an input that must be known: axes, paddings, sizes. */
  integers(input: number): number[] {
    const known = this.known(input);
    if (!known) throw this.error(`its input ${this.tensor(input).name} depends on the picture`);
    return known.values;
  }

  /** One whole number of an input that must be known. */
  integer(input: number): number {
    const [value, ...others] = this.integers(input);
    if (value === undefined || others.length > 0) throw this.error(`its input ${this.tensor(input).name} wants one number`);
    return value;
  }

  /** Numbers of an input that must be fixed in the file. */
  floats(input: number): Float32Array {
    const floats = this.#values.floats(this.#index(input));
    if (!floats) throw this.error(`its input ${this.tensor(input).name} is not fixed in the file`);
    return floats;
  }

  /** An axis as the file counts it, from the end where it is negative; throws where the shape has no such axis. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw this.error(`it has no axis ${axis}, its input has ${rank}`);
    return axis < 0 ? axis + rank : axis;
  }

  /** Fields of the operator's options; see the schema for their numbers. */
  option(field: number, otherwise = 0): number {
    return this.operator.options?.int32(field, otherwise) ?? otherwise;
  }

  small(field: number): number {
    return this.operator.options?.int8(field) ?? 0;
  }

  flag(field: number): boolean {
    return this.operator.options?.flag(field) ?? false;
  }

  float(field: number): number {
    return this.operator.options?.float32(field) ?? 0;
  }

  /** The bits of a strided slice. */
  get masks(): StridedMasks {
    return { begin: this.option(0), end: this.option(1), ellipsis: this.option(2), newAxis: this.option(3), shrink: this.option(4) };
  }

  /** Adds a node. */
  op(opType: string, inputs: string[], attributes: Record<string, Attribute | undefined>, name: string): string {
    return this.graph.op(opType, inputs, attributes, name);
  }

  /**
   * The value of a layer's input beside its weights, as TensorFlow Lite's interpreter takes it: where the weights are integers and the input
   * is floats, rounded to steps of its own range over `axes` of the value in the graph.
   */
  layerInput(value: string, [input, weights]: readonly [number, number], axes: number[]): string {
    const hybrid = this.tensor(input).type === 'float32' && this.tensor(weights).type !== 'float32' && this.stored(weights)?.quantization;
    return hybrid ? dynamicallyQuantized(this.graph, value, axes, this.name) : value;
  }

  /** An error that names the operator, what it computes, and the file. */
  error(reason: string): UserError {
    const output = this.file.tensors[this.operator.outputs[0] ?? -1]?.name;
    return this.file.error(`operator ${this.operator.index}, ${this.operator.name}${output === undefined ? '' : ` of ${output}`}: ${reason}`);
  }

  #index(input: number): number {
    const index = this.operator.inputs[input];
    if (index === undefined || index < 0) throw this.error(`its input ${input} is missing`);
    return index;
  }
}
