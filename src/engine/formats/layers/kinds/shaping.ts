import { range, type Flow } from '../flow.ts';
import { flowOf, imageOf, shown } from './image.ts';
import type { LayerCall, LayerKind } from './layerKind.ts';

/** Product of the dimensions, −1 where one is open. */
function product(dims: readonly number[]): number {
  return dims.some((dim) => dim < 0) ? -1 : dims.reduce((size, dim) => size * dim, 1);
}

function flatten(call: LayerCall, input: Flow): Flow {
  const { graph } = call;
  const shape = [input.shape[0]!, product(input.shape.slice(1))];
  const rank = input.shape.length;
  // A layer that counts channels first flattens as if they came last.
  const value = call.config.channelsFirst && rank > 2
    ? graph.op('Transpose', [graph.plain(input)], { perm: [0, ...range(2, rank), 1] }, `${call.name}/channels_last`)
    : graph.rowMajor(input);
  return { name: graph.op('Flatten', [value], { axis: 1 }, call.name), shape, channelsFirst: false };
}

/** Values in another shape; `wanted` leaves the batch out, and −1 in it is what is left. */
export function reshape(call: LayerCall, input: Flow, wanted: readonly number[]): Flow {
  const { graph, config } = call;
  const target = wanted.map((dim) => (dim < 0 ? -1 : dim));
  const size = product(input.shape.slice(1));
  const open = target.indexOf(-1);
  const known = product(target.filter((dim) => dim >= 0));
  const filled = size >= 0 && open >= 0 && known > 0 ? target.with(open, size / known) : target;
  if (target.length === 0 || target.includes(0) || target.lastIndexOf(-1) !== open || !filled.every(Number.isSafeInteger) || (size >= 0 && product(filled) !== size)) {
    throw config.error(`its input of shape [${shown(input.shape)}] does not fit its target_shape [${shown(target)}]`);
  }
  const shape = [input.shape[0]!, ...filled];
  // What is one place wide is laid out for the image layer that follows it, as in a squeeze-and-excitation block.
  const channelsFirst = filled.length > 2 && filled.slice(0, -1).every((dim) => dim === 1);
  const dims = channelsFirst ? [filled.at(-1)!, ...filled.slice(0, -1)] : filled;
  return { name: graph.op('Reshape', [graph.rowMajor(input), graph.builder.ints([0, ...dims])], {}, call.name), shape, channelsFirst };
}

/** Axes in another order; `dims` counts from 1 and leaves the batch out. */
export function permute(call: LayerCall, input: Flow, dims: readonly number[]): Flow {
  const { graph, config } = call;
  const rank = input.shape.length;
  if (dims.length !== rank - 1 || range(1, rank).some((axis) => !dims.includes(axis))) throw config.error(`it orders the axes as ${shown(dims)}, expected 1 to ${rank - 1} in some order`);
  const order = [0, ...dims];
  const shape = order.map((axis) => input.shape[axis]!);
  const stored = order.map((axis) => graph.axis(input, axis));
  if (stored.every((axis, place) => axis === place)) return { name: input.name, shape, channelsFirst: false };
  return { name: graph.op('Transpose', [input.name], { perm: stored }, call.name), shape, channelsFirst: false };
}

/** What is added or cut before and after rows and columns: a number, one for each, or two for each. */
function margins(call: LayerCall, key: string, fallback: number): [before: number, after: number][] {
  const value = call.config.value(key) ?? fallback;
  const list = Array.isArray(value) ? (value as unknown[]) : [value, value];
  const pairs = list.map((item) => (Array.isArray(item) ? (item as unknown[]) : [item, item]));
  if (pairs.length !== 2 || !pairs.every((pair) => pair.length === 2 && pair.every((size) => Number.isSafeInteger(size) && (size as number) >= 0))) {
    throw call.config.wrong(key, 'whole numbers for rows and columns');
  }
  return pairs as [number, number][];
}

function zeroPadding(call: LayerCall, input: Flow): Flow {
  const image = imageOf(call, input, 2);
  const [rows, columns] = margins(call, 'padding', 1) as [[number, number], [number, number]];
  const pads = call.graph.builder.ints([0, 0, rows[0], columns[0], 0, 0, rows[1], columns[1]]);
  const spatial = image.spatial.map((dim, axis) => (dim < 0 ? -1 : dim + [rows, columns][axis]!.reduce((sum, size) => sum + size, 0)));
  const name = call.graph.op('Pad', [image.name, pads], {}, call.name);
  return flowOf(call, input, { ...image, name, spatial });
}

/** An end that no axis reaches: ONNX cuts up to it. */
const farEnd = Number.MAX_SAFE_INTEGER;

function cropping(call: LayerCall, input: Flow): Flow {
  const { builder } = call.graph;
  const image = imageOf(call, input, 2);
  const cut = margins(call, 'cropping', 0);
  const spatial = image.spatial.map((dim, axis) => (dim < 0 ? -1 : dim - cut[axis]![0] - cut[axis]![1]));
  if (spatial.some((dim) => dim === 0 || dim < -1)) throw call.config.error(`it cuts all of its input of ${shown(image.spatial)}`);
  const inputs = [builder.ints(cut.map(([before]) => before)), builder.ints(cut.map(([, after]) => (after === 0 ? farEnd : -after))), builder.ints([2, 3])];
  return flowOf(call, input, { ...image, name: call.graph.op('Slice', [image.name, ...inputs], {}, call.name), spatial });
}

/**
 * How a picture is read between its pixels, in the words of ONNX's Resize: scaled from the corner of the picture, or, with
 * `half_pixel`, from the middle of its first pixel.
 */
