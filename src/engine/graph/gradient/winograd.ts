import type { GraphBuilder } from '../graphBuilder.ts';
import type { MeasuredValues } from '../measureShapes.ts';
import type { NodeProto } from '../onnx_pb.ts';
import { NodeGradient } from './nodeGradient.ts';
import { windowOf } from './spatial.ts';
import { kernelMatrix, tileAxis, tileSize, type TiledAxis } from './winogradMatrices.ts';

/**
 * 3×3 convolutions by Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks",
 * CVPR 2016): a tile of 6×6 inputs and the kernel become 36 numbers each, of which the products, summed over the channels, become
 * 4×4 outputs. That is 36 products of matrices with a quarter of the multiplications.
 *
 * Cutting into tiles, padding and Winograd's transform of all tiles along an axis are together one linear map, which is written as
 * one product with a constant matrix: with its operands turned round (`transB`) it brings the axis to the front as well, so that
 * nothing is copied or transposed. The gradient needs the same maps: the output's gradient goes to the tiles by the transpose of
 * what makes outputs, and the tiles of the input serve both passes.
 */

/** A convolution that is worth it. */
export interface TiledConvolution {
  height: TiledAxis;
  width: TiledAxis;
  /** Channels of the input and of the output. */
  channels: number;
  filters: number;
}

/** Names of values in the tiles' form. */
export interface Tiles {
  /** [36, tiles·batch, channels]. */
  pictures: string;
  /** [36, filters, channels]. */
  kernel: string;
}

/** Numbers of a tile. */
export const positions = tileSize * tileSize;

/** A batch is taken for that many pictures, over which the transform of the kernel is spread. */
const assumedPictures = 8;

/**
 * The most operations that the form may need, as a share of the plain sum's. Its operations ran about as fast as those of a plain
 * convolution: with 0.8 a step of ResNet-18 took 1.06 of PyTorch's time and 1.07 of its memory, with 1 0.96 and 1.21 (bench/trainAll.ts).
 */
const worthwhile = 1;

/** The tiles of a Conv node; undefined where it has another shape or where tiles would not make it faster. */
export function tileConvolution(builder: GraphBuilder, node: NodeProto, values: MeasuredValues): TiledConvolution | undefined {
  if (node.opType !== 'Conv' || (node.domain !== '' && node.domain !== 'ai.onnx')) return undefined;
  const [x, w] = node.input.map((name) => values.get(name));
  if (x?.type !== 'float32' || x.shape.length !== 4 || x.shape.slice(1).includes(-1) || !w || w.shape[2] !== 3 || w.shape[3] !== 3) return undefined;
  const context = new NodeGradient(builder, node, values, []);
  const { strides, dilations, before, input, output } = windowOf(context, [3, 3]);
  if (context.number('group', 1) !== 1 || [...strides, ...dilations].some((step) => step !== 1)) return undefined;
  const [filters, channels] = w.shape as [number, number];
  const [height, width] = [0, 1].map((axis) => tileAxis(input[axis]!, output[axis]!, before[axis]!)) as [TiledAxis, TiledAxis];
  const tiled = { height, width, channels, filters };
  return operations(tiled) <= worthwhile * 9 * channels * filters * height.output * width.output ? tiled : undefined;
}

/** Multiplications for one picture. */
function operations({ height, width, channels, filters }: TiledConvolution): number {
  const rows = tileSize * height.tiles;
  const columns = tileSize * width.tiles;
  const read = channels * columns * height.input * (width.input + rows);
  const write = filters * columns * height.output * (width.output + rows);
  return read + write + positions * channels * filters * (height.tiles * width.tiles + 9 / assumedPictures);
}

