import { UserError } from '../../job.ts';
import { describeNode } from '../../graph/modelGraph.ts';
import type { GraphProto, NodeProto } from '../../graph/onnx_pb.ts';
import { elementType } from '../../graph/tensor.ts';
import { bfloat16 } from './float16.ts';

/**
 * Checks what everything else takes for granted: every node has an operator, every value is made once and before it is read,
 * and inputs and outputs have a type that this program knows. Nodes out of order are put in order in place, those that read
 * from themselves in a circle are refused. Throws a `UserError` that names the file and the node or value.
 */
export function checkGraph(path: string, graph: GraphProto): void {
  for (const value of [...graph.input, ...graph.output]) {
    const tensor = value.type?.tensorType;
    if (!tensor) throw new UserError(`${path}: ${value.name || 'a value without a name'} is an input or output that is no tensor`);
    try {
      if (tensor.elemType !== bfloat16) elementType(tensor.elemType);
    } catch (error) {
      throw new UserError(`${path}: ${(error as Error).message}: it is that of ${value.name}`, { cause: error });
    }
  }
  const values = checkValues(path, graph, new Set());
  const missing = graph.output.find((output) => !values.has(output.name));
  if (missing) throw new UserError(`${path} is damaged: nothing computes its output ${missing.name}`);
}

/** Checks a graph whose nodes may read the `outer` values too, and returns all the values there are in it. */
function checkValues(path: string, graph: GraphProto, outer: ReadonlySet<string>): Set<string> {
  const values = new Set([...outer, ...graph.input.map((input) => input.name), ...graph.initializer.map((tensor) => tensor.name)]);
  const makers = new Map<string, NodeProto>();
  for (const node of graph.node) {
    if (node.opType === '') throw new UserError(`${path} is damaged: node ${node.name || node.output.join(', ')} has no operator`);
    for (const output of node.output) {
      if (output === '') continue;
      if (makers.has(output) || values.has(output)) throw new UserError(`${path} is damaged: ${output} is computed twice, the second time by ${describeNode(node)}`);
      makers.set(output, node);
    }
  }
  graph.node = inOrder(path, graph.node, makers, values);
  for (const node of graph.node) {
    for (const inner of innerGraphs(node)) checkValues(path, inner, values);
    node.output.forEach((output) => values.add(output));
  }
  return values;
}

/** Nodes, each after those it reads from, otherwise in the order given. */
function inOrder(path: string, nodes: readonly NodeProto[], makers: ReadonlyMap<string, NodeProto>, given: ReadonlySet<string>): NodeProto[] {
  const done = new Set<NodeProto>();
  const open = new Set<NodeProto>();
  const order: NodeProto[] = [];
  for (const first of nodes) {
    // A stack of its own: real networks are thousands of nodes deep.
    const stack = [{ node: first, left: false }];
    for (let entry = stack.pop(); entry; entry = stack.pop()) {
      const { node, left } = entry;
      if (left) {
        open.delete(node);
        done.add(node);
        order.push(node);
        continue;
      }
      if (done.has(node)) continue;
      if (open.has(node)) throw new UserError(`${path} is damaged: ${describeNode(node)} reads what is computed from its own output`);
      open.add(node);
      stack.push({ node, left: true });
      for (const value of outsideReads(node)) {
        const maker = makers.get(value);
        if (maker) stack.push({ node: maker, left: false });
        else if (!given.has(value)) throw new UserError(`${path} is damaged: ${describeNode(node)} reads ${value}, which nothing computes`);
      }
    }
  }
  return order;
}

/** Values that a node reads, those that its inner graphs take from outside included. */
function outsideReads(node: NodeProto): string[] {
  return [...node.input.filter((input) => input !== ''), ...innerGraphs(node).flatMap(readsOf)];
}

function readsOf(graph: GraphProto): string[] {
  const own = new Set([...graph.input.map((input) => input.name), ...graph.initializer.map((tensor) => tensor.name), ...graph.node.flatMap((node) => node.output)]);
  return [...graph.node.flatMap(outsideReads), ...graph.output.map((output) => output.name)].filter((value) => value !== '' && !own.has(value));
}

function innerGraphs(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap((attribute) => [...(attribute.g ? [attribute.g] : []), ...attribute.graphs]);
}
