import type { Engine } from '../engines/engine.ts';
import { countTiles } from '../graph/gradient/tiledForward.ts';
import { measureShapes } from '../graph/measureShapes.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { sizeOf } from '../graph/tensor.ts';
import type { Settings } from './settings.ts';

/** Bytes that the inner values of the pictures that run at once may take, by a rough count. It does not depend on the machine, so that a run can be repeated. */
const activationLimit = 4 * 2 ** 30;

/**
 * Pictures whose inner values in all branches, with their gradients, fit into `activationLimit`, together with the tiles in which
 * convolutions run: those of the pictures are kept for the backward pass, those of the kernels are there once.
 */
export async function fittingBatch(forward: ModelProto, runtime: Engine, { views, threads, engine, device }: Pick<Settings, 'views' | 'threads' | 'engine' | 'device'>): Promise<number> {
  const values = await measureShapes(forward, runtime, { threads });
  let numbers = 0;
  for (const { shape } of values.values()) {
    if (shape[0] === -1) numbers += sizeOf(shape.slice(1).map((dim) => Math.max(1, dim)));
  }
  const tiles = engine === 'onnxruntime' && device === 'cpu' ? countTiles(forward, values) : { picture: 0, kernels: 0 };
  return Math.max(1, Math.floor((activationLimit - 4 * tiles.kernels) / (4 * views * (2 * numbers + tiles.picture))));
}
