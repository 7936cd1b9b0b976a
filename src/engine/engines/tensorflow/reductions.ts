import * as tf from '@tensorflow/tfjs-core';
import { positiveAxis, required, unsupported, type Operator, type Operators } from './operator.ts';
import { valuesOf } from './tensors.ts';

/** Axes come as an input, as since operator set 18; without any, all are reduced unless `noop_with_empty_axes` says no. */
const reduction = (reduce: (x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor): Operator => (inputs, attributes, node) => {
  const x = required(inputs, 0, node);
  const given = inputs[1] ? [...valuesOf(inputs[1])] : attributes.numbers('axes') ?? [];
  if (given.length === 0 && attributes.number('noop_with_empty_axes', 0) !== 0) return x;
  const axes = given.length === 0 ? x.shape.map((_, axis) => axis) : given.map((axis) => positiveAxis(axis, x.rank));
  return reduce(x, axes, attributes.number('keepdims', 1) !== 0);
};

const position = (find: (x: tf.Tensor, axis: number) => tf.Tensor): Operator => (inputs, attributes, node) => {
  const x = required(inputs, 0, node);
  if (attributes.number('select_last_index', 0) !== 0) throw unsupported('select_last_index', node);
  const axis = positiveAxis(attributes.number('axis', 0), x.rank);
  const found = find(x, axis);
  return attributes.number('keepdims', 1) !== 0 ? tf.expandDims(found, axis) : found;
};

/** Reductions along axes. */
export const reductions: Operators = {
  ReduceSum: reduction(tf.sum),
  ReduceMean: reduction(tf.mean),
  ReduceMax: reduction(tf.max),
  ReduceMin: reduction(tf.min),
  ReduceProd: reduction(product),
  ReduceSumSquare: reduction((x, axes, keep) => tf.sum(tf.square(x), axes, keep)),
  ReduceL1: reduction((x, axes, keep) => tf.sum(tf.abs(x), axes, keep)),
  ReduceL2: reduction((x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep))),
  ReduceLogSum: reduction((x, axes, keep) => tf.log(tf.sum(x, axes, keep))),
  ReduceLogSumExp: reduction(tf.logSumExp),
  ArgMax: position(tf.argMax),
  ArgMin: position(tf.argMin),
};

/** Factor by factor, because the gradient of TensorFlow.js's own product works only where its chained methods are loaded. */
function product(x: tf.Tensor, axes: number[], keep: boolean): tf.Tensor {
  if (x.dtype === 'int32') return tf.prod(x, axes, keep);
  return [...axes].sort((a, b) => b - a).reduce((part, axis) => {
    const factors = tf.unstack(part, axis).reduce((total, factor) => tf.mul(total, factor));
    return keep ? tf.expandDims(factors, axis) : factors;
  }, x);
}
