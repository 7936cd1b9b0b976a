import type { Flow } from '../../layers/flow.ts';
import { flowOf, imageOf } from '../../operators/image.ts';
import { localResponse } from '../../operators/reduction.ts';
import type { NodeCall, NodeKind } from '../nodeCall.ts';

/** With the statistics of its inputs; `is_training` would take those of the pictures. */
function batchNormalization(call: NodeCall): Flow {
  if (call.flag('is_training', true)) throw call.error('it takes its statistics from the pictures (is_training); save the model for inference');
  const image = imageOf(call, call.input(0));
  const statistics = [1, 2, 3, 4].map((input) => {
    const { shape } = call.stored(input) ?? call.input(input);
    if (shape.length !== 1 || shape[0] !== image.channels) throw call.error(`its statistics do not fit ${image.channels} channels`);
    return call.plain(input);
  });
  return flowOf({ ...image, name: call.op('BatchNormalization', [image.name, ...statistics], { epsilon: { float: call.int('epsilon', 1e-4) } }, call.name) });
}

const batch = (name: string): NodeKind => ({ name, build: batchNormalization });

/** Normalisations. */
export const normalizationKinds: readonly NodeKind[] = [
  batch('FusedBatchNorm'),
  batch('FusedBatchNormV2'),
  batch('FusedBatchNormV3'),
  { name: 'LRN', build: (call) => localResponse(call, { radius: call.int('depth_radius', 5), bias: call.int('bias', 1), alpha: call.int('alpha', 1), beta: call.int('beta', 0.5) }) },
];