function interpolation(call: LayerCall, coordinates: 'asymmetric' | 'half_pixel', fallback: string): Record<string, string> {
  const word = call.config.word('interpolation', fallback);
  if (word === 'bilinear') return { mode: 'linear', coordinate_transformation_mode: coordinates };
  if (word !== 'nearest') throw call.config.unsupported(`interpolation ${word}`);
  return { mode: 'nearest', coordinate_transformation_mode: coordinates, nearest_mode: coordinates === 'asymmetric' ? 'floor' : 'round_prefer_ceil' };
}

function upSampling(call: LayerCall, input: Flow): Flow {
  const image = imageOf(call, input, 2);
  const size = call.config.counts('size', 2, 2);
  // TensorFlow.js scales from the corner, where Keras begins in the middle of the first pixel; it is the same for `nearest`.
  const keras = call.config.dialect !== 'tensorFlowJs' && call.config.word('interpolation', 'nearest') === 'bilinear';
  const attributes = interpolation(call, keras ? 'half_pixel' : 'asymmetric', 'nearest');
  const result = call.graph.op('Resize', [image.name, '', call.graph.builder.float([1, 1, ...size])], attributes, call.name);
  return flowOf(call, input, { ...image, name: result, spatial: image.spatial.map((dim, axis) => (dim < 0 ? -1 : dim * size[axis]!)) });
}

/** The middle of a picture that is at least as large; the odd row or column is left out before. */
function centerCrop(call: LayerCall, input: Flow): Flow {
  const { config } = call;
  const { builder } = call.graph;
  const image = imageOf(call, input, 2);
  const spatial = [config.count('height', 0), config.count('width', 0)];
  if (image.spatial.some((dim, axis) => dim < spatial[axis]!)) {
    throw config.unsupported(`it crops ${shown(image.spatial)} to ${shown(spatial)}, which is done only where the picture is known to be as large`);
  }
  const start = image.spatial.map((dim, axis) => Math.floor((dim - spatial[axis]!) / 2));
  const result = call.graph.op('Slice', [image.name, builder.ints(start), builder.ints(start.map((at, axis) => at + spatial[axis]!)), builder.ints([2, 3])], {}, call.name);
  return flowOf(call, input, { ...image, name: result, spatial });
}

/** As Keras does it: TensorFlow.js has the layer too, but cannot run it inside a model. */
function resizing(call: LayerCall, input: Flow): Flow {
  const { config, graph } = call;
  for (const setting of ['antialias', 'crop_to_aspect_ratio', 'pad_to_aspect_ratio']) if (config.flag(setting, false)) throw config.unsupported(setting);
  const image = imageOf(call, input, 2);
  const spatial = [config.count('height', 0), config.count('width', 0)];
  // ONNX Runtime 1.30 does not take sizes for some of the axes, so that batch and channels are read from the input.
  const kept = graph.op('Shape', [image.name], { start: 0, end: 2 }, `${call.name}/kept`);
  const sizes = graph.op('Concat', [kept, graph.builder.ints(spatial)], { axis: 0 }, `${call.name}/sizes`);
  const result = graph.op('Resize', [image.name, '', '', sizes], interpolation(call, 'half_pixel', 'bilinear'), call.name);
  return flowOf(call, input, { ...image, name: result, spatial });
}

/** One number, or one for each channel. */
function perChannel(call: LayerCall, key: string, fallback: number): number[] {
  const value = call.config.value(key) ?? fallback;
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if (list.length === 0 || !list.every((item) => typeof item === 'number' && Number.isFinite(item))) throw call.config.wrong(key, 'a number, or one for each channel');
  return list as number[];
}

function rescaling(call: LayerCall, input: Flow): Flow {
  const { graph } = call;
  const scale = perChannel(call, 'scale', 1);
  const offset = perChannel(call, 'offset', 0);
  const flow = scale.length > 1 || offset.length > 1 ? { ...input, name: graph.plain(input), channelsFirst: false } : input;
  const constant = (values: number[]): string => (values.length === 1 ? graph.builder.float(values[0]!) : graph.builder.float(values));
  const shifts = offset.some((value) => value !== 0);
  const scaled = graph.op('Mul', [flow.name, constant(scale)], {}, shifts ? `${call.name}/scaled` : call.name);
  return { ...flow, name: shifts ? graph.op('Add', [scaled, constant(offset)], {}, call.name) : scaled };
}

function repeatVector(call: LayerCall, input: Flow): Flow {
  const { graph } = call;
  const times = call.config.count('n', 0);
  if (input.shape.length !== 2) throw call.config.error(`its input has the shape [${shown(input.shape)}], it wants 2 axes`);
  const single = graph.op('Unsqueeze', [input.name, graph.builder.ints([1])], {}, `${call.name}/single`);
  return { name: graph.op('Expand', [single, graph.builder.ints([1, times, 1])], {}, call.name), shape: [input.shape[0]!, times, input.shape[1]!], channelsFirst: false };
}

/** Layers that move, cut, repeat or scale values and learn nothing. */
export const shapingLayers: Record<string, LayerKind> = {
  CenterCrop: { build: centerCrop },
  Cropping2D: { build: cropping },
  Flatten: { build: flatten },
  Permute: { build: (call, input) => permute(call, input, call.config.integers('dims') ?? []) },
  RepeatVector: { build: repeatVector },
  Rescaling: { build: rescaling },
  Reshape: { build: (call, input) => reshape(call, input, call.config.integers('target_shape') ?? []) },
  Resizing: { build: resizing },
  UpSampling2D: { build: upSampling },
  ZeroPadding2D: { build: zeroPadding },
};
