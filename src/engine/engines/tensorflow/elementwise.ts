import * as tf from '@tensorflow/tfjs-core';
import { isStraightThrough } from '../../graph/straightThrough.ts';
import { required, unsupported, withoutGradient, type Operator, type Operators } from './operator.ts';
import { valuesOf } from './tensors.ts';

const unary = (compute: (x: tf.Tensor) => tf.Tensor): Operator => (inputs, _attributes, node) => compute(required(inputs, 0, node));
const binary = (compute: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator =>
  (inputs, _attributes, node) => compute(required(inputs, 0, node), required(inputs, 1, node));
/** Any number of inputs, folded from the left. */
const variadic = (compute: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator =>
  (inputs, _attributes, node) => inputs.slice(1).reduce<tf.Tensor>((sum, _, index) => compute(sum, required(inputs, index + 1, node)), required(inputs, 0, node));

/** Arithmetic, comparison and logic, value by value, with NumPy's broadcasting. */
export const elementwise: Operators = {
  Add: binary(tf.add),
  Sub: binary(tf.sub),
  Mul: binary(tf.mul),
  Div: binary(divide),
  Pow: binary((a, b) => tf.pow(a, b)),
  Mod: (inputs, attributes, node) => {
    if (attributes.number('fmod', 0) !== 0) throw unsupported('fmod', node);
    return tf.mod(required(inputs, 0, node), required(inputs, 1, node));
  },
  Max: variadic((a, b) => tf.maximum(...broadcast(a, b))),
  Min: variadic((a, b) => tf.minimum(...broadcast(a, b))),
  Sum: variadic(tf.add),
  Mean: (inputs, attributes, node) => tf.div(variadic(tf.add)(inputs, attributes, node) as tf.Tensor, inputs.length),

  Abs: unary(tf.abs),
  Neg: unary(tf.neg),
  Sign: unary(tf.sign),
  Floor: unary(tf.floor),
  Ceil: unary(tf.ceil),
  Round: (inputs, _attributes, node) => (isStraightThrough(node) ? roundStraight : tf.round)(required(inputs, 0, node)),
  Reciprocal: unary(tf.reciprocal),
  Sqrt: unary(tf.sqrt),
  Exp: unary(tf.exp),
  Log: unary(tf.log),
  Sin: unary(tf.sin),
  Cos: unary(tf.cos),
  Tan: unary(tf.tan),
  Sinh: unary(tf.sinh),
  Cosh: unary(tf.cosh),
  Asin: unary(tf.asin),
  Acos: unary(tf.acos),
  Atan: unary(tf.atan),
  Asinh: unary(tf.asinh),
  Acosh: unary(tf.acosh),
  Atanh: unary(tf.atanh),
  Erf: unary(tf.erf),

  Clip: (inputs, _attributes, node) => {
    const bound = (index: number, otherwise: number) => (inputs[index] ? valuesOf(inputs[index])[0]! : otherwise);
    return tf.clipByValue(required(inputs, 0, node), bound(1, -Infinity), bound(2, Infinity));
  },

  Equal: binary(withoutGradient((a, b) => tf.equal(a, b))),
  Greater: binary(withoutGradient((a, b) => tf.greater(a, b))),
  GreaterOrEqual: binary(withoutGradient((a, b) => tf.greaterEqual(a, b))),
  Less: binary(withoutGradient((a, b) => tf.less(a, b))),
  LessOrEqual: binary(withoutGradient((a, b) => tf.lessEqual(a, b))),
  And: binary(withoutGradient((a, b) => tf.logicalAnd(a, b))),
  Or: binary(withoutGradient((a, b) => tf.logicalOr(a, b))),
  Xor: binary(withoutGradient((a, b) => tf.logicalXor(a, b))),
  Not: unary(withoutGradient((x) => tf.logicalNot(x))),
  Where: (inputs, _attributes, node) => tf.where(required(inputs, 0, node), required(inputs, 1, node), required(inputs, 2, node)),
};

/** Rounding that gives its gradient on. */
const roundStraight = tf.customGrad((x: tf.Tensor | tf.GradSaveFunc) => ({ value: tf.round(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => dy }));

/** ONNX divides integers towards zero; TensorFlow.js divides them downwards. */
function divide(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.dtype !== 'int32' || b.dtype !== 'int32') return tf.div(a, b);
  return tf.mul(tf.mul(tf.sign(a), tf.sign(b)), tf.floorDiv(tf.abs(a), tf.abs(b)));
}

/** Both in their common shape: the gradients of `maximum` and `minimum` do not sum over what was broadcast. */
function broadcast(a: tf.Tensor, b: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const to = (x: tf.Tensor) => (x.rank === shape.length && x.shape.every((size, axis) => size === shape[axis]) ? x : tf.broadcastTo(x, shape));
  return [to(a), to(b)];
}
