import type { Flow } from '../flow.ts';
import { isObject, field } from '../json.ts';
import { plainWord } from '../layerConfig.ts';
import { activate } from './activation.ts';
import { shown } from './image.ts';
import type { LayerCall, LayerKind } from './layerKind.ts';
import { aligned, broadcast, mergingLayers } from './merging.ts';
import { permute, reshape } from './shaping.ts';

/** An operation's only operand that is a value of the graph, the first one. */
function only(call: LayerCall, operands: readonly unknown[]): Flow {
  const [first] = operands;
  if (!isFlow(first)) throw call.config.unsupported('its first operand is no value of the graph');
  return first;
}

function isFlow(operand: unknown): operand is Flow {
  return isObject(operand) && 'channelsFirst' in operand;
}

/** Numbers of a constant: one, a list, or an array as Keras 3 writes it. */
function numbersOf(call: LayerCall, operand: unknown): number[] {
  const config = isObject(operand) ? field(operand, 'config') : undefined;
  const value = isObject(config) ? field(config, 'value') : operand;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((item) => typeof item === 'number' && Number.isFinite(item))) throw call.config.unsupported('an operand that is neither a value of the graph nor a number or a list of numbers');
  return list as number[];
}

/** An operator of two operands, one of which may be a constant. */
const binary = (opType: string): LayerKind => ({
  operate: (call, operands) => {
    const [left, right] = operands;
    if (operands.length !== 2) throw call.config.error(`it has ${operands.length} operands, it wants 2`);
    if (isFlow(left) && isFlow(right)) {
      if (left.shape.length !== right.shape.length) throw call.config.unsupported(`its operands have ${left.shape.length} and ${right.shape.length} axes`);
      const both = aligned(call, [left, right]);
      return { ...both[0]!, shape: broadcast(call, both), name: call.graph.op(opType, both.map((flow) => flow.name), {}, call.name) };
    }
    const given = only(call, isFlow(left) ? [left] : [right]);
    const numbers = numbersOf(call, isFlow(left) ? right : left);
    const flow = numbers.length > 1 ? { ...given, name: call.graph.plain(given), channelsFirst: false } : given;
    if (numbers.length > 1 && flow.shape.at(-1) !== numbers.length) throw call.config.error(`its operand of ${numbers.length} numbers does not fit the shape [${shown(flow.shape)}]`);
    const constant = numbers.length > 1 ? call.graph.builder.float(numbers) : call.graph.builder.float(numbers[0]!);
    return { ...flow, name: call.graph.op(opType, isFlow(left) ? [flow.name, constant] : [constant, flow.name], {}, call.name) };
  },
});

const unary = (opType: string): LayerKind => ({
  operate: (call, operands) => {
    const flow = only(call, operands);
    return { ...flow, name: call.graph.op(opType, [flow.name], {}, call.name) };
  },
});

const activation = (word: string): LayerKind => ({
  operate: (call, operands) => {
    const flow = only(call, operands);
    const axis = call.config.value('axis') ?? call.config.value('dim') ?? -1;
    if (axis !== -1 && axis !== flow.shape.length - 1) throw call.config.unsupported(`an axis other than the last`);
    const exact = word !== 'gelu' || !call.config.flag('approximate', call.config.dialect === 'keras3');
    return activate(call, flow, exact ? word : 'gelunew')!;
  },
});

/** Everything is computed in 32 bits, so that a change between floats is none. */
const cast: LayerKind = {
  operate: (call, operands) => {
    if (!/^b?float\d+$/.test(call.config.word('dtype', ''))) throw call.config.unsupported(`it casts to ${call.config.word('dtype', '?')}`);
    return only(call, operands);
  },
};

/** A mean, a sum or an extreme over some axes; over all but the batch is not among them. */
const reduction = (opType: string): LayerKind => ({
  operate: (call, operands) => {
    const { graph, config } = call;
    const flow = only(call, operands);
    const rank = flow.shape.length;
    const axes = config.integers('axis')?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? [];
    if (axes.length === 0 || axes.some((axis) => axis < 1 || axis >= rank)) throw config.wrong('axis', `axes of an input of shape [${shown(flow.shape)}], not the batch`);
    if (config.flag('keepdims', false)) {
      const name = graph.op(opType, [flow.name, graph.builder.ints(axes.map((axis) => graph.axis(flow, axis)))], { keepdims: 1 }, call.name);
      return { ...flow, name, shape: flow.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)) };
    }
    const name = graph.op(opType, [graph.plain(flow), graph.builder.ints(axes)], { keepdims: 0 }, call.name);
    return { name, shape: flow.shape.filter((_, axis) => !axes.includes(axis)), channelsFirst: false };
  },
});

