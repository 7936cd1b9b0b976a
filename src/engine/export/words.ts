import type { Preprocessing, Run } from '../results.ts';

/** Every word of a report and of sheets of pairs. Numbers come as numbers, sentences of the engine as it wrote them, so that a language writes both in its way. */
export interface ReportWords {
  /** Tag of the language. */
  language: string;
  /** A number with so many decimals. */
  decimal: (value: number, digits: number) => string;
  /** A share in per cent, with one decimal. */
  percent: (value: number) => string;
  /** A whole number that may be large. */
  count: (value: number) => string;
  /** Sentences that the engine wrote into the run. */
  said: (text: string) => string;

  titles: Record<Run['kind'], (model: string) => string>;
  pictures: (count: number) => string;
  mind: string;
  distortion: string; clean: string; precision: string; featureDistance: string;
  interval: (share: string, low: string, high: string) => string;
  /** The same, read aloud. */
  intervalText: (share: string, low: string, high: string) => string;

  instability: string;
  instabilityMeans: (end: string) => string;
  labelsChanged: string; medianAndP95: string; klMean: string;
  overVersions: (share: string) => string;
  featuresMove: (distortion: string, distance: string) => string;
  precisionIs: (share: string) => string;
  nothingDistorted: string;
  noneChanged: (pictures: number, bound: string) => string;
  changesFewest: (distortion: string, share: string) => string;
  labelsChange: (share: string, distortion: string) => string;

  method: string;
  rows: { model: string; pictures: string; labels: string; preprocessing: string; features: string; seed: string; engine: string };
  picturesFrom: (evaluated: number, total: number, folder: string, unread: number) => string;
  labelsFrom: Record<'none' | 'folders' | 'file', string>;
  preprocessing: (resize: string, shape: string, interpolation: string, range: string) => string;
  mean: (values: string) => string; std: (values: string) => string;
  preprocessingFrom: (source: Preprocessing['from']) => string;
  noFeatures: string; normalised: string;

  worstPairs: (distortion: string) => string;
  worstPairsMean: (amplification: number) => string;
  labelChanged: (a: string, b: string) => string; labelKept: (a: string, b: string) => string;
  pictureGone: string;
  pairFacts: (distance: string, image: string) => string; truth: (label: string) => string;
  cleanPicture: (name: string) => string; distortedPicture: (name: string, words: string) => string; difference: string;

  accepted: string; rejected: string;
  labelsChangedMean: (pictures: number, end: string) => string;
  before: string; control: string; stabilized: string; overControl: string; cleanPrecision: string;
  training: string;
  trainingRows: { output: string; trained: string; loss: string; optimizer: string; pictures: string; control: string };
  trained: (layers: string, parameters: string, train: string) => string;
  loss: (alpha: string, divergence: string, sigma: string) => string;
  optimizer: (name: string, rate: string, batch: number, best: number, epochs: number) => string;
  shares: (training: number, validation: number, test: number) => string;
  controlMeans: string;

  frames: string; neighbours: string; labelDiffers: string; jsDivergence: string; clips: string; clip: string; flips: string; classes: string; allFrames: string;
  framesDiffer: (share: string) => string;
  ofNeighbours: (share: string, neighbours: number) => string;
  medianP95: (median: string, p95: string) => string; meanP95: (mean: string, p95: string) => string;
  neighbourPrecision: string; neighbourPrecisionMeans: string; precisionOver: string;

  sheet: (model: string, distortion: string, amplification: number) => string;
  sheetKept: string; sheetChanged: string; sheetGone: string;
}

