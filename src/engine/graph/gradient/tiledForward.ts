import { copyMessage } from '../copyMessage.ts';
import { GraphBuilder } from '../graphBuilder.ts';
import type { MeasuredValues } from '../measureShapes.ts';
import { NodeProtoSchema, type ModelProto, type NodeProto } from '../onnx_pb.ts';
import { convolveTiles, kernelToTiles, positions, tileConvolution } from './winograd.ts';

/**
 * How many numbers the tiles of a forward pass keep until the backward pass: for each picture of a branch, and for the kernels, which
 * the branches share.
 */
export function countTiles(forward: ModelProto, values: MeasuredValues): { picture: number; kernels: number } {
  const builder = new GraphBuilder();
  const kernels = new Map<string, number>();
  let picture = 0;
  for (const node of forward.graph?.node ?? []) {
    const tiled = tileConvolution(builder, node, values);
    if (!tiled) continue;
    picture += positions * tiled.height.tiles * tiled.width.tiles * tiled.channels;
    kernels.set(node.input[1]!, positions * tiled.filters * tiled.channels);
  }
  return { picture, kernels: [...kernels.values()].reduce((sum, size) => sum + size, 0) };
}

/** Adds the convolutions of a forward pass that are faster in tiles; branches with the same kernel share its tiles. */
export class TiledForward {
  readonly #builder: GraphBuilder;
  readonly #values: MeasuredValues;
  readonly #kernels = new Map<string, string>();

  /** `values` are measured under the names that nodes have before they are renamed; without any no convolution is tiled. */
  constructor(builder: GraphBuilder, values: MeasuredValues) {
    this.#builder = builder;
    this.#values = values;
  }

  /**
   * Adds a node's convolution in tiles and returns the node as `differentiate` wants it: renamed, with the tiles of the pictures and
   * of the kernel as fourth and fifth input. Undefined, and nothing added, where the node is to be copied as it is.
   */
  add(node: NodeProto, rename: (value: string) => string): NodeProto | undefined {
    const tiled = tileConvolution(this.#builder, node, this.#values);
    if (!tiled) return undefined;
    const [x, w, bias] = [0, 1, 2].map((index) => rename(node.input[index] ?? '')) as [string, string, string];
    const output = rename(node.output[0]!);
    let kernel = this.#kernels.get(w);
    if (kernel === undefined) this.#kernels.set(w, kernel = kernelToTiles(this.#builder, w, tiled));
    const { pictures } = convolveTiles(this.#builder, tiled, { x, kernel, bias, output });
    return copyMessage(NodeProtoSchema, node, { input: [x, w, bias, pictures, kernel], output: [output] });
  }
}