const clip: LayerKind = {
  operate: (call, operands) => {
    const { config, graph } = call;
    const flow = only(call, operands);
    const lowest = config.number('x_min', config.number('clip_value_min', -Number.MAX_VALUE));
    const highest = config.number('x_max', config.number('clip_value_max', Number.MAX_VALUE));
    return { ...flow, name: graph.op('Clip', [flow.name, graph.builder.float(Math.max(lowest, -3.4e38)), graph.builder.float(Math.min(highest, 3.4e38))], {}, call.name) };
  },
};

const reshaped: LayerKind = {
  operate: (call, operands) => {
    const flow = only(call, operands);
    const shape = call.config.integers('newshape') ?? call.config.integers('shape') ?? [];
    if (shape[0] !== -1 && shape[0] !== flow.shape[0]) throw call.config.unsupported('it changes the size of the batch');
    return reshape(call, flow, shape.slice(1));
  },
};

const transposed: LayerKind = {
  operate: (call, operands) => {
    const axes = call.config.integers('axes') ?? call.config.integers('perm') ?? [];
    if (axes[0] !== 0) throw call.config.unsupported('it moves the batch');
    return permute(call, only(call, operands), axes.slice(1));
  },
};

const joined: LayerKind = { operate: (call, operands) => mergingLayers['Concatenate']!.join!(call, operands.map((operand) => only(call, [operand]))) };

interface Slice {
  start: number | undefined;
  stop: number | undefined;
  step: number | undefined;
}

/** `x[:, 1:-1, ::2, ::-1]`: slices with numbers; a single index would take an axis away, and is not among them. */
const sliced: LayerKind = {
  operate: (call, operands) => {
    const { graph, config } = call;
    const flow = only(call, operands);
    const rank = flow.shape.length;
    const given = operands[1] ?? config.value('slice_spec');
    const list: unknown[] = Array.isArray(given) ? given : [given];
    const rest = list.findIndex((entry) => isObject(entry) && (field(entry, 'class_name') === '__ellipsis__' || field(entry, 'class_name') === 'Ellipsis'));
    const entries = rest < 0 ? list : [...list.slice(0, rest), ...new Array<unknown>(Math.max(0, rank - list.length + 1)).fill({}), ...list.slice(rest + 1)];
    const slices = entries.map((entry) => sliceOf(call, entry));
    if (slices.length > rank || slices[0]?.start !== undefined || slices[0]?.stop !== undefined || slices[0]?.step !== undefined) throw config.unsupported('it takes a part of the batch');
    const cut = [...slices.entries()].filter(([, slice]) => slice.start !== undefined || slice.stop !== undefined || slice.step !== undefined);
    if (cut.length === 0) return flow;
    const backwards = (slice: Slice): boolean => (slice.step ?? 1) < 0;
    const { builder } = graph;
    const inputs = [
      builder.ints(cut.map(([, slice]) => slice.start ?? (backwards(slice) ? farEnd : 0))),
      builder.ints(cut.map(([, slice]) => slice.stop ?? (backwards(slice) ? -farEnd : farEnd))),
      builder.ints(cut.map(([axis]) => graph.axis(flow, axis))),
      builder.ints(cut.map(([, slice]) => slice.step ?? 1)),
    ];
    const shape = flow.shape.map((dim, axis) => (dim < 0 || !slices[axis] ? dim : lengthOf(slices[axis], dim)));
    if (shape.includes(0)) throw config.error(`it takes nothing of the shape [${shown(flow.shape)}]`);
    return { ...flow, shape, name: graph.op('Slice', [flow.name, ...inputs], {}, call.name) };
  },
};

/** An end that no axis reaches: ONNX cuts up to it. */
const farEnd = 2 ** 31 - 1;

