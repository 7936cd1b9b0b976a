import type { Frame, Page } from 'playwright-core';
import type { PairsQuery } from '../src/protocol.ts';
import type { WorkerProcess } from '../src/workerProcess.ts';
import type { ExpectedRow } from './galleryPage.ts';

/** What is chosen in the toolbar: the control, its value, and the query that it comes to. */
interface Choice {
  name: string;
  control: string;
  value: string;
  query: Partial<PairsQuery>;
}

/** The choices that are measured; `run` is the stabilization that is on screen. */
function choicesOf(run: string): Choice[] {
  const select = (name: string): string => `select[name=${name}]`;
  return [
    { name: 'another sort', control: select('sort'), value: 'klDivergence', query: { sort: 'klDivergence' } },
    { name: 'only changed labels', control: select('changed'), value: 'changed', query: { changed: true } },
    { name: 'one distortion', control: select('distortion'), value: 'jpeg:50', query: { distortion: { name: 'jpeg', strength: 50 } } },
    { name: 'a class', control: 'input[name=label]', value: 'acanthus-mollis', query: { label: { name: 'acanthus-mollis', as: 'any' } } },
    { name: 'part of a file name', control: 'input[name=search]', value: '0012', query: { search: '0012' } },
    { name: 'newly broken', control: select('against'), value: `broken ${run}/before`, query: { against: { run: `${run}/before`, newly: 'broken' } } },
  ];
}

export const choiceNames = choicesOf('').map(({ name }) => name);

/** Says what stands in the first row of a query's answer. A worker of its own knows it, so that the one that is measured does not. */
export type Expect = (query: Partial<PairsQuery>) => Promise<ExpectedRow>;

export function expectations(run: string, worker: WorkerProcess): Expect {
  return async (query) => {
    const { rows: [first], total } = await worker.call('pairs', { run: `${run}/before`, sort: 'featureDistance', start: 0, end: 1, ...query });
    return { name: [first!.image, `${first!.distortion} ${first!.strength}`], counts: total.toLocaleString('en') };
  };
}

/** Makes each choice alone, on the stabilized model, from all pairs by feature distance with all pictures there; milliseconds to the rows of each. */
export async function measureChoices(page: Page | Frame, run: string, expect: Expect): Promise<Record<string, number>> {
  const call = (method: string, ...parameters: unknown[]): Promise<number> => page.evaluate<number>(`bench.${method}(${parameters.map((parameter) => JSON.stringify(parameter)).join()})`);
  const after = `${run}/after`;
  const all = await expect({ run: after });
  // The first row stays the same one, so that this is no choice that could be measured.
  await call('choose', 'select[name=source]', after, all);
  const times: Record<string, number> = {};
  for (const { name, control, value, query } of choicesOf(run)) {
    await call('reset', all);
    const expected = await expect({ run: after, ...query });
    if (JSON.stringify(expected) === JSON.stringify(all)) throw new Error(`${name}: the first row stays the same, so that new rows cannot be told from old ones`);
    times[name] = await call('choose', control, value, expected);
  }
  return times;
}
