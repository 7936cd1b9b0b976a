import type { ModelGraph } from '../graph/modelGraph.ts';
import type { AskedSize } from '../inputSize.ts';

/** New values of weights, by their name in the graph: float32, in the graph's shape. */
export type ChangedWeights = ReadonlyMap<string, Float32Array>;

/** Reads and writes one kind of model file. Everything else of the program sees only the `ModelGraph`. */
export interface Format {
  /** As `inspect` says it: `onnx`, `tensorflowjs-layers`. */
  name: string;
  title: string;
  /** The model is the folder that holds the opened file, which has the same name in every folder. */
  folder?: boolean;
  /** Whether a file is of this kind, told by its path and its first 4096 bytes (fewer where it is shorter). */
  matches(path: string, head: Uint8Array): boolean;
  /**
   * Reads the file at an absolute path. `size` is that of the pictures where the file leaves it open; the graph has it fixed,
   * what is written does not. Throws a `UserError` that names the file and, inside it, the culprit.
   */
  read(path: string, size?: AskedSize): Promise<ModelGraph>;
  /**
   * Writes a copy of the model's files to `output` with some weights changed and with `metadata` added, nothing else that a
   * reader of the file would notice. Every file is written beside its place and renamed, the opened one last. Returns the
   * files written, `output` first.
   */
  write(graph: ModelGraph, changed: ChangedWeights, metadata: Record<string, string>, output: string): Promise<string[]>;
}