/** A value [batch, channels, height, width] as [36, tiles·batch, channels]; the last axis but one is [tiles down, tiles across, batch]. */
function toTiles(builder: GraphBuilder, value: string, { height, width }: TiledConvolution, by: 'read' | 'write', channels: number): string {
  const [down, across] = by === 'read' ? [height.input, width.input] : [height.output, width.output];
  const rows = builder.op('Reshape', [value, builder.ints([-1, across])]);
  const columns = builder.op('Gemm', [builder.float(width[by], [tileSize * width.tiles, across]), rows], { transB: 1 });
  // ONNX Runtime runs a MatMul of a transposed value as one product.
  const turned = builder.op('Transpose', [builder.op('Reshape', [columns, builder.ints([tileSize, -1, down])])], { perm: [0, 2, 1] });
  const tiles = builder.op('MatMul', [builder.float(height[by], [tileSize * height.tiles, down]), turned]);
  return builder.op('Reshape', [tiles, builder.ints([positions, -1, channels])]);
}

/** The transpose of `toTiles`: [36, tiles·batch, channels] as [batch, channels, height, width], what lies in several tiles added up. */
function fromTiles(builder: GraphBuilder, tiles: string, { height, width }: TiledConvolution, by: 'read' | 'write', channels: number): string {
  const [down, across] = by === 'read' ? [height.input, width.input] : [height.output, width.output];
  const turned = builder.op('Transpose', [builder.op('Reshape', [tiles, builder.ints([tileSize, tileSize * height.tiles, -1])])], { perm: [0, 2, 1] });
  const columns = builder.op('MatMul', [turned, builder.float(height[by], [tileSize * height.tiles, down])]);
  const flat = builder.op('Reshape', [columns, builder.ints([tileSize * width.tiles, -1])]);
  const rows = builder.op('Gemm', [flat, builder.float(width[by], [tileSize * width.tiles, across])], { transA: 1 });
  return builder.op('Reshape', [rows, builder.ints([-1, channels, down, across])]);
}

/** A kernel [filters, channels, 3, 3] as [36, filters, channels]. */
export function kernelToTiles(builder: GraphBuilder, kernel: string, { channels, filters }: TiledConvolution): string {
  const rows = builder.op('Reshape', [kernel, builder.ints([-1, 9])]);
  const tiles = builder.op('Gemm', [builder.float(kernelMatrix, [positions, 9]), rows], { transB: 1 });
  return builder.op('Reshape', [tiles, builder.ints([positions, filters, channels])]);
}

/** Adds the convolution of x; its result is called `output`. The kernel is given as tiles. */
export function convolveTiles(builder: GraphBuilder, tiled: TiledConvolution, { x, kernel, bias, output }: Record<'x' | 'kernel' | 'bias' | 'output', string>): Tiles {
  const pictures = toTiles(builder, x, tiled, 'read', tiled.channels);
  const products = builder.op('MatMul', [pictures, builder.op('Transpose', [kernel], { perm: [0, 2, 1] })]);
  const y = fromTiles(builder, products, tiled, 'write', tiled.filters);
  if (bias === '') builder.node('Identity', [y], {}, { outputs: [output] });
  else builder.node('Add', [y, builder.op('Reshape', [bias, builder.ints([1, -1, 1, 1])])], {}, { outputs: [output] });
  return { pictures, kernel };
}

/** The gradients of the convolution's input and of its kernel, as functions that add their nodes. */
export function tileGradients(builder: GraphBuilder, tiled: TiledConvolution, { pictures, kernel }: Tiles, outputGradient: string): { input: () => string; weight: () => string } {
  let made: string | undefined;
  const gradient = (): string => (made ??= toTiles(builder, outputGradient, tiled, 'write', tiled.filters));
  return {
    input: () => fromTiles(builder, builder.op('MatMul', [gradient(), kernel]), tiled, 'read', tiled.channels),
    weight: () => {
      const products = builder.op('MatMul', [builder.op('Transpose', [gradient()], { perm: [0, 2, 1] }), pictures]);
      const flat = builder.op('Reshape', [products, builder.ints([positions, -1])]);
      const rows = builder.op('Gemm', [flat, builder.float(kernelMatrix, [positions, 9])], { transA: 1 });
      return builder.op('Reshape', [rows, builder.ints([tiled.filters, tiled.channels, 3, 3])]);
    },
  };
}