/** The words in English. */
export const englishReport: ReportWords = {
  language: 'en',
  decimal: (value, digits) => value.toFixed(digits),
  percent: (value) => `${(100 * value).toFixed(1)} %`,
  count: (value) => value.toLocaleString('en'),
  said: (text) => text,

  titles: { evaluation: (model) => `Stability of ${model}`, sequence: (model) => `Video frames answered by ${model}`, stabilization: (model) => `Stabilization of ${model}` },
  pictures: (count) => `${count} pictures`,
  mind: 'Mind:',
  distortion: 'Distortion', clean: 'clean', precision: 'Precision@1', featureDistance: 'feature distance',
  interval: (share, low, high) => `${share} (${low}–${high})`,
  intervalText: (share, low, high) => `${share}, 95 % interval ${low} to ${high}`,

  instability: 'Label instability',
  instabilityMeans: (end) => `Share of pictures whose label changes when they are distorted, with its 95 % interval; the bars go to ${end}.`,
  labelsChanged: 'Labels changed', medianAndP95: 'Feature distance, median / 95th percentile', klMean: 'KL, mean',
  overVersions: (share) => `Over all versions, ${share} of the pictures are answered rightly in one version and wrongly in another.`,
  featuresMove: (distortion, distance) => `Features move most at ${distortion}: the median distance is ${distance}. The model has no classes.`,
  precisionIs: (share) => `Clean precision is ${share}.`,
  nothingDistorted: 'Nothing was distorted.',
  noneChanged: (pictures, bound) => `No label changed under any distortion; with ${pictures} pictures up to ${bound} could.`,
  changesFewest: (distortion, share) => `${distortion} changes fewest: ${share}.`,
  labelsChange: (share, distortion) => `${share} of labels change at ${distortion}.`,

  method: 'Method',
  rows: { model: 'model', pictures: 'pictures', labels: 'true labels', preprocessing: 'preprocessing', features: 'feature layer', seed: 'seed', engine: 'engine' },
  picturesFrom: (evaluated, total, folder, unread) => `${evaluated} of ${total} in ${folder}${unread > 0 ? `; ${unread} could not be read` : ''}`,
  labelsFrom: { none: 'none', folders: 'the class folders', file: 'a file' },
  preprocessing: (resize, shape, interpolation, range) => `${resize} to ${shape}, ${interpolation}, range ${range}`,
  mean: (values) => `mean ${values}`, std: (values) => `std ${values}`,
  preprocessingFrom: (source) => source === 'guess' ? 'a guess' : `from ${source}`,
  noFeatures: 'none', normalised: 'vectors scaled to length 1',

  worstPairs: (distortion) => `Worst pairs at ${distortion}`,
  worstPairsMean: (amplification) => `Picture, distorted picture and their difference, ${amplification} times as strong; changed labels first, then by feature distance.`,
  labelChanged: (a, b) => `label changed from ${a} to ${b}`, labelKept: (a, b) => `label kept, ${a} and ${b}`,
  pictureGone: 'The picture is not there any more.',
  pairFacts: (distance, image) => `feature distance ${distance} · ${image}`, truth: (label) => `truth ${label}`,
  cleanPicture: (name) => `${name}, clean`, distortedPicture: (name, words) => `${name}, distorted: ${words}`, difference: 'difference',

  accepted: 'Accepted.', rejected: 'Not accepted.',
  labelsChangedMean: (pictures, end) => `On ${pictures} test pictures that training and search never saw, in per cent with 95 % intervals; the gain that counts is the one over the control. Under each number a bar from 0 to ${end}.`,
  before: 'Before', control: 'Control, α = 0', stabilized: 'Stabilized', overControl: 'Over the control, points', cleanPrecision: 'clean precision@1',
  training: 'Training',
  trainingRows: { output: 'new file', trained: 'trained', loss: 'loss', optimizer: 'optimiser', pictures: 'pictures', control: 'control' },
  trained: (layers, parameters, train) => `${layers} (${parameters} parameters), ${train}`,
  loss: (alpha, divergence, sigma) => `L0 + α · L_stability, α = ${alpha}, ${divergence}, noise σ = ${sigma}`,
  optimizer: (name, rate, batch, best, epochs) => `${name}, learning rate ${rate}, batches of ${batch}, best epoch ${best} of ${epochs}`,
  shares: (training, validation, test) => `${training} for training, ${validation} for choosing, ${test} for this report`,
  controlMeans: 'the same training with α = 0',

  frames: 'Frames', neighbours: 'Neighbouring frames', labelDiffers: 'label differs', jsDivergence: 'JS divergence', clips: 'Clips', clip: 'Clip', flips: 'Flips', classes: 'Classes, most frames first', allFrames: '(all)',
  framesDiffer: (share) => `${share} of the neighbouring frames are given different labels.`,
  ofNeighbours: (share, neighbours) => `${share} of ${neighbours} neighbours`,
  medianP95: (median, p95) => `median ${median}, 95th percentile ${p95}`, meanP95: (mean, p95) => `mean ${mean}, 95th percentile ${p95}`,
  neighbourPrecision: 'Precision over neighbours, pm-k', neighbourPrecisionMeans: 'A frame counts only where it and all frames up to k before and after it are answered rightly.', precisionOver: 'Precision',

  sheet: (model, distortion, amplification) => `${model}: worst pairs at ${distortion}; picture, distorted, difference × ${amplification}`,
  sheetKept: 'kept', sheetChanged: 'CHANGED', sheetGone: 'not there any more',
};
