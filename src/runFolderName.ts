import { modelStem } from './modelName.ts';

/** What the folder of a new run is called, `<time>-<model>`; to the millisecond, so that a job that is started anew at once has its own. */
export function runFolderName(model: string): string {
  return `${new Date().toISOString().slice(0, 23).replace(/[:.]/g, '-')}-${modelStem(model)}`;
}
