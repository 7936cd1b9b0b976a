import type { TrainingDefinition } from '../../training/trainingStep.ts';
import type { GraphBuilder } from '../graphBuilder.ts';
import { cleanLoss, embeddingDistance, embeddingLoss, logProbabilities, stabilityLoss, threeViewLoss, tripletLoss, unitLength } from './losses.ts';

/** g of the objective `triplet`, where it is not given. */
export const defaultMargin = 0.1;

/** The losses of a training as nodes of its graph. */
export interface ObjectiveLosses {
  /** L0 and L_stability, scalars; the second is absent without noisy branches. */
  loss: string;
  stabilityLoss: string | undefined;
}

/** Whether an objective's batches have targets. */
export function hasTargets({ objective = 'classification' }: Pick<TrainingDefinition, 'objective'>): boolean {
  return objective !== 'triplet';
}

/** Throws where parts of a definition do not go together: what chooses options must not let it come to that. */
export function checkDefinition({ objective = 'classification', divergence, views = 2, microBatch, clipNorm }: TrainingDefinition): void {
  if (views === 3 && (objective !== 'classification' || divergence !== 'js')) throw new Error('three views go with the objective classification and the divergence js');
  if (microBatch !== undefined && (microBatch < 1 || !Number.isInteger(microBatch))) throw new Error(`parts of a batch of ${microBatch} pictures`);
  if (microBatch !== undefined && objective === 'triplet' && microBatch % 3 !== 0) throw new Error(`parts of a batch of ${microBatch} pictures are no whole triplets`);
  if (clipNorm !== undefined && !(clipNorm > 0)) throw new Error(`gradients cannot be shortened to ${clipNorm}`);
}

/**
 * Adds the losses of a definition. `outputs` are the trained part's outputs [batch, width]: the clean branch's, then those of the
 * noisy ones. `targets` is '' where the objective has none.
 */
export function addLosses(builder: GraphBuilder, definition: TrainingDefinition, outputs: readonly string[], targets: string, width: number): ObjectiveLosses {
  const { objective = 'classification', margin = defaultMargin, divergence } = definition;
  const [clean, noisy, second] = outputs.map((output) => (objective === 'classification' ? logProbabilities(builder, output) : unitLength(builder, output))) as [string, string?, string?];
  if (objective === 'classification') {
    const loss = cleanLoss(builder, clean, targets);
    if (noisy === undefined) return { loss, stabilityLoss: undefined };
    return { loss, stabilityLoss: second === undefined ? stabilityLoss(builder, divergence, clean, noisy) : threeViewLoss(builder, clean, noisy, second) };
  }
  const loss = objective === 'triplet' ? tripletLoss(builder, clean, width, margin) : embeddingLoss(builder, clean, unitLength(builder, targets));
  return { loss, stabilityLoss: noisy === undefined ? undefined : embeddingDistance(builder, clean, noisy) };
}
