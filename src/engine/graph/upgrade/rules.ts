import { listOf, numberOf, textOf, type UpgradeContext, type UpgradeRule } from './context.ts';
import type { NodeProto } from '../onnx_pb.ts';

/** A list that was an attribute before some version and is an input since. */
function attributeToInput(name: string, since: number, index: number): UpgradeRule {
  return (context, node) => {
    const values = listOf(node, name);
    if (context.from >= since || !values) return false;
    const inputs = Array.from({ length: index }, (_, at) => node.input[at] ?? '');
    return context.change(node, [...inputs, context.ints(node, name, values)], [name]);
  };
}

const axesSince18 = attributeToInput('axes', 18, 1);

/** Softmax and its like took everything from `axis` on as one row before version 13. */
const flattenedSoftmax: UpgradeRule = (context, node) => {
  if (context.from >= 13) return false;
  const axis = numberOf(node, 'axis') ?? 1;
  const input = node.input[0]!;
  const rank = context.rank(input) ?? context.rank(node.output[0]!);
  if (axis === -1 || axis + 1 === rank) return context.change(node, [input], [], { axis: -1 });
  const shape = context.add(node, 'Shape', [input]);
  const rows = context.add(node, node.opType, [context.add(node, 'Flatten', [input], { axis })], { axis: -1 });
  return context.replace(node, 'Reshape', [rows, shape], {});
};

const clip: UpgradeRule = (context, node) => {
  if (context.from >= 11) return false;
  const limit = (name: 'min' | 'max'): string => {
    const value = numberOf(node, name);
    return value === undefined ? '' : context.float(node, name, value);
  };
  return context.change(node, [node.input[0]!, limit('min'), limit('max')], ['min', 'max']);
};

const slice: UpgradeRule = (context, node) => {
  if (context.from >= 10) return false;
  const starts = listOf(node, 'starts') ?? [];
  const axes = listOf(node, 'axes') ?? starts.map((_, axis) => axis);
  const inputs = [node.input[0]!, context.ints(node, 'starts', starts), context.ints(node, 'ends', listOf(node, 'ends') ?? []), context.ints(node, 'axes', axes)];
  return context.change(node, inputs, ['starts', 'ends', 'axes']);
};

const pad: UpgradeRule = (context, node) => {
  if (context.from >= 11) return false;
  const value = numberOf(node, 'value') ?? 0;
  const inputs = [node.input[0]!, context.ints(node, 'pads', listOf(node, 'pads') ?? []), value === 0 ? '' : context.float(node, 'value', value)];
  return context.change(node, inputs, ['pads', 'value']);
};

/** At inference nothing is dropped. A mask that is read, or a training mode that is not fixed at false, keeps the node. */
const dropout: UpgradeRule = (context, node) => {
  const mode = node.input[2] ?? '';
  if (context.isRead(node.output[1] ?? '') || (mode !== '' && context.constant(mode)?.[0] !== 0)) return false;
  return context.replace(node, 'Identity', [node.input[0]!], {}, [node.output[0]!]);
};

const batchNormalization: UpgradeRule = (context, node) => {
  if (context.from >= 14) return false;
  if (numberOf(node, 'spatial') === 0) context.fail(node, 'has statistics for each place (spatial = 0)');
  if (node.output.slice(1).some((output) => context.isRead(output))) context.fail(node, 'gives its running statistics');
  context.change(node, [...node.input], ['spatial', 'is_test', 'consumed_inputs']);
  context.nodes.at(-1)!.output = node.output.slice(0, 1);
  return true;
};

const upsample: UpgradeRule = (context, node) => {
  const scales = node.input[1] ?? context.floats(node, 'scales', listOf(node, 'scales') ?? []);
  return resized(context, node, scales, 'floor');
};

const resize: UpgradeRule = (context, node) => {
  if (context.from >= 11) {
    if (textOf(node, 'coordinate_transformation_mode') === 'tf_half_pixel_for_nn') context.fail(node, 'has coordinate_transformation_mode tf_half_pixel_for_nn');
    // Version 11 wants all of its inputs and takes an empty one for absent; later ones have it absent.
    const inputs = node.input.map((input, index) => (index > 0 && context.constant(input)?.length === 0 ? '' : input));
    return inputs.some((input, index) => input !== node.input[index]) && context.change(node, inputs, []);
  }
  const scales = context.constant(node.input[1]!);
  const shrinks = scales?.some((scale) => scale < 1) ?? false;
  if (shrinks && scales!.some((scale) => scale > 1) && textOf(node, 'mode') !== 'linear') context.fail(node, 'shrinks one axis and stretches another');
  // ONNX Runtime took the next place when it shrank by version 10, and the one before when it stretched.
  return resized(context, node, node.input[1]!, shrinks ? 'ceil' : 'floor');
};

function resized(context: UpgradeContext, node: NodeProto, scales: string, nearest: 'floor' | 'ceil'): true {
  const mode = textOf(node, 'mode') === 'nearest' || textOf(node, 'mode') === undefined ? 'nearest' : 'linear';
  return context.replace(node, 'Resize', [node.input[0]!, '', scales], {
    mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: mode === 'nearest' ? nearest : undefined,
  });
}

const split: UpgradeRule = (context, node) => {
  if (context.from >= 18) return false;
  const sizes = listOf(node, 'split');
  if (sizes) return context.change(node, [node.input[0]!, context.ints(node, 'split', sizes)], ['split']);
  return (node.input[1] ?? '') === '' && context.change(node, [node.input[0]!], [], { num_outputs: node.output.length });
};

const topK: UpgradeRule = (context, node) => {
  const k = numberOf(node, 'k');
  return context.from < 10 && k !== undefined && context.change(node, [node.input[0]!, context.ints(node, 'k', [k])], ['k']);
};

const scatter: UpgradeRule = (context, node) => context.replace(node, 'ScatterElements', [...node.input], { axis: numberOf(node, 'axis') ?? 0 });

/** Its pixels' coordinates were meant otherwise before version 16. */
const roiAlign: UpgradeRule = (context, node) => context.from < 16 && context.change(node, [...node.input], [], { coordinate_transformation_mode: 'output_half_pixel' });

/** How nodes of older forms become those of operator set 18; operators that are not here have kept their form. */
export const rules: Readonly<Record<string, UpgradeRule | undefined>> = {
  BatchNormalization: batchNormalization,
  Clip: clip,
  Dropout: dropout,
  Hardmax: flattenedSoftmax,
  LogSoftmax: flattenedSoftmax,
  Pad: pad,
  ReduceL1: axesSince18,
  ReduceL2: axesSince18,
  ReduceLogSum: axesSince18,
  ReduceLogSumExp: axesSince18,
  ReduceMax: axesSince18,
  ReduceMean: axesSince18,
  ReduceMin: axesSince18,
  ReduceProd: axesSince18,
  ReduceSum: attributeToInput('axes', 13, 1),
  ReduceSumSquare: axesSince18,
  Resize: resize,
  RoiAlign: roiAlign,
  Scatter: scatter,
  Slice: slice,
  Softmax: flattenedSoftmax,
  Split: split,
  Squeeze: attributeToInput('axes', 13, 1),
  TopK: topK,
  Unsqueeze: attributeToInput('axes', 13, 1),
  Upsample: upsample,
};
