import * as tf from '@tensorflow/tfjs-core';
import { positiveAxis, required, type Operator, type Operators } from './operator.ts';

/** TensorFlow.js does these along the last axis alone. */
const alongAxis = (compute: (x: tf.Tensor) => tf.Tensor): Operator => (inputs, attributes, node) => {
  const x = required(inputs, 0, node);
  const axis = positiveAxis(attributes.number('axis', -1), x.rank);
  if (axis === x.rank - 1) return compute(x);
  const order = x.shape.map((_, index) => index);
  order[axis] = x.rank - 1;
  order[x.rank - 1] = axis;
  return tf.transpose(compute(tf.transpose(x, order)), order);
};

export const softmax: Operators = {
  Softmax: alongAxis((x) => tf.softmax(x)),
  LogSoftmax: alongAxis((x) => tf.logSoftmax(x)),
};
