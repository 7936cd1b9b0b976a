import type { Flow, FlowGraph } from '../flow.ts';
import type { LayerConfig } from '../layerConfig.ts';

/** How a weight of the graph lies beside the stored one. */
interface Arrangement {
  /** Axes of the stored array in the order in which the graph has them. */
  transposition?: number[];
  /** The graph's shape, where it is not the stored one after its transposition. */
  dims?: number[];
}

/** One call of a layer while its nodes are made. */
export interface LayerCall {
  graph: FlowGraph;
  config: LayerConfig;
  /** What the layer's result is called in the graph: the layer's path. */
  name: string;
  /**
   * Name in the graph of one of the layer's weights, `kernel` for one. `shape` is the stored array's, −1 where any size
   * will do; a weight of another shape is a `UserError`. A layer that is called twice reads the same weight twice.
   */
  weight(suffix: string, shape: readonly number[], arrangement?: Arrangement): string;
  /** Shape of one of the layer's weights as it is stored. */
  weightShape(suffix: string): number[];
  /** Stored values of one of the layer's weights that the graph has as a constant, not to be trained. */
  values(suffix: string): Float32Array;
}

/** What this program knows of a class of layers. */
export interface LayerKind {
  /** Names of its weights, in the order in which Keras lists them; none where absent. */
  weights?(config: LayerConfig): string[];
  /** Joins two or more inputs; absent for layers of one input. */
  join?(call: LayerCall, inputs: Flow[]): Flow;
  /** Adds the nodes of a call on one input. */
  build?(call: LayerCall, input: Flow): Flow;
  /** Adds the nodes of an operation, which takes constants among its operands. */
  operate?(call: LayerCall, operands: readonly unknown[]): Flow;
  /** Other names that programs give to a weight. */
  aliases?: Readonly<Record<string, string>>;
}
