import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../../job.ts';
import { describeNode, type AttributeValue } from '../../graph/modelGraph.ts';
import type { NodeProto } from '../../graph/onnx_pb.ts';

/** A node's inputs in its order; an absent optional one is undefined. Numbers are float32 or int32, truth values bool. */
export type Inputs = readonly (tf.Tensor | undefined)[];

/** Attributes of a node by name, with the kind of value that the operator's definition gives each. */
export class Attributes {
  readonly #values: Record<string, AttributeValue>;

  constructor(values: Record<string, AttributeValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  number(name: string, otherwise: number): number {
    const value = this.#values[name];
    return typeof value === 'number' ? value : otherwise;
  }

  numbers(name: string): number[] | undefined {
    const value = this.#values[name];
    return Array.isArray(value) ? (value as number[]) : undefined;
  }

  text(name: string, otherwise: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : otherwise;
  }

  raw(name: string): AttributeValue {
    return this.#values[name];
  }
}

/**
 * Computes a node's outputs. Made of differentiable functions of TensorFlow.js, so that its automatic gradients work through it.
 * May return an input as it is.
 */
export type Operator = (inputs: Inputs, attributes: Attributes, node: NodeProto) => tf.Tensor | tf.Tensor[];

/** Operators by their ONNX name. */
export type Operators = Record<string, Operator>;

/** An input that the operator's definition requires. */
export function required(inputs: Inputs, index: number, node: NodeProto): tf.Tensor {
  const tensor = inputs[index];
  if (!tensor) throw new UserError(`missing input ${index}: ${describeNode(node)} (TensorFlow engine)`);
  return tensor;
}

/** The error for a form of a known operator that this engine does not compute. */
export function unsupported(what: string, node: NodeProto): UserError {
  return new UserError(`unsupported ${what}: ${describeNode(node)} (TensorFlow engine)`);
}

/** An axis counted from the front; ONNX counts negative ones from the back. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/**
 * A function whose result is constant almost everywhere, as a comparison is. TensorFlow.js has no gradient for most of those and
 * refuses to go back through them, instead of taking it as 0.
 */
export function withoutGradient(compute: (...inputs: tf.Tensor[]) => tf.Tensor): (...inputs: tf.Tensor[]) => tf.Tensor {
  return (...inputs) => tf.customGrad((...given: (tf.Tensor | tf.GradSaveFunc)[]) => {
    // The last argument keeps tensors for the backward pass; the shapes are all that this one needs.
    const tensors = given.slice(0, inputs.length) as tf.Tensor[];
    const shapes = tensors.map(({ shape }) => shape);
    return { value: compute(...tensors), gradFunc: () => shapes.map((shape) => tf.zeros(shape)) };
  })(...inputs);
}
