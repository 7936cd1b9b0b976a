import type { ModelProto } from '../graph/onnx_pb.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Device, EngineName } from '../results.ts';

/** A graph that is ready to run. */
export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Feeds every input, gives every output. Bool tensors hold 0 and 1 in a `Uint8Array`. */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  /** Frees what the session holds outside of JavaScript's memory. */
  release(): Promise<void>;
}

export interface SessionOptions {
  /** Threads for one operator; 0 means all cores. */
  threads?: number;
  /**
   * Takes memory for each value when it is made, not for all values at once by a plan from the first run: a little slower where
   * values are many and small, and hardly more than half of the memory where they are large.
   */
  sparing?: boolean;
}

/** What runs an ONNX graph. */
export interface Engine {
  readonly name: EngineName;
  /** Absent for an engine that has no choice. */
  readonly device?: Device;
  /** How a report names it: "ONNX Runtime 1.30.0, CPU". */
  readonly description: string;
  /** Throws an error that names the operator and the node where one is not supported. */
  load(model: ModelProto, options?: SessionOptions): Promise<Session>;
}
