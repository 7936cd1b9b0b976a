import type { NodeKind } from '../nodeCall.ts';
import { activationKinds } from './activation.ts';
import { convolutionKinds } from './convolution.ts';
import { elementwiseKinds } from './elementwise.ts';
import { linearKinds } from './linear.ts';
import { normalizationKinds } from './normalization.ts';
import { reductionKinds } from './reduction.ts';
import { shapingKinds } from './shaping.ts';

/** Every operator that can be opened, by its name in TensorFlow. */
export const nodeKinds: ReadonlyMap<string, NodeKind> = new Map([
  ...activationKinds, ...convolutionKinds, ...elementwiseKinds, ...linearKinds, ...normalizationKinds, ...reductionKinds, ...shapingKinds,
].map((kind) => [kind.name, kind]));
