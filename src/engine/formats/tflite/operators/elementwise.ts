import type { Flow } from '../../layers/flow.ts';
import { castTypes, eachValue, inverseRoot, joinedByValue, squaredDifference } from '../../operators/elementwise.ts';
import { activated } from './fusedActivation.ts';
import type { OperatorCall, OperatorKind } from './operator.ts';

/** An operator of two inputs. */
const binary = (name: string, opType: string, activation?: number): OperatorKind => ({
  name,
  build: (call) => activated(call, activation === undefined ? 0 : call.small(activation), (result) => joinedByValue(call, opType, result)),
});

type Unary = (call: OperatorCall, value: string) => string;

/** An operator that works on each value alone, whatever the order of the axes. */
const unary = (name: string, add: Unary): OperatorKind => ({
  name,
  build: (call) => eachValue(call, (value) => add(call, value)),
});

const simple = (name: string, opType: string): OperatorKind => unary(name, (call, value) => call.op(opType, [value], {}, call.name));

const select = (name: string): OperatorKind => ({
  name,
  build: (call) => joinedByValue(call, 'Where', call.name, [0, 1, 2]),
});

/** The value as it is: a DEQUANTIZE reads floats already, and a QUANTIZE's output is quantised as every other's. */
const same = (name: string): OperatorKind => ({ name, build: (call): Flow => call.input(0) });

/** Arithmetic value by value. */
export const elementwiseKinds: readonly OperatorKind[] = [
  simple('ABS', 'Abs'),
  binary('ADD', 'Add', 0),
  {
    name: 'ADD_N',
    build: (call) => joinedByValue(call, 'Sum', call.name, call.operator.inputs.map((_, index) => index)),
  },
  unary('CAST', (call, value) => {
    const from = call.tensor(0).type;
    const to = castTypes[call.output().type];
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
  { name: 'RSQRT', build: inverseRoot },
  select('SELECT'),
  select('SELECT_V2'),
  simple('SIGN', 'Sign'),
  simple('SIN', 'Sin'),
  simple('SQRT', 'Sqrt'),
  unary('SQUARE', (call, value) => call.op('Mul', [value, value], {}, call.name)),
  {
    name: 'SQUARED_DIFFERENCE',
    build: squaredDifference,
  },
  binary('SUB', 'Sub', 0),
];
