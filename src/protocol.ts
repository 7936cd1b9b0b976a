/**
 * Every message that crosses a boundary of a process, as types: host ↔ worker (JSON-RPC over the child's IPC channel) and
 * host ↔ webview (`postMessage`). Each call gets exactly one answer, ok or error.
 */
import type { ConfigOptions } from './engine/config.ts';
import type { InstallOptions } from './engine/engines/tensorflow/install.ts';
import type { GateResult, Gates } from './engine/gates.ts';
import type { EvaluateOptions, ExportOptions, FindPreprocessingOptions, InspectOptions, SequenceOptions, StabilizeOptions } from './engine/options.ts';
import type { Comparison, Evaluation, Exported, Frame, LayerInfo, ModelInfo, PreprocessingSearch, Progress, Run, Sequence, Stabilization } from './engine/results.ts';
import type { ClipCurves, ClipCurvesQuery, Distances, DistancesQuery, FramePictureFile, FramePictureRequest, FramesQuery, ListedRun, PairColumn, PairPictureFiles, PairPicturesRequest, PairsViewPage, PairsViewQuery, PairsViewRow, SavePairRequest } from './engine/runs/queries.ts';
import type { StoredJob } from './engine/runs/storedJob.ts';

/** An error as it crosses a boundary. `user` errors are sentences for the user; the rest are faults, with their stack. */
export interface WireError {
  message: string;
  kind: 'user' | 'cancelled' | 'fault';
  stack?: string;
}

// ---------------------------------------------------------------------------------------------------------- worker

/** What a worker answers. The first two groups are jobs (one a process), the last serves the panel. */
export interface WorkerMethods {
  inspect(options: InspectOptions): Promise<ModelInfo>;
  evaluate(options: EvaluateOptions): Promise<Evaluation>;
  stabilize(options: StabilizeOptions): Promise<Stabilization>;
  findPreprocessing(options: FindPreprocessingOptions): Promise<PreprocessingSearch>;
  sequence(options: SequenceOptions): Promise<Sequence>;
  compare(runs: { a: string; b: string }): Promise<Comparison>;
  exportRun(options: ExportOptions): Promise<Exported>;
  /** Installs TensorFlow's own library into a folder, with progress; how reports name it. */
  setUpTensorFlow(options: InstallOptions): Promise<string>;
  /** Runs below a folder, newest first; unreadable ones are left out and named in the log. */
  listRuns(query: { folder: string }): Promise<RunListItem[]>;
  openRun(query: { run: string }): Promise<Run>;
  renameRun(query: { run: string; name: string }): Promise<void>;
  /** What a run was asked for, to ask for it again. */
  storedJob(query: { run: string }): Promise<StoredJob>;
  checkGates(query: { run: string; gates: Gates }): Promise<GateResult[]>;
  readConfig(query: { file: string }): Promise<ConfigOptions>;
  /** The text of a configuration file that repeats the job of a run, or has the given options where there is none; its gates stay. */
  configText(query: { file: string; run: string | null; options: Partial<EvaluateOptions & StabilizeOptions> }): Promise<string>;
  /** SHA-256 of model files by path; those that cannot be read are left out. */
  hashModels(query: { files: string[] }): Promise<Record<string, string>>;
  pairs(query: PairsQuery): Promise<PairsPage>;
  pairPictures(query: PairPicturesQuery): Promise<PairPictures>;
  distances(query: DistancesQuery): Promise<Distances>;
  savePair(request: SavePairRequest): Promise<void>;
  clipCurves(query: ClipCurvesQuery): Promise<ClipCurves>;
  frames(query: FramesQuery): Promise<Frame[]>;
  framePicture(query: FramePictureRequest): Promise<FramePictureFile>;
  /** Writes the model of a point of a stabilization's search; its path. */
  writePoint(query: { run: string; index: number; output: string }): Promise<string>;
}

/** Methods that are jobs on a model: each runs in a worker of its own, with progress, and can be steered and cancelled. */
export type JobKind = 'evaluate' | 'stabilize' | 'findPreprocessing' | 'sequence';

/** How a running job is steered: it waits, goes on, or ends its training with the best so far. */
export type JobSteering = 'pause' | 'resume' | 'finishEarly';

