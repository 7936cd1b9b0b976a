import { UserError } from '../../job.ts';
import type { FunctionDef, GraphDef, NodeDef } from './tensorflow_pb.ts';

/** A node of the graph with every function in its place; inputs are `name`, `name:1` or `^name`. */
export interface FlatNode {
  name: string;
  op: string;
  inputs: string[];
  attributes: NodeDef['attr'];
}

/** Nodes of a flattened graph at most: functions that call each other twice each would grow without end. */
const mostNodes = 500_000;

const deepest = 64;

/** Operators that call the function of their attribute `f`. */
const callers = new Set(['PartitionedCall', 'StatefulPartitionedCall']);

/** Outputs with names of their own, of operators that have several; of all others the number behind the name counts. */
const outputNames: Record<string, readonly string[] | undefined> = Object.fromEntries(['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'].map((op) => [op, ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2', 'reserve_space_3']]));

/** What the inputs of a function's nodes stand for, and what its own nodes are called outside. */
interface Scope {
  /** Values of the caller by the argument's name. */
  values: Map<string, string>;
  names: Map<string, string>;
  /** Names of outputs by node, where those have any. */
  operators: Map<string, NodeDef>;
}

/**
 * Puts the body of each function in the place of its calls (tensorflow/core/framework/function.proto says how a body names values).
 * Throws a `UserError` that names the function where one calls itself or is missing.
 */
export class Flattened {
  readonly nodes: FlatNode[] = [];
  readonly #path: string;
  readonly #functions: ReadonlyMap<string, FunctionDef>;
  readonly #taken: Set<string>;
  /** Values that a call of the graph gives, by what the graph calls them. */
  readonly #results = new Map<string, string>();

  constructor(path: string, graph: GraphDef) {
    this.#path = path;
    this.#functions = new Map(graph.library?.function.map((definition) => [definition.signature?.name ?? '', definition]));
    this.#taken = new Set(graph.node.map((node) => node.name));
    for (const node of graph.node) {
      const definition = this.#called(node);
      if (definition) this.#inline(node.name, definition, node.input, 1).forEach((value, index) => this.#results.set(index === 0 ? node.name : `${node.name}:${index}`, value));
      else this.#add({ name: node.name, op: node.op, inputs: [...node.input], attributes: node.attr });
    }
    // A call may stand before or behind those who read it.
    for (const node of this.nodes) node.inputs = node.inputs.map((input) => this.value(input));
  }

  /** A value of the graph where functions were called as it is called in the flattened graph. */
  value(value: string): string {
    if (value.startsWith('^')) return value;
    let at = value.replace(/:0$/, '');
    for (let next = this.#results.get(at), hops = 0; next !== undefined && hops < mostNodes; next = this.#results.get(at), hops++) at = next.replace(/:0$/, '');
    return at;
  }

  #called(node: NodeDef): FunctionDef | null {
    const direct = this.#functions.get(node.op);
    if (direct) return direct;
    if (!callers.has(node.op)) return null;
    const called = node.attr['f']?.value;
    const name = called?.case === 'func' ? called.value.name : '';
    const definition = this.#functions.get(name);
    if (!definition) throw new UserError(`${this.#path}: ${node.op} ${node.name} calls the function ${name}, which the file does not hold`);
    return definition;
  }

  #add(node: FlatNode): void {
    if (this.nodes.push(node) > mostNodes) throw new UserError(`${this.#path}: its functions make more than ${mostNodes} nodes`);
  }

  /** Adds a function's nodes; returns the values that it gives, in the order of its outputs. */
  #inline(call: string, definition: FunctionDef, inputs: readonly string[], depth: number): string[] {
    const { signature } = definition;
    const name = signature?.name ?? '';
    if (depth > deepest) throw new UserError(`${this.#path}: the function ${name} is called by itself, or functions call each other more than ${deepest} deep`);
    const given = inputs.filter((input) => !input.startsWith('^'));
    const parameters = signature?.inputArg ?? [];
    const several = [...parameters, ...(signature?.outputArg ?? [])].find((argument) => argument.numberAttr !== '' || argument.typeListAttr !== '');
    if (several || parameters.length !== given.length) throw new UserError(`${this.#path}: the call ${call} of the function ${name} does not fit its arguments`);
    const scope: Scope = { values: new Map(parameters.map((argument, index) => [argument.name, given[index]!])), names: new Map(), operators: new Map() };
    for (const node of definition.nodeDef) {
      scope.operators.set(node.name, node);
      scope.names.set(node.name, this.#freeName(node.name, call));
    }
    for (const node of definition.nodeDef) {
      const own = scope.names.get(node.name)!;
      const sources = node.input.filter((input) => !input.startsWith('^')).map((input) => this.#inside(scope, input, name));
      const called = this.#called(node);
      if (called) this.#inline(own, called, sources, depth + 1).forEach((value, index) => this.#results.set(index === 0 ? own : `${own}:${index}`, value));
      else this.#add({ name: own, op: node.op, inputs: sources, attributes: node.attr });
    }
    return (signature?.outputArg ?? []).map((output) => {
      const value = definition.ret[output.name];
      if (value === undefined) throw new UserError(`${this.#path}: the function ${name} does not give its output ${output.name}`);
      return this.#inside(scope, value, name);
    });
  }

  /** A value as a function's body names it: an argument, or `node:output:number`. */
  #inside(scope: Scope, input: string, name: string): string {
    const [node = '', output = '', number = '0'] = input.split(':');
    const value = scope.values.get(node);
    if (value !== undefined) return value;
    const own = scope.names.get(node);
    const operator = scope.operators.get(node);
    if (own === undefined || !operator) throw new UserError(`${this.#path}: the function ${name} reads ${input}, which nothing in it makes`);
    const places = this.#called(operator)?.signature?.outputArg.map((argument) => argument.name) ?? outputNames[operator.op];
    // The calling operators have one list of outputs; a function that is called by its name has them by theirs.
    const place = callers.has(operator.op) ? -1 : (places?.indexOf(output) ?? -1);
    const index = (place < 0 ? 0 : place) + Number(number);
    return index === 0 ? own : `${own}:${index}`;
  }

  /** The name that a node has in its function where that is free, since it is the one that people know. */
  #freeName(name: string, call: string): string {
    let free = name;
    for (let count = 1; this.#taken.has(free); count++) free = `${call}/${name}${count === 1 ? '' : `_${count}`}`;
    this.#taken.add(free);
    return free;
  }
}
