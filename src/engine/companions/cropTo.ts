import type { ResizeMode } from '../results.ts';

/** The way of resizing that keeps that share of the shorter side; a share that cuts nothing off is the plain one. */
export function cropTo(share: number): ResizeMode {
  const rounded = Number(share.toFixed(4));
  return rounded > 0 && rounded < 1 ? `crop:${rounded}` : 'crop';
}
