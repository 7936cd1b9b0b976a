import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { UserError } from '../job.ts';
import { parseJson } from '../parseJson.ts';

const fileName = 'name.json';
/** Characters of a name at most. */
const longest = 200;

/** The name that a user gave to a run; null where there is none that can be read. */
export async function readRunName(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, fileName), 'utf8').catch(() => null);
  if (text === null) return null;
  // A damaged name is no reason to hide the run.
  const parsed = v.safeParse(v.object({ name: v.pipe(v.string(), v.maxLength(longest)) }), parseJson(text));
  return parsed.success ? parsed.output.name : null;
}

/** Gives a run a name, which stays in its folder; an empty one takes it away. Throws where there is no run. */
export async function renameRun(folder: string, name: string): Promise<void> {
  const found = await Promise.all(['run.json', 'state.json'].map((file) => access(join(folder, file)).then(() => true, () => false)));
  if (!found.includes(true)) throw new UserError(`there is no run in ${folder}`);
  const short = name.trim();
  if (short.length > longest) throw new UserError(`a run's name has at most ${longest} characters`);
  if (short === '') await rm(join(folder, fileName), { force: true });
  else await writeFileAtomic(join(folder, fileName), `${JSON.stringify({ name: short })}\n`);
}
