import * as tf from '@tensorflow/tfjs-core';
import { required, unsupported, withoutGradient, type Attributes, type Operator, type Operators } from './operator.ts';
import { valuesOf } from './tensors.ts';

const activation = (compute: (x: tf.Tensor, attributes: Attributes) => tf.Tensor): Operator =>
  (inputs, attributes, node) => compute(required(inputs, 0, node), attributes);

/** Negative part of x, where the exponential of a positive one could overflow and spoil the gradient. */
const negativePart = (x: tf.Tensor) => tf.neg(tf.relu(tf.neg(x)));

const hardSigmoid = (x: tf.Tensor, alpha: number, beta: number) => tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);

/** Activation functions; defaults of their parameters are those of the ONNX operator definitions. */
export const activations: Operators = {
  Relu: activation((x) => tf.relu(x)),
  LeakyRelu: activation((x, attributes) => tf.leakyRelu(x, attributes.number('alpha', 0.01))),
  // relu(x) − slope · relu(−x): unlike TensorFlow.js's own, for a slope of any shape that can be broadcast.
  PRelu: (inputs, _attributes, node) => {
    const x = required(inputs, 0, node);
    return tf.sub(tf.relu(x), tf.mul(required(inputs, 1, node), tf.relu(tf.neg(x))));
  },
  ThresholdedRelu: activation((x, attributes) => tf.mul(x, tf.step(tf.sub(x, attributes.number('alpha', 1))))),
  Elu: activation((x, attributes) => tf.add(tf.relu(x), tf.mul(tf.expm1(negativePart(x)), attributes.number('alpha', 1)))),
  Celu: activation((x, attributes) => {
    const alpha = attributes.number('alpha', 1);
    return tf.add(tf.relu(x), tf.mul(tf.expm1(tf.div(negativePart(x), alpha)), alpha));
  }),
  // Klambauer et al. 2017, in the digits of the operator's definition.
  Selu: activation((x, attributes) => tf.mul(
    tf.add(tf.relu(x), tf.mul(tf.expm1(negativePart(x)), attributes.number('alpha', 1.67326319217681884765625))),
    attributes.number('gamma', 1.05070102214813232421875),
  )),
  Sigmoid: activation((x) => tf.sigmoid(x)),
  Tanh: activation((x) => tf.tanh(x)),
  Softplus: activation((x) => tf.softplus(x)),
  Softsign: activation((x) => tf.div(x, tf.add(tf.abs(x), 1))),
  HardSigmoid: activation((x, attributes) => hardSigmoid(x, attributes.number('alpha', 0.2), attributes.number('beta', 0.5))),
  HardSwish: activation((x) => tf.mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Swish: activation((x, attributes) => tf.mul(x, tf.sigmoid(tf.mul(x, attributes.number('alpha', 1))))),
  Mish: activation((x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  // Hendrycks & Gimpel 2016: exact with the error function, or its approximation by a hyperbolic tangent.
  Gelu: activation((x, attributes) => {
    const share = attributes.text('approximate', 'none') === 'tanh'
      ? tf.tanh(tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI)))
      : tf.erf(tf.div(x, Math.SQRT2));
    return tf.mul(tf.mul(x, 0.5), tf.add(share, 1));
  }),
  Shrink: activation((x, attributes) => {
    const bias = attributes.number('bias', 0);
    const outside = withoutGradient((value) => tf.greater(tf.abs(value), attributes.number('lambd', 0.5)))(x);
    return tf.mul(tf.sub(x, tf.mul(tf.sign(x), bias)), tf.cast(outside, 'float32'));
  }),
  Dropout: (inputs, _attributes, node) => {
    const x = required(inputs, 0, node);
    if (inputs[2] && valuesOf(inputs[2])[0] !== 0) throw unsupported('training_mode', node);
    return node.output.length > 1 ? [x, tf.cast(tf.onesLike(x), 'bool')] : x;
  },
};
