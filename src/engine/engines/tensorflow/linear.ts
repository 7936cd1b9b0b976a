import * as tf from '@tensorflow/tfjs-core';
import { parseEinsum, type Contraction, type Letters } from '../../graph/einsum.ts';
import type { NodeProto } from '../../graph/onnx_pb.ts';
import { required, unsupported, type Operators } from './operator.ts';
import { integers } from './tensors.ts';

/** Matrix products. */
export const linear: Operators = {
  MatMul: (inputs, _attributes, node) => product(required(inputs, 0, node), required(inputs, 1, node)),

  Gemm: (inputs, attributes, node) => {
    const [a, b, c] = [required(inputs, 0, node), required(inputs, 1, node), inputs[2]];
    const scaled = scale(tf.matMul(a, b, attributes.number('transA', 0) !== 0, attributes.number('transB', 0) !== 0), attributes.number('alpha', 1));
    return c ? tf.add(scaled, scale(c, attributes.number('beta', 1))) : scaled;
  },

  // As PyTorch exports it by operator set 23: [batch, heads, places, size] each, no cache.
  Attention: (inputs, attributes, node) => {
    const [q, k, v] = [required(inputs, 0, node), required(inputs, 1, node), required(inputs, 2, node)];
    const mask = inputs[3];
    if ([q, k, v].some((x) => x.rank !== 4 || x.shape[1] !== q.shape[1])) throw unsupported('order of heads', node);
    for (const name of ['is_causal', 'softcap', 'qk_matmul_output_mode']) if (attributes.number(name, 0) !== 0) throw unsupported(name, node);
    if (inputs.slice(4).some((input) => input) || node.output.slice(1).some((output) => output !== '')) throw unsupported('cache of keys and values', node);
    const scores = tf.mul(tf.matMul(q, k, false, true), attributes.number('scale', 1 / Math.sqrt(q.shape[3]!)));
    const switched = mask?.dtype === 'bool' ? tf.mul(tf.sub(1, tf.cast(mask, 'float32')), -1e30) : mask;
    return tf.matMul(tf.softmax(switched ? tf.add(scores, switched) : scores), v);
  },

  Einsum: (inputs, attributes, node) => {
    const operands = inputs.map((_, index) => required(inputs, index, node));
    const { operands: letters, output } = contraction(attributes.text('equation', ''), operands, node);
    const [first, ...more] = operands.map((tensor, index) => diagonal({ tensor, letters: letters[index]! }));
    const result = more.reduce((left, operand, index) => {
      // What neither the result nor a later operand reads is summed over.
      const wanted = [...output, ...letters.slice(index + 2).flat()];
      return multiply(left, operand, wanted);
    }, first!);
    return arranged(summed(result, output), output);
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

/** A tensor whose axes have letters. */
interface Lettered {
  tensor: tf.Tensor;
  letters: Letters;
}

function contraction(equation: string, operands: readonly tf.Tensor[], node: NodeProto): Contraction {
  try {
    return parseEinsum(equation, operands.map(({ rank }) => rank));
  } catch (error) {
    throw unsupported(error instanceof Error ? error.message : String(error), node);
  }
}

/** Axes with the same letter as one, their diagonal. */
function diagonal(operand: Lettered): Lettered {
  const { tensor, letters } = operand;
  const second = letters.findIndex((letter, axis) => letters.indexOf(letter) !== axis);
  if (second < 0) return operand;
  const first = letters.indexOf(letters[second]!);
  const size = tensor.shape[first]!;
  const others = letters.flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]));
  const matrices = tf.reshape(tf.transpose(tensor, [first, second, ...others]), [size * size, ...others.map((axis) => tensor.shape[axis]!)]);
  return diagonal({ letters: [letters[first]!, ...others.map((axis) => letters[axis]!)], tensor: tf.gather(matrices, integers(Array.from({ length: size }, (_, place) => place * (size + 1)))) });
}

/** The sum over the axes that are not wanted. */
function summed({ tensor, letters }: Lettered, wanted: Letters): Lettered {
  const axes = letters.flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis]));
  return axes.length === 0 ? { tensor, letters } : { tensor: tf.sum(tensor, axes), letters: letters.filter((letter) => wanted.includes(letter)) };
}

function arranged({ tensor, letters }: Lettered, order: Letters): tf.Tensor {
  return letters.join() === order.join() ? tensor : tf.transpose(tensor, order.map((letter) => letters.indexOf(letter)));
}

/** One batched product of matrices: [batch, left, shared] · [batch, shared, right]. */
function multiply(left: Lettered, right: Lettered, wanted: Letters): Lettered {
  const a = summed(left, [...wanted, ...right.letters]);
  const b = summed(right, [...wanted, ...a.letters]);
  const batch = a.letters.filter((letter) => b.letters.includes(letter) && wanted.includes(letter));
  const shared = a.letters.filter((letter) => b.letters.includes(letter) && !wanted.includes(letter));
  const own = { a: a.letters.filter((letter) => !b.letters.includes(letter)), b: b.letters.filter((letter) => !a.letters.includes(letter)) };
  const sizes = new Map([a, b].flatMap(({ letters, tensor }) => letters.map((letter, axis) => [letter, tensor.shape[axis]!] as const)));
  const dims = (letters: Letters): number[] => letters.map((letter) => sizes.get(letter)!);
  const size = (letters: Letters): number => dims(letters).reduce((total, dim) => total * dim, 1);
  const x = tf.reshape(arranged(a, [...batch, ...own.a, ...shared]), [size(batch), size(own.a), size(shared)]);
  const y = tf.reshape(arranged(b, [...batch, ...shared, ...own.b]), [size(batch), size(shared), size(own.b)]);
  const letters = [...batch, ...own.a, ...own.b];
  return { letters, tensor: tf.reshape(tf.matMul(x, y), dims(letters)) };
}
