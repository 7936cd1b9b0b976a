import { attributesOf, describeNode, type AttributeValue } from '../modelGraph.ts';
import type { Attribute, GraphBuilder } from '../graphBuilder.ts';
import type { MeasuredValue, MeasuredValues } from '../measureShapes.ts';
import type { NodeProto } from '../onnx_pb.ts';
import { elementTypeCode } from '../tensor.ts';
import { UserError } from '../../job.ts';

/**
 * The gradient of one operator: for each input of the node, in its order, a function that adds the nodes of that input's
 * gradient and returns the gradient's name; undefined for inputs without one. Only those that are needed are called. A
 * gradient has the shape of the value that it belongs to.
 */
export type GradientFunction = (node: NodeGradient) => (InputGradient | undefined)[];
export type InputGradient = () => string;

/** What a gradient function works with: the node, the gradients of its outputs, and shorthands to add nodes. */
export class NodeGradient {
  readonly builder: GraphBuilder;
  readonly node: NodeProto;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly values: MeasuredValues;
  readonly #gradients: readonly (string | undefined)[];

  constructor(builder: GraphBuilder, node: NodeProto, values: MeasuredValues, gradients: readonly (string | undefined)[]) {
    this.builder = builder;
    this.node = node;
    this.attributes = attributesOf(node);
    this.values = values;
    this.#gradients = gradients;
  }

  /** Name of an input; '' where an optional one is absent. */
  input(index: number): string {
    return this.node.input[index] ?? '';
  }

  /** Name of the first output. */
  get output(): string {
    return this.node.output[0]!;
  }

  /** Gradient of the first output. */
  get outputGradient(): string {
    return this.#gradients[0] ?? this.fail('nothing depends on its first output');
  }

  /** Gradient of an output; undefined where nothing that is differentiated depends on it. */
  gradientOf(index: number): string | undefined {
    return this.#gradients[index];
  }

  value(name: string): MeasuredValue {
    return this.values.get(name) ?? this.fail(`the shape of ${name} is not known`);
  }

  /** Shape of a value of the forward pass; −1 where a dimension depends on the batch. */
  shape(name: string): number[] {
    return this.value(name).shape;
  }

  /** The integers of an input that must be the same in every run, such as axes; undefined where the input is absent. */
  integers(index: number): number[] | undefined {
    const name = this.input(index);
    if (name === '') return undefined;
    return this.value(name).integers ?? this.fail(`its input ${name} depends on the data`);
  }

  number(attribute: string, otherwise: number): number {
    const value = this.attributes[attribute];
    return typeof value === 'number' ? value : otherwise;
  }

  numbers(attribute: string): number[] | undefined {
    const value = this.attributes[attribute];
    return Array.isArray(value) ? value.map(Number) : undefined;
  }

  text(attribute: string, otherwise: string): string {
    const value = this.attributes[attribute];
    return typeof value === 'string' ? value : otherwise;
  }

  /** Adds a node with one output. */
  op(opType: string, inputs: string[], attributes: Record<string, Attribute | undefined> = {}): string {
    return this.builder.op(opType, inputs, attributes);
  }

  /** A float constant without dimensions. */
  scalar(value: number): string {
    return this.builder.float(value);
  }

  ints(values: number[]): string {
    return this.builder.ints(values);
  }

  /** `whenTrue` and `whenFalse` may be scalars. */
  where(condition: string, whenTrue: string, whenFalse: string): string {
    return this.op('Where', [condition, whenTrue, whenFalse]);
  }

  /** A gradient where a condition holds, 0 elsewhere. As a product: ONNX Runtime's Where takes half as long again. */
  gate(condition: string, gradient: string): string {
    return this.op('Mul', [gradient, this.op('Cast', [condition], { to: elementTypeCode.float32 })]);
  }

  /** The shape of a value as an input of other nodes: a constant where it is fixed. */
  shapeOf(name: string): string {
    const shape = this.shape(name);
    return shape.includes(-1) ? this.op('Shape', [name]) : this.ints(shape);
  }

  /** Zeros of a value's shape. */
  zerosLike(value: string): string {
    return this.op('ConstantOfShape', [this.shapeOf(value)], { value: { tensor: { type: 'float32', dims: [1], data: new Float32Array(1) } } });
  }

  /** The same elements in the shape of another value. */
  reshapeLike(name: string, value: string): string {
    const shape = this.shape(value);
    const open = shape.filter((dim) => dim < 0).length;
    return this.op('Reshape', [name, open <= 1 && !shape.includes(0) ? this.ints(shape) : this.op('Shape', [value])]);
  }

  /** The sum over a gradient's axes along which a value of the forward pass was repeated. `from` is the gradient's shape. */
  sumTo(gradient: string, from: readonly number[], value: string): string {
    const to = this.shape(value);
    const added = from.length - to.length;
    const leading = Array.from({ length: added }, (_, axis) => axis);
    const stretched = to.flatMap((dim, axis) => (dim === 1 && from[added + axis] !== 1 ? [added + axis] : []));
    if (leading.length + stretched.length === 0) return gradient;
    const keep = leading.length === 0 ? 1 : 0;
    const sum = this.op('ReduceSum', [gradient, this.ints([...leading, ...stretched])], { keepdims: keep });
    return keep || stretched.length === 0 ? sum : this.reshapeLike(sum, value);
  }

  /** Throws the error that says why this node cannot be differentiated. */
  fail(reason: string): never {
    throw new UserError(`cannot train through ${describeNode(this.node)}: ${reason}`);
  }
}
