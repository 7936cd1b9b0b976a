import { isStraightThrough } from '../straightThrough.ts';
import type { GradientFunction } from './nodeGradient.ts';

/** What is constant between its steps: the gradient is 0, as PyTorch and TensorFlow have it. */
export const constant: GradientFunction = (node) => [() => node.zerosLike(node.input(0))];

/** Rounding that a reader has put in to follow a format's arithmetic gives its gradient on. */
export const round: GradientFunction = (node) => [() => (isStraightThrough(node.node) ? node.outputGradient : node.zerosLike(node.input(0)))];
