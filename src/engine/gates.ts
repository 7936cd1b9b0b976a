import { formatDistortion } from './distortions/index.ts';
import { UserError } from './job.ts';
import { readRun } from './runs/runFolder.ts';
import type { DistortionResult, Evaluation, Share } from './results.ts';
import { say } from './sentences.ts';

/**
 * A limit that holds for every distortion, or limits by what they hold for: `jpeg:50`, `jpeg` (at any strength), `clean` (for
 * precision without a distortion) and `*` (all that is not named). All in [0, 1].
 */
export type GateLimit = number | Readonly<Record<string, number>>;

/** Limits that an evaluation has to keep to. */
export interface Gates {
  /** Most labels that a distortion may change. */
  maxLabelInstability?: GateLimit | undefined;
  /** Least precision@1, clean and distorted. */
  minPrecision?: GateLimit | undefined;
}

/** How an evaluation stands to one limit. */
export interface GateResult {
  gate: keyof Gates;
  /** `jpeg:50`, or `clean`. */
  on: string;
  limit: number;
  /** What was measured; null where it was not, which does not meet the limit. */
  value: number | null;
  met: boolean;
  /** What is not met, or what was measured. */
  sentence: string;
}

/** Holds an evaluation against every limit that concerns it, in the order of its distortions, clean precision last. */
export function checkGates(evaluation: Pick<Evaluation, 'clean' | 'distortions'>, gates: Gates): GateResult[] {
  const { maxLabelInstability, minPrecision } = gates;
  const results = evaluation.distortions.flatMap((result) => {
    const on = formatDistortion(result);
    return [
      ...check('maxLabelInstability', on, limitOf(maxLabelInstability, on), result.labelInstability),
      ...check('minPrecision', on, limitOf(minPrecision, on), result.precisionAt1),
    ];
  });
  const clean = limitOf(minPrecision, 'clean');
  return [
    ...results, ...check('minPrecision', 'clean', clean, evaluation.clean?.precisionAt1 ?? null),
    ...notEvaluated('maxLabelInstability', maxLabelInstability, evaluation.distortions),
    ...notEvaluated('minPrecision', minPrecision, evaluation.distortions),
  ];
}

/** The limit for `on`; undefined where there is none. */
export function limitOf(limit: GateLimit | undefined, on: string): number | undefined {
  if (limit === undefined || typeof limit === 'number') return limit;
  return limit[on] ?? limit[on.split(':')[0]!] ?? limit['*'];
}

/** The same for a finished run: of a stabilization, what the new model gave. @throws UserError where the run has no such figures */
export async function checkRun(run: string, gates: Gates): Promise<GateResult[]> {
  const result = await readRun(run);
  if (result.kind !== 'evaluation' && result.kind !== 'stabilization') throw new UserError(`the run in ${run} has no figures that gates are about`);
  return checkGates(result.kind === 'evaluation' ? result : result.after, gates);
}

function check(gate: keyof Gates, on: string, limit: number | undefined, share: Share | null): GateResult[] {
  if (limit === undefined) return [];
  if (!share) return [{ gate, on, limit, value: null, met: false, sentence: say(gate === 'minPrecision' ? 'precisionUnknown' : 'instabilityUnknown') }];
  const { value } = share;
  const met = gate === 'maxLabelInstability' ? value <= limit : value >= limit;
  const figures = { on, value: value.toFixed(4), limit };
  const sentence = gate === 'maxLabelInstability' ? say(met ? 'instabilityMet' : 'instabilityNotMet', figures)
    : on === 'clean' ? say(met ? 'cleanPrecisionMet' : 'cleanPrecisionNotMet', figures) : say(met ? 'precisionMet' : 'precisionNotMet', figures);
  return [{ gate, on, limit, value, met, sentence }];
}

/** Limits on distortions that were not evaluated: a gate that nobody measures must not count as kept. */
function notEvaluated(gate: keyof Gates, limit: GateLimit | undefined, evaluated: readonly DistortionResult[]): GateResult[] {
  if (limit === undefined || typeof limit === 'number') return [];
  const known = new Set(evaluated.flatMap((result) => [result.name, formatDistortion(result)]));
  return Object.entries(limit)
    .filter(([on]) => on !== '*' && on !== 'clean' && !known.has(on))
    .map(([on, least]) => ({ gate, on, limit: least, value: null, met: false, sentence: say(gate === 'minPrecision' ? 'precisionNotEvaluated' : 'instabilityNotEvaluated', { on }) }));
}
