import type { Flow } from '../../layers/flow.ts';
import { activated } from './fusedActivation.ts';
import { shown, type OperatorCall, type OperatorKind } from './operator.ts';

/** The shape that arrays are stretched to when they are joined; throws where they do not fit together. */
export function broadcastShape(call: OperatorCall, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = dims.find((dim) => dim !== 1) ?? 1;
    if (dims.some((dim) => dim !== 1 && dim !== size)) throw call.error(`its inputs do not fit together: ${shapes.map(shown).join(' and ')}`);
    return size;
  });
}

/** Names of inputs that are to be joined, in one order of axes: channels first where any of them has that already. */
export function aligned(call: OperatorCall, indices: readonly number[]): { names: string[]; shape: number[]; channelsFirst: boolean } {
  const fixed = indices.map((index) => call.known(index) === null && call.stored(index));
  const flows = indices.map((index, place) => (fixed[place] ? undefined : call.input(index)));
  const shapes = flows.map((flow, place) => flow?.shape ?? (fixed[place] as { shape: number[] }).shape);
  const shape = broadcastShape(call, shapes);
  const channelsFirst = flows.some((flow) => flow?.channelsFirst);
  const names = flows.map((flow, place) => {
    if (!channelsFirst) return flow?.name ?? call.fixed(indices[place]!);
    const short = shapes[place]!;
    const whole = [...new Array<number>(shape.length - short.length).fill(1), ...short];
    if (!flow) return fixedFirst(call, indices[place]!, short, whole);
    if (short.length === 0) return flow.name;
    if (short.length === shape.length) return call.graph.channelsFirst(flow);
    const name = call.op('Reshape', [call.graph.plain(flow), call.graph.builder.ints(whole)], {}, `${call.name}/stretched`);
    return call.graph.channelsFirst({ name, shape: whole, channelsFirst: false });
  });
  return { names, shape, channelsFirst };
}

/** A fixed array with channels first: only axes longer than one have to change places. */
function fixedFirst(call: OperatorCall, index: number, stored: readonly number[], whole: readonly number[]): string {
  if (whole.every((dim) => dim === 1)) return call.fixed(index, { dims: [] });
  const rank = whole.length;
  const dims = [whole[0]!, whole[rank - 1]!, ...whole.slice(1, -1)];
  // Leading ones are not needed, and a bias of [channels, 1, 1] is what layers have.
  while (dims.length > 1 && dims[0] === 1) dims.shift();
  if (whole.slice(1, -1).every((dim) => dim === 1)) return call.fixed(index, { dims });
  const added = rank - stored.length;
  const order = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1)].filter((axis) => axis >= added).map((axis) => axis - added);
  return call.fixed(index, { transposition: order, dims });
}

/** An operator of two inputs. */
const binary = (name: string, opType: string, activation?: number): OperatorKind => ({
  name,
  build: (call) => activated(call, activation === undefined ? 0 : call.small(activation), (result) => {
    const { names, ...flow } = aligned(call, [0, 1]);
    return { ...flow, name: call.op(opType, names, {}, result) };
  }),
});

type Unary = (call: OperatorCall, value: string) => string;

/** An operator that works on each value alone, whatever the order of the axes. */
const unary = (name: string, add: Unary): OperatorKind => ({
  name,
  build: (call) => {
    const flow = call.input(0);
    return { ...flow, name: add(call, flow.name) };
  },
});

const simple = (name: string, opType: string): OperatorKind => unary(name, (call, value) => call.op(opType, [value], {}, call.name));

const types: Record<string, number> = { float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float64: 11, uint32: 12 };

const select = (name: string): OperatorKind => ({
  name,
  build: (call) => {
    const { names, ...flow } = aligned(call, [0, 1, 2]);
    return { ...flow, name: call.op('Where', names, {}, call.name) };
  },
});

/** The value as it is: a DEQUANTIZE reads floats already, and a QUANTIZE's output is quantised as every other's. */
const same = (name: string): OperatorKind => ({ name, build: (call): Flow => call.input(0) });

/** Arithmetic value by value. */
export const elementwiseKinds: readonly OperatorKind[] = [
  simple('ABS', 'Abs'),
  binary('ADD', 'Add', 0),
  {
    name: 'ADD_N',
    build: (call) => {
      const { names, ...flow } = aligned(call, call.operator.inputs.map((_, index) => index));
      return { ...flow, name: call.op('Sum', names, {}, call.name) };
    },
  },
  unary('CAST', (call, value) => {
    const from = call.tensor(0).type;
    const to = types[call.output().type];
    if (to === undefined) throw call.error(`it makes ${call.output().type} of ${from}`);
    return call.op('Cast', [value], { to }, call.name);
  }),
  simple('CEIL', 'Ceil'),
  simple('COS', 'Cos'),
  same('DEQUANTIZE'),
  binary('DIV', 'Div', 0),
  binary('EQUAL', 'Equal'),
  simple('EXP', 'Exp'),
  simple('FLOOR', 'Floor'),
  binary('GREATER', 'Greater'),
  binary('GREATER_EQUAL', 'GreaterOrEqual'),
  binary('LESS', 'Less'),
  binary('LESS_EQUAL', 'LessOrEqual'),
  simple('LOG', 'Log'),
  binary('LOGICAL_AND', 'And'),
  simple('LOGICAL_NOT', 'Not'),
  binary('LOGICAL_OR', 'Or'),
  binary('MAXIMUM', 'Max'),
  binary('MINIMUM', 'Min'),
  binary('MUL', 'Mul', 0),
  simple('NEG', 'Neg'),
  binary('POW', 'Pow'),
  same('QUANTIZE'),
  simple('ROUND', 'Round'),
  unary('RSQRT', (call, value) => call.op('Reciprocal', [call.op('Sqrt', [value], {}, `${call.name}/root`)], {}, call.name)),
  select('SELECT'),
  select('SELECT_V2'),
  simple('SIGN', 'Sign'),
  simple('SIN', 'Sin'),
  simple('SQRT', 'Sqrt'),
  unary('SQUARE', (call, value) => call.op('Mul', [value, value], {}, call.name)),
  {
    name: 'SQUARED_DIFFERENCE',
    build: (call) => {
      const { names, ...flow } = aligned(call, [0, 1]);
      const difference = call.op('Sub', names, {}, `${call.name}/difference`);
      return { ...flow, name: call.op('Mul', [difference, difference], {}, call.name) };
    },
  },
  binary('SUB', 'Sub', 0),
];
