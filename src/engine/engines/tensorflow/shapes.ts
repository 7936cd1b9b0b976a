import * as tf from '@tensorflow/tfjs-core';
import { decodeTensor } from '../../graph/tensor.ts';
import type { TensorProto } from '../../graph/onnx_pb.ts';
import { positiveAxis, required, unsupported, withoutGradient, type Operators } from './operator.ts';
import { deviceTypeOfCode, integers, upload, valuesOf } from './tensors.ts';

/** Operators that change a tensor's shape or type, and those that make tensors of nothing. */
export const shapes: Operators = {
  Identity: (inputs, _attributes, node) => required(inputs, 0, node),

  Reshape: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const keepZeros = attributes.number('allowzero', 0) !== 0;
    const shape = valuesOf(required(inputs, 1, node)).map((size, axis) => (size === 0 && !keepZeros ? x.shape[axis]! : size));
    return tf.reshape(x, shape);
  },

  Flatten: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axis = positiveAxis(attributes.number('axis', 1), x.rank);
    const product = (sizes: number[]) => sizes.reduce((size, next) => size * next, 1);
    return tf.reshape(x, [product(x.shape.slice(0, axis)), product(x.shape.slice(axis))]);
  },

  Transpose: (inputs, attributes, node) => tf.transpose(required(inputs, 0, node), attributes.numbers('perm')),

  Squeeze: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axes = inputs[1] ? [...valuesOf(inputs[1])] : attributes.numbers('axes');
    const removed = axes?.map((axis) => positiveAxis(axis, x.rank));
    return tf.reshape(x, x.shape.filter((size, axis) => (removed ? !removed.includes(axis) : size !== 1)));
  },

  Unsqueeze: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axes = inputs[1] ? [...valuesOf(inputs[1])] : attributes.numbers('axes') ?? [];
    const rank = x.rank + axes.length;
    const shape = [...x.shape];
    for (const axis of axes.map((value) => positiveAxis(value, rank)).sort((a, b) => a - b)) shape.splice(axis, 0, 1);
    return tf.reshape(x, shape);
  },

  Expand: (inputs, _attributes, node) => {
    const x = required(inputs, 0, node);
    return tf.broadcastTo(x, tf.broadcast_util.assertAndGetBroadcastShape(x.shape, [...valuesOf(required(inputs, 1, node))]));
  },

  Cast: (inputs, attributes, node) => cast(required(inputs, 0, node), deviceTypeOfCode(attributes.number('to', 1))),
  CastLike: (inputs, _attributes, node) => cast(required(inputs, 0, node), required(inputs, 1, node).dtype),

  Shape: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    return integers(x.shape.slice(attributes.number('start', 0), attributes.has('end') ? attributes.number('end', 0) : undefined));
  },
  Size: (inputs, _attributes, node) => integers([required(inputs, 0, node).size], []),

  Constant: (_inputs, attributes, node) => {
    const tensor = attributes.raw('value');
    if (typeof tensor === 'object' && 'rawData' in tensor) return upload(decodeTensor(tensor));
    if (attributes.has('value_float')) return tf.scalar(attributes.number('value_float', 0), 'float32');
    if (attributes.has('value_floats')) return tf.tensor1d(attributes.numbers('value_floats') ?? [], 'float32');
    if (attributes.has('value_int')) return integers([attributes.number('value_int', 0)], []);
    if (attributes.has('value_ints')) return integers(attributes.numbers('value_ints') ?? []);
    throw unsupported('kind of constant', node);
  },

  ConstantOfShape: (inputs, attributes, node) => {
    const value = attributes.raw('value') as TensorProto | undefined;
    const element = value ? upload(decodeTensor(value)) : tf.scalar(0, 'float32');
    return tf.broadcastTo(tf.reshape(element, []), [...valuesOf(required(inputs, 0, node))]);
  },

  Range: (inputs, _attributes, node) => {
    const [start, limit, delta] = [0, 1, 2].map((index) => valuesOf(required(inputs, index, node))[0]!) as [number, number, number];
    const values = Array.from({ length: Math.max(Math.ceil((limit - start) / delta), 0) }, (_, index) => start + index * delta);
    return required(inputs, 0, node).dtype === 'int32' ? integers(values) : tf.tensor1d(values, 'float32');
  },

  Col2Im: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const [size, block] = [[...valuesOf(required(inputs, 1, node))], [...valuesOf(required(inputs, 2, node))]];
    const ones = block.map(() => 1);
    const [strides, dilations] = [attributes.numbers('strides') ?? ones, attributes.numbers('dilations') ?? ones];
    const pads = attributes.numbers('pads') ?? [...ones, ...ones].map(() => 0);
    const padded = size.map((length, axis) => length + pads[axis]! + pads[axis + block.length]!);
    const counts = padded.map((length, axis) => Math.floor((length - dilations[axis]! * (block[axis]! - 1) - 1) / strides[axis]!) + 1);
    const positions = block.reduce((product, length) => product * length, 1);
    const [batch, columns] = x.shape as [number, number];
    const parts = tf.unstack(tf.reshape(x, [batch, columns / positions, positions, ...counts]), 2);
    const placed = parts.map((part, index) => block.reduceRight<{ value: tf.Tensor; rest: number }>(({ value, rest }, length, axis) => ({
      rest: Math.floor(rest / length), value: placeAlong(value, axis + 2, { step: strides[axis]!, start: (rest % length) * dilations[axis]!, size: padded[axis]! }),
    }), { value: part, rest: index }).value);
    return tf.slice(tf.addN(placed), [0, 0, ...pads.slice(0, block.length)], [batch, columns / positions, ...size]);
  },

  DepthToSpace: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const block = attributes.number('blocksize', 1);
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const kept = channels / block ** 2;
    const columnsFirst = attributes.text('mode', 'DCR') === 'CRD';
    const blocks = tf.reshape(x, columnsFirst ? [batch, kept, block, block, height, width] : [batch, block, block, kept, height, width]);
    return tf.reshape(tf.transpose(blocks, columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]), [batch, kept, height * block, width * block]);
  },

  SpaceToDepth: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const block = attributes.number('blocksize', 1);
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const blocks = tf.reshape(x, [batch, channels, height / block, block, width / block, block]);
    return tf.reshape(tf.transpose(blocks, [0, 3, 5, 1, 2, 4]), [batch, channels * block ** 2, height / block, width / block]);
  },
};

/** An axis' places at every `step`-th place of a longer one, from `start`; zeros between and around them. */
function placeAlong(x: tf.Tensor, axis: number, { step, start, size }: Record<'step' | 'start' | 'size', number>): tf.Tensor {
  const length = x.shape[axis]!;
  const widened = (by: [number, number], value: tf.Tensor, at: number): tf.Tensor => tf.pad(value, value.shape.map((_, index): [number, number] => (index === at ? by : [0, 0])));
  const spread = step === 1 ? x : tf.reshape(widened([0, step - 1], tf.expandDims(x, axis + 1), axis + 1), x.shape.map((dim, index) => (index === axis ? dim * step : dim)));
  const reach = (length - 1) * step + 1;
  const cut = tf.slice(spread, x.shape.map(() => 0), x.shape.map((dim, index) => (index === axis ? reach : dim)));
  return widened([start, size - start - reach], cut, axis);
}

/** Every number but 0 is true; TensorFlow.js's own cast to truth values keeps other numbers as they are on some backends. */
function cast(x: tf.Tensor, type: tf.DataType): tf.Tensor {
  return type === 'bool' && x.dtype !== 'bool' ? withoutGradient((value) => tf.notEqual(value, 0))(x) : tf.cast(x, type);
}
