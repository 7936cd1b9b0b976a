import type { GraphBuilder } from '../graphBuilder.ts';
import type { MeasuredValues } from '../measureShapes.ts';
import { describeNode } from '../modelGraph.ts';
import type { NodeProto } from '../onnx_pb.ts';
import { UserError } from '../../job.ts';
import { gradients } from './gradients.ts';
import { NodeGradient } from './nodeGradient.ts';

/** What is differentiated with respect to what. */
export interface Differentiation {
  /** The forward pass, in an order in which it can run, in the forms of operator set 18; its values are in the builder. */
  nodes: readonly NodeProto[];
  /** Types and shapes of the values of the forward pass. */
  values: MeasuredValues;
  /** For each output its gradient: the name of a value of the output's shape. */
  seeds: Readonly<Record<string, string>>;
  /** Values whose gradients are wanted: weights, inputs or inner values. */
  wrt: readonly string[];
}

/**
 * Adds the backward pass of a graph to it (reverse-mode differentiation) and returns the names of the wanted gradients, of
 * Σ over outputs of ⟨seed, output⟩. Only nodes on a path from a wanted value to an output are differentiated. A wanted value
 * on which no output depends has no entry. Throws a `UserError` that names the node of an operator without a gradient.
 */
export function differentiate(builder: GraphBuilder, { nodes, values, seeds, wrt }: Differentiation): Map<string, string> {
  const needed = neededValues(nodes, values, wrt);
  const parts = new Map<string, string[]>(Object.entries(seeds).map(([output, seed]) => [output, [seed]]));
  const totals = new Map<string, string>();

  const total = (value: string): string | undefined => {
    const known = totals.get(value);
    if (known !== undefined) return known;
    const sum = parts.get(value)?.reduce((left, right) => builder.op('Add', [left, right]));
    if (sum !== undefined) totals.set(value, sum);
    return sum;
  };

  for (const node of [...nodes].reverse()) {
    if (!node.input.some((input) => needed.has(input)) || !node.output.some((output) => needed.has(output) && parts.has(output))) continue;
    const gradient = (node.domain || 'ai.onnx') === 'ai.onnx' ? gradients[node.opType] : undefined;
    if (!gradient) throw new UserError(`cannot train through ${describeNode(node)}: the gradient of ${node.domain ? `${node.domain}.` : ''}${node.opType} is not known`);
    const context = new NodeGradient(builder, node, values, node.output.map((output) => (output === '' ? undefined : total(output))));
    const inputGradients = gradient(context);
    for (const [index, input] of node.input.entries()) {
      if (!needed.has(input)) continue;
      const add = inputGradients[index] ?? context.fail(`it has no gradient for its input ${input}`);
      const list = parts.get(input);
      if (list) list.push(add());
      else parts.set(input, [add()]);
    }
  }

  const wanted = new Map<string, string>();
  for (const value of wrt) {
    const gradient = total(value);
    if (gradient !== undefined) wanted.set(value, gradient);
  }
  return wanted;
}

/** Values that depend on a wanted one in a way that can have a gradient: through floats only. */
function neededValues(nodes: readonly NodeProto[], values: MeasuredValues, wrt: readonly string[]): Set<string> {
  const needed = new Set(wrt);
  for (const node of nodes) {
    if (!node.input.some((input) => needed.has(input))) continue;
    for (const output of node.output) if (values.get(output)?.type.startsWith('float')) needed.add(output);
  }
  return needed;
}
