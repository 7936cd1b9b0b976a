import { copyFileSync, existsSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomSource } from '../src/engine/random.ts';
import type { Evaluation, Pair, Stabilization } from '../src/engine/results.ts';
import { PairsWriter } from '../src/engine/runs/pairsFile.ts';
import { CLASS_NAMES, DISTORTIONS, GeneratedPairs, stabilization } from '../test/webview/runs.ts';
import { benchFolder } from './setup.ts';

/** Pairs of each evaluation of the run. */
export const PAIRS = 100_000;
const PICTURES = PAIRS / DISTORTIONS.length;
/** Different pictures; the others are further names of them. */
const SCENES = 24;
const SIDE = 96;

/** A workspace in `out/bench` with a model and one run of it. */
export interface LargeRun {
  workspace: string;
  run: string;
  result: Stabilization;
}

const imageOf = (picture: number): string => `${CLASS_NAMES[picture % CLASS_NAMES.length]!}/${String(picture).padStart(6, '0')}.png`;

/** A stabilization whose before, control and after have 100,000 pairs each, with the pictures they are of, made where it is missing. */
export async function largeRun(): Promise<LargeRun> {
  const workspace = join(benchFolder, 'large-run', 'workspace');
  const images = join(benchFolder, 'large-run', 'pictures');
  const run = join(workspace, '.model-stability', 'runs', 'large');
  const result = resultOf(run, join(workspace, 'models', 'small.onnx'), images);
  if (existsSync(join(run, 'run.json'))) return { workspace, run, result };
  await makePictures(images);
  mkdirSync(join(workspace, 'models'), { recursive: true });
  copyFileSync(join('test', 'fixtures', 'onnx', 'activations.onnx'), join(workspace, 'models', 'small.onnx'));
  for (const part of ['before', 'control', 'after'] as const) {
    mkdirSync(join(run, part), { recursive: true });
    await writePairs(join(run, part), part !== 'before');
    writeFileSync(join(run, part, 'run.json'), JSON.stringify(result[part]));
  }
  writeFileSync(join(run, 'run.json'), JSON.stringify(result));
  return { workspace, run, result };
}

function resultOf(run: string, path: string, images: string): Stabilization {
  const result = stabilization(run, PICTURES);
  const placed = (evaluation: Evaluation): Evaluation => ({ ...evaluation, model: { ...evaluation.model, path }, method: { ...evaluation.method, images } });
  return { ...result, before: placed(result.before), control: placed(result.control), after: placed(result.after) };
}

/** The pairs of an evaluation; where `differs`, every third has another label than before. */
async function writePairs(folder: string, differs: boolean): Promise<void> {
  const pairs = new GeneratedPairs(PAIRS);
  const writer = new PairsWriter(folder, null);
  for (let line = 0; line < pairs.length; line++) {
    const { line: _line, rank: _rank, ...generated } = pairs.row(line);
    // A picture has one class and a pair for each distortion, as in a real run.
    const picture = Math.floor(line / DISTORTIONS.length);
    const pair: Pair = { ...generated, truth: CLASS_NAMES[picture % CLASS_NAMES.length]!, image: imageOf(picture) };
    await writer.add(!differs || line % 3 > 0 ? pair : { ...pair, labelB: pair.labelA === pair.labelB ? 'another' : pair.labelA });
  }
  await writer.close();
}

async function makePictures(folder: string): Promise<void> {
  for (const name of CLASS_NAMES) mkdirSync(join(folder, name), { recursive: true });
  for (let picture = 0; picture < PICTURES; picture++) {
    const file = join(folder, imageOf(picture));
    if (existsSync(file)) continue;
    if (picture < SCENES) await writeScene(picture, file);
    else linkSync(join(folder, imageOf(picture % SCENES)), file);
  }
}

/** A picture of smooth colours. */
async function writeScene(number: number, file: string): Promise<void> {
  const random = randomSource('bench scene', number);
  const coarse = Uint8Array.from({ length: 8 * 8 * 3 }, () => random.integer(256));
  await sharp(coarse, { raw: { width: 8, height: 8, channels: 3 } }).resize(SIDE, SIDE, { kernel: 'cubic' }).png().toFile(file);
}
