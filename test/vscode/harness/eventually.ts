import { setTimeout } from 'node:timers/promises';

/** What `look` finds, as soon as it finds something; `sentence` is the error where it finds nothing in time (milliseconds). */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>, sentence: string, time = 20_000): Promise<T> {
  for (const end = Date.now() + time; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(sentence);
    await setTimeout(50);
  }
}
