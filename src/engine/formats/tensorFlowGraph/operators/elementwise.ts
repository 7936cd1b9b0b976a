import { castTypes, eachValue, inverseRoot, joinedByValue, squaredDifference } from '../../operators/elementwise.ts';
import type { NodeKind } from '../nodeCall.ts';

const binary = (name: string, opType: string): NodeKind => ({ name, build: (call) => joinedByValue(call, opType, call.name) });
const unary = (name: string, opType: string): NodeKind => ({ name, build: (call) => eachValue(call, (value) => call.op(opType, [value], {}, call.name)) });
const select = (name: string): NodeKind => ({ name, build: (call) => joinedByValue(call, 'Where', call.name, [0, 1, 2]) });

/** Arithmetic value by value. */
export const elementwiseKinds: readonly NodeKind[] = [
  unary('Abs', 'Abs'),
  binary('Add', 'Add'),
  { name: 'AddN', build: (call) => joinedByValue(call, 'Sum', call.name, call.keys.map((_, index) => index)) },
  binary('AddV2', 'Add'),
  binary('BiasAdd', 'Add'),
  {
    name: 'Cast',
    build: (call) => {
      const to = castTypes[call.type('DstT')];
      if (to === undefined) throw call.error(`it makes ${call.type('DstT')}`);
      return eachValue(call, (value) => call.op('Cast', [value], { to }, call.name));
    },
  },
  unary('Ceil', 'Ceil'),
  unary('Cos', 'Cos'),
  binary('Equal', 'Equal'),
  unary('Erf', 'Erf'),
  {
    name: 'Erfc',
    build: (call) => eachValue(call, (value) => call.op('Sub', [call.graph.builder.float(1), call.op('Erf', [value], {}, `${call.name}/erf`)], {}, call.name)),
  },
  unary('Exp', 'Exp'),
  { name: 'Expm1', build: (call) => eachValue(call, (value) => call.op('Sub', [call.op('Exp', [value], {}, `${call.name}/exp`), call.graph.builder.float(1)], {}, call.name)) },
  unary('Floor', 'Floor'),
  binary('Greater', 'Greater'),
  binary('GreaterEqual', 'GreaterOrEqual'),
  unary('Inv', 'Reciprocal'),
  binary('Less', 'Less'),
  binary('LessEqual', 'LessOrEqual'),
  unary('Log', 'Log'),
  { name: 'Log1p', build: (call) => eachValue(call, (value) => call.op('Log', [call.op('Add', [value, call.graph.builder.float(1)], {}, `${call.name}/sum`)], {}, call.name)) },
  binary('LogicalAnd', 'And'),
  unary('LogicalNot', 'Not'),
  binary('LogicalOr', 'Or'),
  binary('Maximum', 'Max'),
  binary('Minimum', 'Min'),
  binary('Mul', 'Mul'),
  unary('Neg', 'Neg'),
  binary('Pow', 'Pow'),
  binary('RealDiv', 'Div'),
  unary('Reciprocal', 'Reciprocal'),
  unary('Round', 'Round'),
  { name: 'Rsqrt', build: inverseRoot },
  select('Select'),
  select('SelectV2'),
  unary('Sign', 'Sign'),
  unary('Sin', 'Sin'),
  unary('Sqrt', 'Sqrt'),
  { name: 'Square', build: (call) => eachValue(call, (value) => call.op('Mul', [value, value], {}, call.name)) },
  { name: 'SquaredDifference', build: squaredDifference },
  binary('Sub', 'Sub'),
];
