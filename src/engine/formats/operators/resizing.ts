import type { Flow } from '../layers/flow.ts';
import type { Call } from './call.ts';
import { imageOf, flowOf } from './image.ts';

/** Where the corners and the middles of the places of a resized picture lie. */
export interface Places {
  corners: boolean;
  centres: boolean;
}

/** A picture in another size, in the words of ONNX's Resize; height and width are the second input. */
export function resized(call: Call, nearest: boolean, { corners, centres }: Places): Flow {
  const image = imageOf(call, call.input(0));
  const [height, width] = call.integers(1);
  if (height === undefined || width === undefined || height < 1 || width < 1) throw call.error('its size cannot be');
  const { builder } = call.graph;
  const scales = [height / image.spatial[0], width / image.spatial[1]];
  // A scale says the size where its rounding does not; the batch is left as it is either way.
  const exact = scales.every((scale, axis) => Math.floor(Math.fround(Math.fround(scale) * image.spatial[axis]!)) === [height, width][axis]);
  const size = exact ? [builder.float([1, 1, ...scales])] : ['', builder.ints([height, width])];
  const mode = nearest ? { mode: 'nearest', nearest_mode: corners || centres ? 'round_prefer_ceil' : 'floor' } : { mode: 'linear' };
  const made = call.op('Resize', [image.name, '', ...size], {
    ...mode, axes: exact ? undefined : [2, 3], coordinate_transformation_mode: corners ? 'align_corners' : centres ? 'half_pixel' : 'asymmetric',
  }, call.name);
  return flowOf({ ...image, name: made, spatial: [height, width] });
}

/** Channels that become blocks of places (`larger`), or blocks that become channels. */
export function rearrangedBlocks(call: Call, larger: boolean, size: number): Flow {
  const image = imageOf(call, call.input(0));
  const fits = size >= 1 && (larger ? image.channels % (size * size) === 0 : image.spatial.every((dim) => dim % size === 0));
  if (!fits) throw call.error(`blocks of ${size} do not fit its input`);
  const made = call.op(larger ? 'DepthToSpace' : 'SpaceToDepth', [image.name], { blocksize: size, mode: larger ? 'DCR' : undefined }, call.name);
  const factor = larger ? size : 1 / size;
  return flowOf({ ...image, name: made, channels: image.channels / factor ** 2, spatial: [image.spatial[0] * factor, image.spatial[1] * factor] });
}
