import * as tf from '@tensorflow/tfjs-core';
import { required, type Operators } from './operator.ts';

/** Matrix products. */
export const linear: Operators = {
  MatMul: (inputs, _attributes, node) => product(required(inputs, 0, node), required(inputs, 1, node)),

  Gemm: (inputs, attributes, node) => {
    const [a, b, c] = [required(inputs, 0, node), required(inputs, 1, node), inputs[2]];
    const scaled = scale(tf.matMul(a, b, attributes.number('transA', 0) !== 0, attributes.number('transB', 0) !== 0), attributes.number('alpha', 1));
    return c ? tf.add(scaled, scale(c, attributes.number('beta', 1))) : scaled;
  },
};

function scale(x: tf.Tensor, factor: number): tf.Tensor {
  return factor === 1 ? x : tf.mul(x, factor);
}

/** NumPy's matmul: vectors become matrices for the product, the dimensions before the last two are broadcast. */
function product(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.rank === 1) {
    const y = product(tf.expandDims(a, 0), b);
    return tf.squeeze(y, [b.rank === 1 ? 0 : y.rank - 2]);
  }
  if (b.rank === 1) {
    const y = product(a, tf.expandDims(b, 1));
    return tf.squeeze(y, [y.rank - 1]);
  }
  // One product of two matrices, which is also the form whose gradient needs no broadcast.
  if (b.rank === 2) {
    const y = tf.matMul(tf.reshape(a, [-1, a.shape[a.rank - 1]!]), b);
    return tf.reshape(y, [...a.shape.slice(0, -1), b.shape[1]!]);
  }
  // The gradient of a batched product does not sum over broadcast dimensions; that of an explicit broadcast does.
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return tf.matMul(expand(a, batch), expand(b, batch));
}

function expand(x: tf.Tensor, batch: number[]): tf.Tensor {
  const shape = [...batch, ...x.shape.slice(-2)];
  return shape.length === x.rank && shape.every((size, axis) => size === x.shape[axis]) ? x : tf.broadcastTo(x, shape);
}
