import { joinedByValue } from '../../operators/elementwise.ts';
import { bounded } from './fusedActivation.ts';
import { hardSwishOfIntegers, ofIntegers } from './integers.ts';
import type { OperatorCall, OperatorKind } from './operator.ts';

const activation = (name: string, add: (call: OperatorCall, value: string) => string): OperatorKind => ({
  name,
  build: (call) => {
    const flow = call.input(0);
    return { ...flow, name: add(call, flow.name) };
  },
});

/** Along the last axis, wherever that stands. */
const alongLast = (name: string, opType: string, beta: boolean): OperatorKind => ({
  name,
  build: (call) => {
    const flow = call.input(0);
    if (flow.shape.length === 0) throw call.error('its input is a single number');
    const sharpness = beta && call.operator.options ? call.float(0) : 1;
    const value = sharpness === 1 ? flow.name : call.op('Mul', [flow.name, call.graph.builder.float(sharpness)], {}, `${call.name}/sharpened`);
    return { ...flow, name: call.op(opType, [value], { axis: call.graph.axis(flow, -1) }, call.name) };
  },
});

/** x · (1 + erf(x / √2)) / 2, or its approximation by tanh (Hendrycks & Gimpel, arXiv 1606.08415). */
function gelu(call: OperatorCall, value: string): string {
  const { builder } = call.graph;
  const op = (opType: string, inputs: string[], name: string): string => call.op(opType, inputs, {}, `${call.name}/${name}`);
  let curve: string;
  if (call.flag(0)) {
    const cubic = op('Mul', [op('Mul', [value, value], 'square'), builder.float(0.044715)], 'cubic');
    const polynomial = op('Mul', [op('Add', [cubic, builder.float(1)], 'one'), value], 'polynomial');
    curve = op('Tanh', [op('Mul', [polynomial, builder.float(Math.sqrt(2 / Math.PI))], 'scaled')], 'tanh');
  } else {
    curve = op('Erf', [op('Div', [value, builder.float(Math.SQRT2)], 'scaled')], 'erf');
  }
  const product = op('Mul', [value, op('Add', [curve, builder.float(1)], 'plus_one')], 'product');
  return call.op('Mul', [product, builder.float(0.5)], {}, call.name);
}

const simple = (name: string, opType: string): OperatorKind => activation(name, (call, value) => call.op(opType, [value], {}, call.name));
const between = (name: string, bounds: readonly [number, number]): OperatorKind => activation(name, (call, value) => bounded(call, value, bounds, call.name));

/** Activations that are operators of their own. */
export const activationKinds: readonly OperatorKind[] = [
  simple('ELU', 'Elu'),
  activation('GELU', gelu),
  {
    name: 'HARD_SWISH',
    build: (call) => (ofIntegers(call) ? hardSwishOfIntegers(call) : { ...call.input(0), name: call.op('HardSwish', [call.input(0).name], {}, call.name) }),
  },
  activation('LEAKY_RELU', (call, value) => call.op('LeakyRelu', [value], { alpha: { float: call.float(0) } }, call.name)),
  simple('LOGISTIC', 'Sigmoid'),
  alongLast('LOG_SOFTMAX', 'LogSoftmax', false),
  {
    name: 'PRELU',
    build: (call) => joinedByValue(call, 'PRelu', call.name),
  },
  simple('RELU', 'Relu'),
  between('RELU6', [0, 6]),
  between('RELU_0_TO_1', [0, 1]),
  between('RELU_N1_TO_1', [-1, 1]),
  alongLast('SOFTMAX', 'Softmax', true),
  simple('TANH', 'Tanh'),
];
