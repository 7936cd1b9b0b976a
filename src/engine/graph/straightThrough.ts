import type { NodeProto } from './onnx_pb.ts';

/**
 * The description (`doc_string`) that a format's reader gives a Round of its own through which gradients pass unchanged (Bengio, Léonard &
 * Courville, "Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation", 2013). Any other Round has
 * a gradient of 0, which is what it is between its steps.
 */
export const straightThrough = 'gradients pass straight through';

export function isStraightThrough({ docString }: NodeProto): boolean {
  return docString === straightThrough;
}
