/** Every sentence and word that a user reads in the webviews, in one place, so that they can be translated. */
import { count, distortionName, duration } from './format.ts';
import type { Preprocessing, RunState } from '../src/engine/results.ts';
import type { PairSort, PanelView } from '../src/protocol.ts';
import type { Progress } from '../src/engine/results.ts';

const plural = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`;

export const strings = {
  views: { overview: 'Overview', gallery: 'Gallery', compare: 'Compare' } satisfies Record<PanelView, string>,
  viewsLabel: 'Views',
  evaluate: 'Evaluate', stabilize: 'Stabilize', compare: 'Compare…', cancel: 'Cancel', cancelling: 'Cancelling…', showLog: 'Show Log',
  choosePictures: 'Choose Pictures…', openGallery: 'Open Gallery', close: 'Close', dismissed: 'Dismiss',
  run: 'Run', chooseRun: 'choose a run',
  kinds: { evaluation: 'evaluation', stabilization: 'stabilization' },
  runStates: { running: 'running', done: 'done', cancelled: 'cancelled', failed: 'failed' } satisfies Record<RunState, string>,
  classes: (n: number) => plural(n, 'class', 'classes'),
  pictures: (n: number) => plural(n, 'picture', 'pictures'),
  pairs: (n: number) => plural(n, 'pair', 'pairs'),
  parameters: (text: string) => `${text} parameters`,
  featureLayer: (name: string | null) => name === null ? 'no feature layer found' : `features: ${name}`,

  empty: {
    noModel: ['No model is open', 'Open an image model (.onnx, or the model.json of a TensorFlow.js model). This panel follows the model in the editor.'],
    reading: (name: string) => [`Reading ${name}`, 'Its layers, weights and operators are being read.'],
    modelError: (name: string) => `${name} cannot be read`,
    untrusted: ['This workspace is not trusted', 'Models and pictures are only looked at here. Trust the workspace to evaluate or stabilize.'],
    noPictures: ['No pictures are known for this model', 'Choose a folder of pictures. Class folders in it give the true labels; a plain folder works too.'],
    noRun: ['This model has no run yet', 'Evaluate changes each picture in ways that people hardly see (JPEG, thumbnail, crop, noise) and shows where the model’s answers change.'],
    choose: ['No run is open', 'Choose a run of this model above, or start a new one.'],
    readingRun: ['Opening the run', 'Its numbers are being read.'],
    runError: 'The run cannot be opened',
    running: (kind: 'evaluate' | 'stabilize') => [kind === 'evaluate' ? 'Evaluating' : 'Stabilizing', 'The numbers appear here when the job is done.'],
    runFailed: ['This run failed', 'What it had measured until then is not enough to show. The log says why it stopped.'],
    runCancelled: ['This run was cancelled', 'What it had measured until then is not enough to show.'],
    runRunning: ['This run has not ended', 'It is still being written, or the process that wrote it was stopped.'],
    noComparison: ['Nothing to compare in this run', 'Stabilize writes a second, retrained model file and puts it beside this one. Compare… puts any two runs side by side.'],
    noPairs: ['This run holds no pairs', 'No picture was evaluated, or the run kept none of its pairs.'],
    noMatch: ['No pair passes the filter', 'Choose another distortion, or show all labels.'],
  },
  cutShort: (state: RunState) => state === 'cancelled' ? 'This run was cancelled: the numbers cover the pictures evaluated until then.'
    : state === 'failed' ? 'This run failed: the numbers cover the pictures evaluated until then.'
      : 'This run has not ended: the numbers cover the pictures evaluated so far.',

  job: {
    title: (kind: 'evaluate' | 'stabilize', model: string) => `${kind === 'evaluate' ? 'Evaluating' : 'Stabilizing'} ${model}`,
    starting: 'starting',
    amount: (progress: Progress) => progress.total > 0 ? `${count(progress.done)} of ${count(progress.total)} ${progress.unit}` : `${count(progress.done)} ${progress.unit}`,
    speed: (perSecond: number) => `${perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))} a second`,
    left: (seconds: number) => `${duration(seconds)} left`,
    failed: 'The job failed',
  },

  overview: {
    table: 'Measures for each distortion',
    distortion: 'Distortion', instability: 'Label instability', distance: 'Feature distance', precision: 'Precision@1, clean → distorted', changed: 'Changed pairs',
    distanceText: (median: string, p95: string) => `median ${median} · p95 ${p95}`,
    barText: (name: string, value: string, interval: string) => `${name}: ${value} of labels change, 95 % interval ${interval}`,
    openPairs: (n: number, name: string) => `Open the ${plural(n, 'changed pair', 'changed pairs')} of ${name} in the gallery`,
    noTruth: 'no true labels',
    precisionMeans: { worse: 'below the interval of clean precision', better: 'above the interval of clean precision', same: 'the intervals overlap' },
    axisNote: 'Bars: share of pictures whose label changes. Whiskers: 95 % interval.',
    overall: 'Instability over distortions',
    overallText: 'pictures answered rightly in one version and wrongly in another',
    cleanPrecision: 'Clean precision', precisionAt1: 'precision@1', precisionAt5: 'precision@5',
    curves: 'Label instability over strength',
    meanings: {
      jpeg: (strength: number) => `re-encoded as JPEG at quality ${strength}`,
      thumbnail: (strength: number) => `shrunk to an area of ${count(strength)} pixels and enlarged again`,
      crop: (strength: number) => `a window ${strength} pixels smaller, at a random place`,
      'gaussian-noise': (strength: number) => `Gaussian noise of σ = ${strength} on pixel values from 0 to 1`,
    } as Record<string, ((strength: number) => string) | undefined>,
  },

  made: {
    title: 'How it was made',
    pictures: 'Pictures', seed: 'Seed', preprocessing: 'Preprocessing', features: 'Feature layer', engine: 'Engine', version: 'Version', date: 'Started', model: 'Model', labels: 'True labels', time: 'Time',
    labelsFrom: { folders: 'from class folders', file: 'from a file', none: 'none' },
    picturesText: (folder: string, evaluated: number, total: number) => `${folder}, ${count(evaluated)} of ${count(total)} read`,
    skipped: (n: number) => `${plural(n, 'picture was', 'pictures were')} skipped`,
    normalised: 'L2-normalised', notNormalised: 'not normalised', noFeatures: 'none found',
    guess: 'a guess',
    guessWhy: 'The model file does not say how its pictures were prepared. If this guess is wrong, every number here is too: compare clean precision with what you know of the model.',
    from: { metadata: 'from the model file', option: 'set by option', guess: 'a guess' } satisfies Record<Preprocessing['from'], string>,
    sha: (sha256: string) => `sha256 ${sha256.slice(0, 12)}`,
  },

  gallery: {
    grid: 'Pairs of clean and distorted pictures',
    source: 'Run', parts: { before: 'before', control: 'control', after: 'stabilized' },
    distortion: 'Distortion', allDistortions: 'all distortions',
    label: 'Label', labels: { all: 'changed or kept', changed: 'changed', kept: 'kept' },
    sort: 'Sort by', sorts: { featureDistance: 'feature distance', klDivergence: 'KL divergence', jsDivergence: 'JS divergence', pixelDifference: 'pixel difference' } satisfies Record<PairSort, string>,
    largest: 'largest first', smallest: 'smallest first',
    amplification: 'Difference',
    amplificationName: (factor: number) => `× ${factor}`,
    whiteMeans: (factor: number) => factor === 1 ? 'white: a full difference' : `white: a difference of ${Math.round(255 / factor)} of 255 levels or more`,
    counts: (total: number, all: number) => total === all ? plural(all, 'pair', 'pairs') : `${count(total)} of ${plural(all, 'pair', 'pairs')}`,
    capped: (shown: number) => `the first ${count(shown)} are shown; filter to see others`,
    worstOnly: (rule: string) => `this run kept only part of its pairs (${rule})`,
    columns: { a: 'A, original', b: 'B, distorted', difference: (factor: number) => `|A − B| × ${factor}`, distance: 'Feature distance', answers: 'Answers: upper bar A, lower bar B' },
    changed: 'changed', kept: 'kept',
    larger: (rank: string) => `larger than ${rank} of pairs`,
    truth: (label: string) => `truth ${label}`,
    right: 'right', wrong: 'wrong',
    loading: (row: number) => `Row ${count(row)} is being read`,
    pictureFailed: 'picture cannot be read',
    pictureOf: { a: 'original', b: 'distorted', difference: 'difference' },
    rowLabel: (row: number, image: string, distortion: string) => `Row ${count(row)}: ${image}, ${distortion}`,
    keys: 'Arrow keys move, Enter opens a pair.',
    failed: 'The pairs cannot be read',
    retry: 'Try Again',
    measures: { featureDistance: 'feature distance', klDivergence: 'KL(A‖B)', jsDivergence: 'JS', pixelDifference: 'pixel difference' },
    short: { klDivergence: 'KL', jsDivergence: 'JS', pixelDifference: 'pixels' },
  },

  pair: {
    title: (row: number, total: number) => `Pair ${count(row)} of ${count(total)}`,
    previous: 'Previous pair', next: 'Next pair',
    answers: 'Answers of the model', measures: 'Measures',
    image: 'picture', distortion: 'distortion', truth: 'truth', unknown: 'unknown',
  },

  compareView: {
    before: 'before', control: 'control', after: 'stabilized', a: 'A', b: 'B',
    controlMeans: 'Control: the same fine-tuning without the stability term (α = 0). What stabilizing gained is the difference to it.',
    accepted: 'Accepted', rejected: 'Rejected',
    rejectedFile: 'The file is written beside the model as a rejected one; the original is untouched.',
    table: 'Label instability for each distortion',
    overControl: 'Over the control', overBefore: 'Over before', change: 'Change', pairs: 'Pairs, before → stabilized', pairsTwo: 'Pairs, A → B',
    newlyStable: (n: number) => `${count(n)} newly stable`, newlyBroken: (n: number) => `${count(n)} newly broken`,
    better: 'more stable', worse: 'less stable', same: 'no clear difference',
    cleanPrecision: 'Clean precision@1', cleanTable: 'Clean precision',
    open: (part: string) => `Open ${part} in Gallery`,
    plot: (name: string, parts: string) => `${name}: ${parts}`,
    differences: 'The runs differ in how they were made',
    search: 'Search for α and σ, on the validation pictures',
    searchColumns: { alpha: 'α', sigma: 'σ', learningRate: 'learning rate', precision: 'precision@1', instability: 'label instability', note: '' },
    chosen: 'chosen', isControl: 'control', noPrecision: 'no labels',
    loss: 'Losses over the epochs',
    lossNames: { loss: 'training loss', stabilityLoss: 'stability loss', validationLoss: 'validation loss', validationStabilityLoss: 'validation stability loss' },
    lossText: (epochs: number, best: number) => `Losses of ${plural(epochs, 'epoch', 'epochs')}; the best is epoch ${best}`,
    bestEpoch: (epoch: number) => `best epoch ${epoch}`,
    stopped: { epochs: 'all epochs', early: 'stopped early, nothing improved', 'not finite': 'stopped: a loss was not finite', collapsed: 'stopped: the answers collapsed to one class', asked: 'stopped when asked to, the best so far kept' },
    trained: 'Trained', output: 'New file', split: 'Pictures', options: 'Options',
    splitText: (training: number, validation: number, test: number) => `${count(training)} for training, ${count(validation)} for choosing, ${count(test)} for these numbers`,
    two: 'Two runs', stabilization: 'Before, control, stabilized',
  },

  editor: {
    file: 'File', format: 'Format', size: 'Size', inputs: 'Inputs', outputs: 'Outputs', parameters: 'Parameters', layers: 'Layers with weights', operators: 'Operators',
    featureLayer: 'Feature layer', head: 'Head', trainable: 'Trainable', output: 'Output', classes: 'Classes', preprocessing: 'Preprocessing', pictures: 'Pictures',
    none: 'none found', yes: 'yes, the head can be retrained',
    headText: (layers: string[], parameters: string) => `${layers.join(', ')} (${parameters} parameters)`,
    logits: 'logits (a softmax is applied)', probabilities: 'probabilities', noClasses: 'no classes: an embedding or another kind of model',
    notKnown: 'not chosen yet', model: 'Model', answers: 'Answers', howPrepared: 'How pictures are prepared',
    more: (n: number) => `and ${count(n)} more`,
  },
};

/** What a distortion does, in words; empty for one without a description. */
export const distortionMeaning = (spec: { name: string; strength: number }): string => strings.overview.meanings[spec.name]?.(spec.strength) ?? distortionName(spec);

/** Preprocessing in a line: "resize stretch, bilinear, range 0-1, rgb". */
export function preprocessingText(preprocessing: Preprocessing): string {
  const parts = [`resize ${preprocessing.resize}`, preprocessing.interpolation, `range ${preprocessing.range}`, preprocessing.channels];
  if (preprocessing.mean) parts.push(`mean ${preprocessing.mean.join(', ')}`);
  if (preprocessing.std) parts.push(`std ${preprocessing.std.join(', ')}`);
  return parts.join(' · ');
}
