import { formatOf } from './formats/index.ts';
import { UserError } from './job.ts';
import { hashModel } from './openModel.ts';
import { inputLayout } from './preprocessing.ts';
import { readRun } from './runs/runFolder.ts';
import { pointFile } from './training/keptPoints.ts';
import { checkOutput, outputPath } from './training/outputPath.ts';
import { changedWeights, stabilizedMetadata } from './training/report.ts';
import { readStates } from './training/stateFile.ts';

/**
 * Writes the model of a point of a finished run's search, whose weights the run folder holds (`kept` in its `search`), as
 * stabilizing would have written it. `index` counts from 0; without `output` the file lies beside the original. Returns its
 * path.
 *
 * @throws UserError where the run has no such point, or the model is not the one that it was
 */
export async function writePoint(run: string, index: number, output?: string): Promise<string> {
  const result = await readRun(run);
  if (result.kind !== 'stabilization') throw new UserError(`the run in ${run} is no stabilization: it has no points`);
  const point = result.search[index];
  if (!point) throw new UserError(`the run in ${run} has no point ${index}: there are ${result.search.length}`);
  const stored = point.kept ? await readStates(pointFile(run, index)) : null;
  if (!stored) throw new UserError(`the run in ${run} does not hold the weights of point ${index}`);
  const { path, sha256, inputShape } = result.before.model;
  const format = await formatOf(path);
  const graph = await format.read(path, inputLayout({ name: 'input', shape: inputShape }));
  if ((await hashModel(graph)).sha256 !== sha256) throw new UserError(`${path} is no longer the model that the run in ${run} was made with`);
  await checkOutput(graph, output);
  const target = await outputPath(graph, output, point.alpha === 0 ? 'control' : 'stabilized');
  const { alpha, sigma, learningRate, train = result.options.train } = point;
  const metadata = stabilizedMetadata({ preprocessing: result.before.method.preprocessing, graph }, sha256, { ...result.options, train, alpha, sigma, learningRate });
  const [written] = await format.write(graph, changedWeights(graph, stored.states['best']!.weights), metadata, target);
  return written!;
}
