import { activations } from './activations.ts';
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { linear } from './linear.ts';
import { normalization } from './normalization.ts';
import type { Operators } from './operator.ts';
import { pooling } from './pooling.ts';
import { reductions } from './reductions.ts';
import { resize } from './resize.ts';
import { scattering } from './scattering.ts';
import { shapes } from './shapes.ts';
import { slicing } from './slicing.ts';
import { softmax } from './softmax.ts';

/** Every operator that this engine computes, by its ONNX name, in the form of operator set 18 and later. */
export const operators: Operators = {
  ...activations, ...convolution, ...elementwise, ...linear, ...normalization, ...pooling,
  ...reductions, ...resize, ...scattering, ...shapes, ...slicing, ...softmax,
};
