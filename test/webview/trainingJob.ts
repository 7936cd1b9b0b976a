import type { EpochResult, Progress, TrainingCurves } from '../../src/engine/results.ts';
import type { JobView } from '../../src/protocol.ts';
import { random } from './runs.ts';

/** Losses as a training has them: falling, with some noise; validation turns up after a while. */
export function history(epochs: number): EpochResult[] {
  return Array.from({ length: epochs }, (_, index) => {
    const noise = 0.02 * (random(index + 1) - 0.5);
    const loss = 0.12 + 0.5 * Math.exp(-index / 5) + noise;
    return {
      epoch: index + 1, loss, stabilityLoss: 0.3 + 0.5 * Math.exp(-index / 7) - noise,
      validationLoss: loss + 0.05 + 0.004 * index, validationStabilityLoss: 0.34 + 0.5 * Math.exp(-index / 7) + 2 * noise,
      validationPrecision: 0.97 - 0.12 * Math.exp(-index / 4) - Math.abs(noise), validationLabelInstability: 0.04 + 0.12 * Math.exp(-index / 6) + noise / 2,
    };
  });
}

/** A job that trains its third point of seven. */
export function trainingJob(epochs: number, change: Partial<JobView> = {}, curves: Partial<TrainingCurves> = {}): JobView {
  const training: TrainingCurves = {
    point: { train: 'head', alpha: 1, sigma: 0.1, learningRate: 0.001 }, number: 3, of: 7, epoch: epochs + 1, epochShare: 0.4, epochs: 50, bestEpoch: Math.max(0, epochs - 2), history: history(epochs), paused: false, ...curves,
  };
  const progress: Progress = { step: 'training, α = 1, σ = 0.1', done: epochs, total: 50, unit: 'epochs', perSecond: 2.5, secondsLeft: 13, trainingSecondsLeft: 95, training };
  return { kind: 'stabilize', model: 'patches.onnx', progress, paused: false, finishing: false, ...change };
}
