import { UserError } from '../../job.ts';
import type { WeightOrigin } from '../../graph/modelGraph.ts';
import type { ElementType, TensorData } from '../../graph/tensor.ts';

/** A setting of a node. Whole numbers beyond 2^53 do not occur in what can be opened; shapes are null where their rank is open. */
export type Attribute =
  | { kind: 'type'; value: string }
  | { kind: 'int' | 'float'; value: number }
  | { kind: 'bool'; value: boolean }
  | { kind: 'text'; value: string }
  | { kind: 'shape'; value: number[] | null }
  | { kind: 'function'; value: string }
  | { kind: 'list'; value: (number | string | boolean)[] };

/** A node of a TensorFlow graph (tensorflow/core/framework/node_def.proto). */
export interface TensorFlowNode {
  name: string;
  op: string;
  /** `name`, `name:1` for a further output, `^name` for a node that only has to run before. */
  inputs: string[];
  attributes: ReadonlyMap<string, Attribute>;
}

/** An array that a file holds: a Const node's, or a variable's. */
export interface FixedArray {
  type: ElementType;
  shape: number[];
  /** Values in the file's order; floats of 16 bits and quantised ones as 32-bit floats. */
  data(): TensorData;
  /** Where they lie; absent where they are not floats that can be written back. */
  origin?: Omit<WeightOrigin, 'transposition'>;
}

/** A graph as a file has it, with every function in its place. */
export interface TensorFlowGraph {
  /** Absolute path, for messages. */
  path: string;
  nodes: TensorFlowNode[];
  /** Names of the placeholders that are fed. */
  inputs: string[];
  /** Values that the model answers with: `name` or `name:1`. */
  outputs: string[];
  /** Arrays by the name of the node that gives them. */
  fixed: ReadonlyMap<string, FixedArray>;
}

/** Element types by TensorFlow's number and name (tensorflow/core/framework/types.proto). */
const dataTypes: readonly [number, string, ElementType][] = [
  [1, 'DT_FLOAT', 'float32'], [2, 'DT_DOUBLE', 'float64'], [3, 'DT_INT32', 'int32'], [4, 'DT_UINT8', 'uint8'], [5, 'DT_INT16', 'int16'], [6, 'DT_INT8', 'int8'],
  [9, 'DT_INT64', 'int64'], [10, 'DT_BOOL', 'bool'], [17, 'DT_UINT16', 'uint16'], [19, 'DT_HALF', 'float16'], [22, 'DT_UINT32', 'uint32'],
];

/** The element type that a number or a name stands for; its name as it is where that is another one. */
export function typeOf(type: number | string): string {
  if (type === 7 || type === 'DT_STRING') return 'text';
  return dataTypes.find(([code, name]) => code === type || name === type)?.[2] ?? String(type);
}

/** A value's name with the number of the output: `conv` is `conv:0`. */
export function valueKey(name: string): string {
  return /:\d+$/.test(name) ? name : `${name}:0`;
}

/** The node that makes a value. */
export function nodeOf(value: string): string {
  return value.replace(/:\d+$/, '');
}

/**
 * The nodes that the outputs depend on, each after those it reads from. Nodes that only have to run before another, such as
 * assertions, are left out: they make nothing. Throws a `UserError` where a value is missing or depends on itself.
 */
export function orderedNodes({ path, nodes, outputs }: TensorFlowGraph): TensorFlowNode[] {
  const byName = new Map<string, TensorFlowNode>();
  for (const node of nodes) {
    if (byName.has(node.name)) throw new UserError(`${path}: two nodes are called ${node.name}`);
    byName.set(node.name, node);
  }
  const ordered: TensorFlowNode[] = [];
  const state = new Map<TensorFlowNode, 'open' | 'done'>();
  const find = (value: string, reader: string): TensorFlowNode => {
    const node = byName.get(nodeOf(value));
    if (!node) throw new UserError(`${path}: ${reader} reads ${value}, which no node makes`);
    return node;
  };
  // A stack of our own, since chains are longer than the language's.
  const stack = outputs.map((output) => find(output, 'an output')).reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    if (state.get(node) === 'done') {
      stack.pop();
    } else if (state.get(node) === 'open') {
      state.set(node, 'done');
      ordered.push(node);
      stack.pop();
    } else {
      state.set(node, 'open');
      for (const input of dataInputs(node).toReversed()) {
        const source = find(input, node.name);
        if (state.get(source) === 'open') throw new UserError(`${path}: ${node.op} ${node.name} depends on itself`);
        if (!state.has(source)) stack.push(source);
      }
    }
  }
  return ordered;
}

/** What a node reads, without the nodes that only have to run before it. */
export function dataInputs(node: Pick<TensorFlowNode, 'inputs'>): string[] {
  return node.inputs.filter((input) => !input.startsWith('^'));
}
