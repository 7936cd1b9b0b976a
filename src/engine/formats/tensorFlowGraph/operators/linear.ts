import type { Flow } from '../../layers/flow.ts';
import { shown } from '../../operators/call.ts';
import { batchMatMul } from '../../operators/matMul.ts';
import type { NodeCall, NodeKind } from '../nodeCall.ts';
import { fused } from './fused.ts';

function product(call: NodeCall, bias: string[], name: string): Flow {
  const [left, right] = [call.input(0), call.stored(1) ?? call.input(1)];
  const [transA, transB] = [call.flag('transpose_a'), call.flag('transpose_b')];
  if (left.shape.length !== 2 || right.shape.length !== 2) throw call.error(`it wants matrices, not ${shown(left.shape)} and ${shown(right.shape)}`);
  const [rows, inner] = transA ? left.shape.toReversed() : left.shape;
  const [depth, columns] = transB ? right.shape.toReversed() : right.shape;
  if (inner !== depth) throw call.error(`its inputs do not fit together: ${shown(left.shape)} and ${shown(right.shape)}`);
  const made = call.op('Gemm', [call.graph.plain(left), call.plain(1), ...bias], { transA: transA ? 1 : undefined, transB: transB ? 1 : undefined }, name);
  return { name: made, shape: [rows!, columns!], channelsFirst: false };
}

/** A product of several arrays by the letters of their axes. */
function einsum(call: NodeCall): Flow {
  const equation = call.text('equation').replaceAll(' ', '');
  const [terms, result] = equation.split('->') as [string, string | undefined];
  const flows = call.inputs;
  const letters = terms.split(',');
  if (result === undefined || letters.length !== flows.length || !/^[a-zA-Z]*$/.test(`${letters.join('')}${result}`)) throw call.error(`its equation ${equation} cannot be opened`);
  const sizes = new Map<string, number>();
  for (const [index, term] of letters.entries()) {
    if (term.length !== flows[index]!.shape.length) throw call.error(`its equation ${equation} does not fit its input of ${shown(flows[index]!.shape)}`);
    for (const [axis, letter] of Array.from(term).entries()) sizes.set(letter, flows[index]!.shape[axis]!);
  }
  const shape = Array.from(result, (letter) => sizes.get(letter) ?? 0);
  return { name: call.op('Einsum', flows.map((flow) => call.graph.plain(flow)), { equation }, call.name), shape, channelsFirst: false };
}

const batch = (name: string): NodeKind => ({ name, build: (call) => batchMatMul(call, [call.flag('adj_x'), call.flag('adj_y')]) });

/** Matrix products. */
export const linearKinds: readonly NodeKind[] = [
  batch('BatchMatMul'),
  batch('BatchMatMulV2'),
  { name: 'Einsum', build: einsum },
  { name: 'MatMul', build: (call) => product(call, [], call.name) },
  { name: '_FusedMatMul', build: (call) => fused(call, (bias, name) => product(call, bias, name)) },
];