/** What a worker says without being asked. */
export interface WorkerEvents {
  progress(progress: Progress): void;
  log(line: string): void;
}

export type RunListItem = ListedRun;
export type PairSort = PairColumn;
/** `run` is the folder of an evaluation (of a stabilization: its `before`, `control` or `after` folder). */
export type PairsQuery = PairsViewQuery;
export type PairsPage = PairsViewPage;
export type PairRow = PairsViewRow;
export type PairPicturesQuery = PairPicturesRequest;
export type PairPictures = PairPictureFiles;

// --------------------------------------------------------------------------------------------------------- webview

/** A job as the panel shows it. */
export interface JobView {
  kind: JobKind;
  model: string;
  progress: Progress | null;
  /** The job was told to wait; it does so at its next breath. */
  paused: boolean;
  /** A training was told to end with the best so far. */
  finishing: boolean;
}

/** What the user chose in the list of a model's layers; null for what the program finds or the configuration says. */
export interface ModelChoices {
  /** Name of the value that holds the features. */
  featureLayer: string | null;
  /** `head`, `last:N`, `batch-norm` or `all`. */
  train: string | null;
}

/** The host's truth, pushed whole whenever it changes and asked for by `ready`. */
export interface PanelState {
  /** The model file open in the editor; null where none is. */
  model: { path: string; name: string } | null;
  /** Null while the file is being read. */
  info: ModelInfo | null;
  /** Why the model cannot be read. */
  modelError: string | null;
  trusted: boolean;
  /** Folder of the pictures known for this model. */
  images: string | null;
  /** What the user chose of this model's layers; null where no model is shown. */
  choices: ModelChoices | null;
  job: JobView | null;
  /** The last job's failure, until the next job starts: one sentence. */
  jobError: string | null;
  runs: RunListItem[];
  /** Folder of the run on screen. */
  run: string | null;
  /** Its content; null while it is being read or where there is none. */
  result: Run | null;
  runError: string | null;
  /** Two runs side by side, chosen by "Compare Runs". */
  comparison: Comparison | null;
  view: PanelView;
}

/** The panel's views: one file each in `webview-ui/views/`. */
export type PanelView = 'overview' | 'gallery' | 'distances' | 'compare' | 'sweep' | 'training' | 'sequence';

/** What a webview asks the host. */
export interface HostMethods {
  ready(): Promise<PanelState>;
  evaluate(): Promise<void>;
  stabilize(): Promise<void>;
  chooseImages(): Promise<void>;
  /** The layers of the model on screen; null where there are none to show. */
  layers(): Promise<LayerInfo[] | null>;
  chooseParts(choice: Partial<ModelChoices>): Promise<void>;
  evaluateFrames(): Promise<void>;
  findPreprocessing(): Promise<void>;
  cancel(): Promise<void>;
  steer(query: { steering: JobSteering }): Promise<void>;
  /** Asks where to, and writes the model of a point of a stabilization's search there. */
  writePoint(query: { run: string; index: number }): Promise<void>;
  showLog(): Promise<void>;
  openRun(query: { run: string }): Promise<void>;
  compareRuns(): Promise<void>;
  openPanel(query: { view: PanelView }): Promise<void>;
  revealFile(query: { path: string }): Promise<void>;
  copyText(query: { text: string }): Promise<void>;
  pairs(query: PairsQuery): Promise<PairsPage>;
  pairPictures(query: PairPicturesQuery): Promise<PairPictures>;
  distances(query: DistancesQuery): Promise<Distances>;
  /** Asks where to, and says whether the pair was saved. `name` is that of the file proposed. */
  savePair(query: Omit<SavePairRequest, 'file'> & { name: string }): Promise<boolean>;
  clipCurves(query: ClipCurvesQuery): Promise<ClipCurves>;
  frames(query: FramesQuery): Promise<Frame[]>;
  framePicture(query: FramePictureRequest): Promise<FramePictureFile>;
}

/** What the host tells a webview. */
export interface WebviewEvents {
  state(state: PanelState): void;
}

export type WebviewRequest = { id: number; method: keyof HostMethods; params?: unknown };
export type WebviewReply = { id: number; ok: true; result: unknown } | { id: number; ok: false; error: WireError };
export type WebviewEvent = { event: 'state'; state: PanelState };