function sliceOf(call: LayerCall, entry: unknown): Slice {
  const fields = isObject(entry) ? (field(entry, 'config') ?? entry) : undefined;
  if (!isObject(fields)) throw call.config.unsupported('it takes single places out of an axis');
  const [start, stop, step] = ['start', 'stop', 'step'].map((key) => field(fields, key));
  for (const value of [start, stop, step]) if (value !== undefined && (!Number.isSafeInteger(value) || Math.abs(value as number) > farEnd)) throw call.config.unsupported('a slice whose ends are not whole numbers');
  if (step === 0) throw call.config.error('it slices in steps of 0');
  return { start, stop, step } as Slice;
}

/** How many places of an axis a slice takes, as Python counts them. */
function lengthOf({ start, stop, step = 1 }: Slice, dim: number): number {
  const bounded = (value: number, lowest: number, highest: number): number => Math.min(Math.max(value < 0 ? value + dim : value, lowest), highest);
  const [from, to] = step > 0
    ? [bounded(start ?? 0, 0, dim), bounded(stop ?? dim, 0, dim)]
    : [bounded(start ?? dim - 1, -1, dim - 1), stop === undefined ? -1 : bounded(stop, -1, dim - 1)];
  return Math.max(0, Math.ceil((to - from) / step));
}

/** Operations in the words of Keras 3 and of TensorFlow's functions, which Keras 2 wraps. */
const named: [keras: string, tensorFlow: string[], kind: LayerKind][] = [
  ['Absolute', ['tf.abs', 'tf.math.abs'], unary('Abs')],
  ['Add', ['tf.__operators__.add', 'tf.math.add', 'tf.add', 'tf.nn.bias_add'], binary('Add')],
  ['Cast', ['tf.cast'], cast],
  ['Clip', ['tf.clip_by_value'], clip],
  ['Concatenate', ['tf.concat'], joined],
  ['Divide', ['tf.math.divide', 'tf.divide'], binary('Div')],
  ['Exp', ['tf.math.exp', 'tf.exp'], unary('Exp')],
  ['GetItem', ['tf.__operators__.getitem'], sliced],
  ['Max', ['tf.math.reduce_max', 'tf.reduce_max'], reduction('ReduceMax')],
  ['Maximum', ['tf.math.maximum', 'tf.maximum'], binary('Max')],
  ['Mean', ['tf.math.reduce_mean', 'tf.reduce_mean'], reduction('ReduceMean')],
  ['Minimum', ['tf.math.minimum', 'tf.minimum'], binary('Min')],
  ['Multiply', ['tf.math.multiply', 'tf.multiply'], binary('Mul')],
  ['Negative', ['tf.math.negative', 'tf.negative'], unary('Neg')],
  ['Power', ['tf.math.pow', 'tf.pow'], binary('Pow')],
  ['Reshape', ['tf.reshape'], reshaped],
  ['Sqrt', ['tf.math.sqrt', 'tf.sqrt'], unary('Sqrt')],
  ['Subtract', ['tf.math.subtract', 'tf.subtract', 'tf.__operators__.sub'], binary('Sub')],
  ['Sum', ['tf.math.reduce_sum', 'tf.reduce_sum'], reduction('ReduceSum')],
  ['Transpose', ['tf.transpose', 'tf.compat.v1.transpose'], transposed],
  ['TrueDivide', ['tf.math.truediv', 'tf.truediv'], binary('Div')],
  ...['Elu', 'Gelu', 'HardSigmoid', 'HardSilu', 'LogSoftmax', 'Relu', 'Relu6', 'Selu', 'Sigmoid', 'Silu', 'Softmax', 'Softplus', 'Tanh'].map((name): [string, string[], LayerKind] => {
    const snake = name.replace(/(?<=[a-z])(?=[A-Z])/, '_').toLowerCase();
    return [name, [`tf.nn.${snake}`, `tf.math.${snake}`, `tf.keras.activations.${snake}`, `tf.keras.backend.${snake}`], activation(plainWord(name))];
  }),
];

/** Operations that stand in a model beside its layers. */
export const operations: Record<string, LayerKind> = Object.fromEntries(named.flatMap(([keras, tensorFlow, kind]) => [`ops.${keras}`, ...tensorFlow].map((name) => [name, kind])));
