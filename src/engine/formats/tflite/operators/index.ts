import { activationKinds } from './activation.ts';
import { convolutionKinds } from './convolution.ts';
import { elementwiseKinds } from './elementwise.ts';
import { joiningKinds } from './joining.ts';
import { linearKinds } from './linear.ts';
import type { OperatorKind } from './operator.ts';
import { poolingKinds } from './pooling.ts';
import { reductionKinds } from './reduction.ts';
import { resizingKinds } from './resizing.ts';
import { shapingKinds } from './shaping.ts';

/** Every operator that can be opened, by its name in the schema. */
export const operatorKinds: ReadonlyMap<string, OperatorKind> = new Map([
  ...activationKinds, ...convolutionKinds, ...elementwiseKinds, ...joiningKinds, ...linearKinds, ...poolingKinds, ...reductionKinds,
  ...resizingKinds, ...shapingKinds,
].map((kind) => [kind.name, kind]));
