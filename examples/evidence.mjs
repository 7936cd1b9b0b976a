/**
 * What training each part of a network comes to on the example classifiers: before, control (the same training with α = 0) and
 * stabilized, on pictures that neither training nor the search saw. Prints the tables of docs/decisions/training.md.
 *
 *     node esbuild.mjs && node examples/makeWorkspace.mjs && node examples/evidence.mjs [NAME…]
 *
 * Runs go to `examples/workspace/.model-stability/evidence`; what is there already is not run again. With names, only jobs whose
 * name contains one of them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const workspace = join(root, 'examples', 'workspace');
const evidence = join(workspace, '.model-stability', 'evidence');

/** Besides the usual distortions stronger ones, at which there is more to gain. */
const distortions = ['jpeg:50', 'jpeg:10', 'thumbnail:1000', 'thumbnail:250', 'crop:10', 'gaussian-noise:0.04', 'gaussian-noise:0.1'].flatMap((name) => ['--distortion', name]);
/** An epoch of the whole network costs a hundred of the head's: it gets fewer pictures and epochs. */
const bounds = ['--limit', '990', '--test-share', '0.4'];

/** A network of the size of keras.applications, made by training/applications.py; its rows are left out where it has not been made. */
const mobileNetV2 = join(root, 'out', 'evidence', 'mobilenetv2.keras');

/** Pictures and the most epochs are bounded, so that all of it takes about half an hour on two processors. */
const subjects = [
  { name: 'digits', model: 'digits.onnx', images: 'digits/train', parts: ['head', 'last:2', 'all'], rates: [0.001], options: [...bounds, '--epochs', '12', ...distortions] },
  { name: 'patches', model: 'patches.onnx', images: 'patches/train', parts: ['head', 'last:2'], rates: [0.001], options: [...bounds, '--epochs', '12', ...distortions] },
  { name: 'patches', model: 'patches.onnx', images: 'patches/train', parts: ['batch-norm'], rates: [0.001], options: [...bounds, '--epochs', '3', ...distortions] },
  { name: 'mobilenetv2', model: mobileNetV2, images: 'patches/train', parts: ['head', 'last:2'], rates: [0.001], options: [...bounds, '--range', '-1-1', '--epochs', '12', ...distortions] },
  { name: 'mobilenetv2', model: mobileNetV2, images: 'patches/train', parts: ['batch-norm'], rates: [0.001], options: [...bounds, '--range', '-1-1', '--epochs', '3', ...distortions] },
  { name: 'mobilenetv2', model: mobileNetV2, images: 'patches/train', parts: ['all'], rates: [0.0001], options: [...bounds, '--range', '-1-1', '--epochs', '3', ...distortions] },
  { name: 'patches', model: 'patches.onnx', images: 'patches/train', parts: ['all'], rates: [0.0001], options: ['--limit', '540', '--test-share', '0.5', '--epochs', '2', ...distortions] },
];
const jobs = subjects.filter(({ model }) => existsSync(resolve(workspace, 'models', model))).flatMap(({ parts, rates, ...subject }) => parts.flatMap((part) => rates.map((rate) => ({ ...subject, part, rate, id: `${subject.name}-${part.replace(':', '-')}-${rate}` }))));

const percent = (value) => (100 * value).toFixed(1);
const share = (value) => `${percent(value.value)} (${percent(value.low)}–${percent(value.high)})`;

/** Runs a job where it has not been run; null where it failed. */
function resultOf({ id, model, images, part, rate, options }) {
  const run = join(evidence, id);
  if (!existsSync(join(run, 'run.json'))) {
    mkdirSync(evidence, { recursive: true });
    const extra = existsSync(run) ? ['--resume', run] : ['--run', run];
    const args = ['stabilize', resolve(workspace, 'models', model), '--images', join(workspace, images), '--train', part, '--learning-rate', String(rate), '--output', join(evidence, `${id}${extname(model)}`), '--json', ...extra, ...options];
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist', 'cli.js'), ...args], { encoding: 'utf8' });
    if (status !== 0 && status !== 3) {
      console.error(`${id}: ${stderr.trim()}`);
      return null;
    }
  }
  return JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
}

/** A line for clean precision and one for each distortion. */
function lines(job, result) {
  const { before, control, after, options, timing } = result;
  const title = `${job.part}, rate ${job.rate} (α ${options.alpha}, σ ${options.sigma}; ${timing.trainingSeconds.toFixed(0)} s${result.accepted ? '' : '; not accepted'})`;
  const evaluations = [before, control, after];
  const rows = [['clean precision@1', ...evaluations.map((each) => share(each.clean.precisionAt1))]];
  for (const [index, { name, strength }] of before.distortions.entries()) {
    const each = evaluations.map((evaluation) => evaluation.distortions[index]);
    rows.push([`${name} ${strength}, labels changed`, ...each.map((item) => share(item.labelInstability))]);
    rows.push([`${name} ${strength}, feature distance (median)`, ...each.map((item) => item.featureDistance.median.toFixed(3))]);
    rows.push([`${name} ${strength}, precision@1`, ...each.map((item) => share(item.precisionAt1))]);
  }
  return [`\n**${job.name}, ${title}**\n`, '| % with 95 % interval | before | control, α = 0 | stabilized |', '|---|---|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)];
}

/** One line a job: mean over the distortions. */
function summary(job, { before, control, after, options, timing, trained, accepted }) {
  const mean = (evaluation, measure) => evaluation.distortions.reduce((sum, item) => sum + measure(item), 0) / evaluation.distortions.length;
  const triple = (measure) => [before, control, after].map((evaluation) => measure(evaluation)).join(' → ');
  return `| ${job.name} | ${job.part} | ${job.rate} | ${options.alpha}, ${options.sigma} | ${triple((each) => percent(each.clean.precisionAt1.value))} | ${triple((each) => percent(mean(each, (item) => item.labelInstability.value)))} | ${triple((each) => mean(each, (item) => item.featureDistance.median).toFixed(3))} | ${triple((each) => percent(mean(each, (item) => item.precisionAt1.value)))} | ${(timing.featureSeconds + timing.trainingSeconds).toFixed(0)} | ${trained.bestEpoch} of ${trained.epochs} | ${accepted ? 'yes' : 'no'} |`;
}

const wanted = process.argv.slice(2);
const found = jobs.filter(({ id }) => wanted.length === 0 || wanted.some((name) => id.includes(name))).flatMap((job) => {
  const result = resultOf(job);
  return result ? [{ job, result }] : [];
});
console.log('Before → control → stabilized, in %; labels changed, feature distance and distorted precision are means over the distortions.\n');
console.log('| model | trained | rate | α, σ | clean precision | labels changed | feature distance | distorted precision | s | best epoch | accepted |\n|---|---|---|---|---|---|---|---|---|---|---|');
for (const { job, result } of found) console.log(summary(job, result));
for (const { job, result } of found) console.log(lines(job, result).join('\n'));
