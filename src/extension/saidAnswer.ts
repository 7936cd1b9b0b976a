import type { Run, SkippedImage } from '../engine/results.ts';
import type { WorkerMethods } from '../protocol.ts';
import { errorsSaid, said } from './said.ts';

type Answer<Method extends keyof WorkerMethods> = Awaited<ReturnType<WorkerMethods[Method]>>;
type Say = (message: string) => string;

/** What of a worker's answers are errors of the engine: why a model cannot be trained, how a run ended, why pictures were left out. */
const inWords: { [Method in keyof WorkerMethods]?: (answer: Answer<Method>, say: Say) => Answer<Method> } = {
  inspect: (info, say) => info.trainable === true ? info : { ...info, trainable: say(info.trainable) },
  listRuns: (runs, say) => runs.map((run) => ({ ...run, summary: say(said(run.summary)) })),
  openRun: reasonsSaid,
};

/** An answer of the worker with its errors in the language of VS Code. */
export async function saidAnswer<Method extends keyof WorkerMethods>(method: Method, answer: Answer<Method>): Promise<Answer<Method>> {
  const change = inWords[method];
  return change ? change(answer, await errorsSaid()) : answer;
}

function reasonsSaid<Result extends Run>(run: Result, say: Say): Result {
  const known = new Map<string, string>();
  const reasonSaid = ({ path, reason }: SkippedImage): SkippedImage => {
    const words = known.get(reason) ?? say(reason);
    known.set(reason, words);
    return { path, reason: words };
  };
  const images = { ...run.images, skipped: run.images.skipped.map(reasonSaid) };
  if (run.kind !== 'stabilization') return { ...run, images };
  return { ...run, images, before: reasonsSaid(run.before, say), control: reasonsSaid(run.control, say), after: reasonsSaid(run.after, say) };
}
