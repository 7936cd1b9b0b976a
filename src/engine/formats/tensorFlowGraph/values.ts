import type { WeightOrigin } from '../../graph/modelGraph.ts';
import { sizeOf, toFloat32, type TensorData } from '../../graph/tensor.ts';
import type { Flow, FlowGraph } from '../layers/flow.ts';
import { transpose } from '../layers/transpose.ts';
import type { Arrangement, Known } from '../operators/call.ts';
import { nodeOf, type FixedArray, type TensorFlowGraph } from './graphDef.ts';

/** Numbers that are computed with while the graph is made at most; indices and shapes are fewer. */
const mostKnown = 65_536;

/** What each value of a graph is: an array that is fixed in the file, whole numbers that are known, or a value of the ONNX graph. */
export class GraphValues {
  /** Where the float arrays come from that are in the graph, each in one arrangement only. */
  readonly origins = new Map<string, WeightOrigin>();
  readonly #graph: FlowGraph;
  readonly #fixed: TensorFlowGraph['fixed'];
  readonly #flows = new Map<string, Flow>();
  readonly #known = new Map<string, Known>();
  /** Values that are another one. */
  readonly #sources = new Map<string, string>();
  readonly #added = new Map<string, string>();
  readonly #byNode = new Map<string, string>();

  constructor(graph: FlowGraph, fixed: TensorFlowGraph['fixed']) {
    this.#graph = graph;
    this.#fixed = fixed;
  }

  setFlow(key: string, flow: Flow): void {
    this.#flows.set(key, flow);
  }

  setKnown(key: string, known: Known): void {
    this.#known.set(key, known);
  }

  /** Says that a value is another one, as behind an Identity. */
  setSource(key: string, source: string): void {
    this.#sources.set(key, this.#source(source));
  }

  /** The array that a value is fixed as; null where it is computed. */
  stored(key: string): FixedArray | null {
    return this.#fixed.get(nodeOf(this.#source(key))) ?? null;
  }

  /** Whole numbers of a value; null where they depend on the picture, are no whole numbers, or are too many. */
  known(key: string): Known | null {
    const known = this.#known.get(this.#source(key));
    if (known) return known;
    const stored = this.stored(key);
    if (!stored || !['int32', 'int64'].includes(stored.type) || sizeOf(stored.shape) > mostKnown) return null;
    return { shape: stored.shape, values: Array.from(stored.data() as ArrayLike<number | bigint>, Number) };
  }

  /** A value of the graph; undefined where nothing has made it. */
  flow(key: string): Flow | undefined {
    const source = this.#source(key);
    const flow = this.#flows.get(source);
    if (flow) return flow;
    const known = this.#known.get(source);
    if (known) return { name: this.#graph.builder.constant({ type: 'int32', dims: known.shape, data: Int32Array.from(known.values) }), shape: known.shape, channelsFirst: false };
    const stored = this.stored(source);
    return stored ? { name: this.fixed(source), shape: stored.shape, channelsFirst: false } : undefined;
  }

  /** Name of an array that is fixed in the file. What lies in the graph in two ways cannot be trained. */
  fixed(key: string, { transposition, dims: given }: Arrangement = {}): string {
    const node = nodeOf(this.#source(key));
    const stored = this.#fixed.get(node);
    if (!stored) throw new Error(`${key} is not fixed in the file`);
    const dims = given ?? transposition?.map((axis) => stored.shape[axis]!) ?? stored.shape;
    const place = [node, dims.join(), transposition?.join() ?? ''].join(':');
    const known = this.#added.get(place);
    if (known !== undefined) return known;
    const { builder } = this.#graph;
    const data = stored.data();
    const moved = transposition?.some((axis, index) => axis !== index);
    // Only weights of layers are laid out anew, which are floats.
    const values: TensorData = moved ? transpose(toFloat32({ type: stored.type, dims: stored.shape, data }), stored.shape, transposition!) : data;
    const name = builder.weight(builder.unique(node), { type: moved ? 'float32' : stored.type, dims, data: values });
    const other = this.#byNode.get(node);
    if (other !== undefined) this.origins.delete(other);
    else if (stored.origin) this.origins.set(name, { ...stored.origin, ...(transposition && { transposition }) });
    this.#byNode.set(node, name);
    this.#added.set(place, name);
    return name;
  }

  #source(key: string): string {
    return this.#sources.get(key) ?? key;
  }
}
