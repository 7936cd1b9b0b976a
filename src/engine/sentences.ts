/**
 * The sentences that the engine writes into runs, logs and progress, in English. A run holds them as they are read here, without
 * keys; `src/translation` knows them again by this table, so that a sentence of a run, new or old, can be shown in another language.
 * Words in braces are places for values.
 */
const sentences = {
  // What a reader must know before trusting the numbers.
  atChance: 'Clean precision is {precision}, no better than chance ({chance}): the preprocessing or the labels are probably wrong.',
  oneLabelForAll: 'Every clean picture is given the same label, so nothing can be said about stability: the preprocessing is probably wrong.',
  guessedPreprocessing: 'The preprocessing is a guess, because the model does not say how it wants its pictures: check range, mean and channels.',
  guessedSize: 'The size of the pictures is a guess, {size}, because the model leaves it open: give the size that it was trained with (--input-size).',
  onePicture: 'Only 1 picture was evaluated: the intervals are wide.',
  fewPictures: 'Only {pictures} pictures were evaluated: the intervals are wide.',
  unreadPictures: '{count} of {total} pictures could not be read and were left out.',
  unknownFolder: 'the pictures count as unlabelled: the folder "{folder}" is none of the model\'s {classes} classes',
  otherFolders: 'the pictures count as unlabelled: {images} has {folders} folders, the model has {classes} classes, and no class names tell which are which',
  askedToFinish: 'The job was asked to finish: points of the search that were not trained by then were left out.',
  collapsed: 'Training with {point}, learning rate {rate} was stopped in epoch {epoch}, because every picture was given the same label; the best state before it was kept (epoch {best}).',
  notFinite: 'Training with {point}, learning rate {rate} was stopped in epoch {epoch}, because the loss became infinite or not a number; the best state before it was kept (epoch {best}).',

  // Why a point of the search cannot be chosen.
  pointLessPrecise: 'clean precision falls from {before} to {after}',
  pointNotFinite: 'its loss became infinite or not a number',
  pointCollapsed: 'it gave every picture the same label',

  // Whether a stabilized model is accepted, and what follows.
  morePrecisionLost: 'Clean precision falls from {before} to {after}, more than the {allowed} allowed.',
  moreAnswersMoved: '{moved} of the clean answers are not the original\'s any more, more than the {allowed} allowed.',
  noneClearlyFewer: 'No distortion changes clearly fewer labels than before.',
  clearlyFewer: 'Clearly fewer labels change at {names}.',
  onlyTrainedOn: 'But that is what it was trained on: nothing is shown for changes that it has not seen.',
  wasTrainedOn: 'It was trained on {names}.',
  moreLabels: 'More labels change at {names}.',
  clearOverControl: 'Over the control, fine-tuning without the stability loss, the gain is clear at {names}.',
  notOverControl: 'Fine-tuning without the stability loss does about as well: the gain over the control is not clear at any distortion.',
  nearer: 'Versions of a picture come nearer, as the median feature distance, at {names}.',
  nearerInUnits: 'Versions of a picture come nearer, in units of the distance of different pictures, at {names}.',
  noneNearer: 'Versions of a picture come nearer at no distortion.',
  farther: 'They move apart at {names}.',
  keep: 'Keep it.',
  keepEither: 'You can keep it, but fine-tuning alone does about as much.',
  precisionFell: 'Do not use it: clean precision fell from {before} to {after}.',
  answersMoved: 'Do not use it: too many answers on clean pictures moved away from the original\'s.',
  notStabler: 'Do not use it: it is not clearly more stable than the original.',

  // Two runs beside each other.
  fewerLabels: 'Fewer labels change at {names}.',
  noClearChange: 'No distortion changes clearly more or fewer labels.',
  precisionFalls: 'Clean precision falls from {before} to {after}.',
  precisionRises: 'Clean precision rises from {before} to {after}.',
  precisionSame: 'Clean precision is about the same ({before} → {after}).',
  distanceFalls: 'The median feature distance falls at {names}.',
  distanceRises: 'It rises at {names}.',
  distanceSame: 'The median feature distance is the same at every distortion.',
  otherImages: 'The picture folder differs: {a} and {b}.',
  otherCount: 'The number of pictures differs: {a} and {b}.',
  otherSeed: 'The seed differs: {a} and {b}.',
  otherDistortions: 'The list of distortions differs: {a} and {b}.',
  otherPreprocessing: 'Preprocessing ({setting}) differs: {a} and {b}.',
  otherLabels: 'The kind of labels differs: {a} and {b}.',
  otherClassNames: 'The class names differ: the same label may mean different things.',
  worstPairsOnly: 'A run kept only its worst pairs: tests and counts of pairs cover only the pairs that both kept.',

  // What a run came to, in a list of runs.
  labelsChange: '{share} of labels change at {name}',
  featuresMove: 'features move by {distance} at {name}',
  noDistortions: 'no distortions',
  stabilizedAccepted: 'stabilized, accepted: {summary}',
  stabilizedRejected: 'stabilized, rejected: {summary}',
  framesDiffer: '{share} of neighbouring frames differ in their label ({flips} flips in {frames} frames)',
  wasCancelled: 'cancelled',
  hasFailed: 'failed',
  isRunning: 'running',
  isDone: 'done',

  // Video frames.
  oneLabelForFrames: 'Every frame is given the same label: nothing flips, and nothing can be said about which frames would.',
  fewFrames: 'Only {pairs} pairs of neighbouring frames were compared: the interval is wide.',
  unreadFrames: '{count} of {total} frames could not be read; the frames around them count as no neighbours.',

  // Preprocessing that was looked for.
  clearestPresent: 'The answers are clearest with the present preprocessing ({name}): mean confidence {confidence}, {labels} different labels. Without labels this is a hint, no proof.',
  clearestOther: 'The answers are clearest with {name}: mean confidence {confidence}, {labels} different labels; with the present preprocessing {presentConfidence} and {presentLabels}. Without labels this is a hint, no proof.',
  presentBest: 'The present preprocessing ({name}) is the best of {count}: clean precision {precision}.',
  otherBetter: '{name} is better than the present preprocessing: clean precision {precision}, with the present preprocessing {present}.',
  otherAhead: '{name} is ahead, but not by more than chance may give on so few pictures: clean precision {precision}, with the present preprocessing {present}.',
  bestAtChance: 'Even the best is no better than chance ({chance}): the labels, or the order of the class names, are probably wrong.',
  oneLabelHowever: 'Every picture is given the same label, however it is prepared.',
  unreadTrials: '{count} pictures could not be read and were left out.',

  // Limits.
  instabilityUnknown: 'label instability is not known, because the model has no classes',
  precisionUnknown: 'precision@1 is not known, because the pictures have no labels',
  instabilityNotEvaluated: 'label instability at {on} is not known, because it was not evaluated',
  precisionNotEvaluated: 'precision@1 at {on} is not known, because it was not evaluated',
  instabilityMet: 'label instability at {on} is {value}, not more than {limit}',
  instabilityNotMet: 'label instability at {on} is {value}, more than {limit}',
  precisionMet: 'precision@1 at {on} is {value}, not less than {limit}',
  precisionNotMet: 'precision@1 at {on} is {value}, less than {limit}',
  cleanPrecisionMet: 'clean precision@1 is {value}, not less than {limit}',
  cleanPrecisionNotMet: 'clean precision@1 is {value}, less than {limit}',

  // What a job is doing.
  loadingModel: 'loading the model',
  evaluating: 'evaluating',
  evaluatingAll: 'evaluating before, control and stabilized',
  evaluatingFrames: 'evaluating frames',
  distorting: 'distorting with {name}',
  tryingRanges: 'trying ranges and channels',
  tryingResizes: 'trying ways of resizing',
  trainingFeatures: 'features of the training pictures',
  validationFeatures: 'features of the validation pictures',
  readingTraining: 'reading the training pictures',
  readingValidation: 'reading the validation pictures',
  training: 'training, {point}',
  installingPackage: 'installing {name}',
  fetchingOwnLibrary: 'fetching its C library by its own installer',
  fetchingLibrary: 'fetching TensorFlow {version} from the Python package index',
  compilingBinding: 'compiling its binding',
} as const;

export type Sentences = typeof sentences;
export type SentenceKey = keyof Sentences;

/** Names of a sentence's places. */
export type Places<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;

type Values<Key extends SentenceKey> = [Places<Sentences[Key]>] extends [never] ? [] : [values: Record<Places<Sentences[Key]>, string | number>];

/** A sentence with its values. */
export function say<Key extends SentenceKey>(key: Key, ...[values]: Values<Key>): string {
  return filled(sentences[key], values ?? {});
}

/** A text with its places filled. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** All of them, for who knows them again. */
export const englishSentences: Sentences = sentences;
