import { imageOf, flowOf } from './image.ts';
import type { OperatorKind } from './operator.ts';

/** Places of corners and middles, in the words of ONNX's Resize. */
function resizing(name: string, nearest: boolean): OperatorKind {
  return {
    name,
    build: (call) => {
      const image = imageOf(call, call.input(0));
      const [height, width] = call.integers(1);
      const [corners, centres] = nearest ? [call.flag(0), call.flag(1)] : [call.flag(2), call.flag(3)];
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
    },
  };
}

const blocks = (name: string, opType: string, larger: boolean): OperatorKind => ({
  name,
  build: (call) => {
    const image = imageOf(call, call.input(0));
    const size = call.option(0);
    const fits = size >= 1 && (larger ? image.channels % (size * size) === 0 : image.spatial.every((dim) => dim % size === 0));
    if (!fits) throw call.error(`blocks of ${size} do not fit its input`);
    const made = call.op(opType, [image.name], { blocksize: size, mode: larger ? 'DCR' : undefined }, call.name);
    const factor = larger ? size : 1 / size;
    return flowOf({ ...image, name: made, channels: image.channels / factor ** 2, spatial: [image.spatial[0] * factor, image.spatial[1] * factor] });
  },
});

/** Operators that change a picture's size. */
export const resizingKinds: readonly OperatorKind[] = [
  blocks('DEPTH_TO_SPACE', 'DepthToSpace', true),
  resizing('RESIZE_BILINEAR', false),
  resizing('RESIZE_NEAREST_NEIGHBOR', true),
  blocks('SPACE_TO_DEPTH', 'SpaceToDepth', false),
];
