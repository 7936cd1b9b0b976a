import { UserError } from '../../job.ts';
import type { Attribute as OnnxAttribute } from '../../graph/graphBuilder.ts';
import type { Flow, FlowGraph } from '../layers/flow.ts';
import type { Arrangement, Call, Known } from '../operators/call.ts';
import type { StridedMasks } from '../operators/shaping.ts';
import { dataInputs, typeOf, valueKey, type Attribute, type FixedArray, type TensorFlowNode } from './graphDef.ts';
import type { GraphValues } from './values.ts';

/** What the calls of a graph share. */
export interface Surroundings {
  path: string;
  graph: FlowGraph;
  values: GraphValues;
  /** Name of the value that is the pictures, and how many of them the file's shapes are for. */
  pictures: { name: string; count: number };
}

/** One node of a TensorFlow graph while its nodes in ONNX are made. */
export class NodeCall implements Call {
  readonly graph: FlowGraph;
  readonly node: TensorFlowNode;
  /** Keys of what it reads. */
  readonly keys: string[];
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings, node: TensorFlowNode) {
    this.graph = surroundings.graph;
    this.node = node;
    this.keys = dataInputs(node).map(valueKey);
    this.#surroundings = surroundings;
  }

  get name(): string {
    return this.node.name;
  }

  get outputs(): number {
    const count = this.int('num_split', this.int('num', 1));
    if (count < 1 || count > 65_536) throw this.error(`it cannot have ${count} outputs`);
    return count;
  }

  nameOf(output: number): string {
    return output === 0 ? this.node.name : `${this.node.name}:${output}`;
  }

  input(index: number): Flow {
    const flow = this.#surroundings.values.flow(this.#key(index));
    if (!flow) throw this.error(`it reads ${this.#key(index)}, which nothing before it makes`);
    return flow;
  }

  get inputs(): Flow[] {
    return this.keys.map((_, index) => this.input(index));
  }

  stored(input: number): FixedArray | null {
    return this.#surroundings.values.stored(this.#key(input));
  }

  fixed(input: number, arrangement?: Arrangement): string {
    return this.#surroundings.values.fixed(this.#key(input), arrangement);
  }

  known(input: number): Known | null {
    return this.#surroundings.values.known(this.#key(input));
  }

  integers(input: number): number[] {
    const known = this.known(input);
    if (!known) throw this.error(`its input ${this.#key(input)} depends on the picture`);
    return known.values;
  }

  integer(input: number): number {
    const [value, ...others] = this.integers(input);
    if (value === undefined || others.length > 0) throw this.error(`its input ${this.#key(input)} wants one number`);
    return value;
  }

  /** A vector or number as it lies in the graph: fixed in the file, or computed. */
  plain(input: number): string {
    return this.stored(input) ? this.fixed(input) : this.graph.plain(this.input(input));
  }

  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw this.error(`it has no axis ${axis}, its input has ${rank}`);
    return axis < 0 ? axis + rank : axis;
  }

  sizes(shape: readonly number[], batch: ReadonlySet<number> | undefined, name: string): string {
    const { builder } = this.graph;
    if (!batch?.size) return builder.ints([...shape]);
    const { name: pictures, count } = this.#surroundings.pictures;
    const number = this.op('Shape', [pictures], { start: 0, end: 1 }, `${name}/pictures`);
    const factors = this.op('Concat', shape.map((_, place) => (batch.has(place) ? number : builder.ints([1]))), { axis: 0 }, `${name}/factors`);
    return this.op('Mul', [factors, builder.ints(shape.map((size, place) => (batch.has(place) ? size / count : size)))], {}, `${name}/sizes`);
  }

  int(name: string, otherwise: number): number {
    const value = this.#attribute(name)?.value ?? otherwise;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.error(`its ${name} is ${JSON.stringify(value)}, not a number`);
    return value;
  }

  flag(name: string, otherwise = false): boolean {
    return (this.#attribute(name)?.value ?? otherwise) === true;
  }

  text(name: string, otherwise = ''): string {
    const value = this.#attribute(name)?.value ?? otherwise;
    if (typeof value !== 'string') throw this.error(`its ${name} is ${JSON.stringify(value)}, not text`);
    return value;
  }

  /** An element type by its name in this program. */
  type(name: string): string {
    return typeOf(this.text(name));
  }

  ints(name: string): number[] {
    const value = this.#attribute(name)?.value ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'number' && Number.isSafeInteger(item))) throw this.error(`its ${name} is ${JSON.stringify(value)}, not whole numbers`);
    return value as number[];
  }

  texts(name: string): string[] {
    const value = this.#attribute(name)?.value ?? [];
    return Array.isArray(value) ? value.map(String) : [];
  }

  get masks(): StridedMasks {
    const mask = (name: string): number => this.int(`${name}_mask`, 0);
    return { begin: mask('begin'), end: mask('end'), ellipsis: mask('ellipsis'), newAxis: mask('new_axis'), shrink: mask('shrink_axis') };
  }

  op(opType: string, inputs: string[], attributes: Record<string, OnnxAttribute | undefined>, name: string): string {
    return this.graph.op(opType, inputs, attributes, name);
  }

  error(reason: string): UserError {
    return new UserError(`${this.#surroundings.path}: ${this.node.op} ${this.node.name}: ${reason}`);
  }

  #attribute(name: string): Attribute | undefined {
    return this.node.attributes.get(name);
  }

  #key(index: number): string {
    const key = this.keys[index];
    if (key === undefined) throw this.error(`its input ${index} is missing`);
    return key;
  }
}

/** What this program knows of an operator of TensorFlow. */
export interface NodeKind {
  /** As TensorFlow names it. */
  name: string;
  /** Adds the nodes of an operator; returns its outputs in their order. */
  build(call: NodeCall): Flow | Flow[];
}
