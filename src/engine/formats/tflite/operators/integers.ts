import type { Flow } from '../../layers/flow.ts';
import { reduction } from '../../operators/reduction.ts';
import { isQuantized } from '../quantization.ts';
import type { StoredTensor } from '../schema.ts';
import { fixedPoint, roundedProduct, roundedShift, truncatedProduct } from './fixedPoint.ts';
import type { OperatorCall } from './operator.ts';

/*
 * Operators whose integers the interpreter does not reach by rounding what floats would give. Where a layer's answers hang on
 * them, one step here is several in the probabilities.
 */

/** Whether an operator takes integers of 8 bits for floats and makes such. */
export function ofIntegers(call: OperatorCall): boolean {
  return [call.tensor(0), call.output()].every((tensor) => isQuantized(tensor) && tensor.type !== 'int16') && call.integersOf(0) !== null;
}

/** x · relu6(x + 3) / 6, read from a table of all 256 integers that it can be asked for. */
export function hardSwishOfIntegers(call: OperatorCall): Flow {
  const { builder } = call.graph;
  const [input, output] = [stepsOf(call.tensor(0)), stepsOf(call.output())];
  const [low] = rangeOf(call.tensor(0));
  const table = Float32Array.from({ length: 256 }, (_, place) => {
    const steps = hardSwishSteps(low + place - input.zeroPoint, input.scale, output.scale);
    const [least, greatest] = rangeOf(call.output());
    return (Math.min(greatest, Math.max(least, steps + output.zeroPoint)) - output.zeroPoint) * output.scale;
  });
  const values = builder.constant({ type: 'float32', dims: [256], data: table });
  const places = call.op('Cast', [call.integersOf(0)!], { to: 6 }, `${call.name}/places`);
  return { ...call.input(0), name: call.op('Gather', [values, places], {}, call.name) };
}

/**
 * Hard swish in the interpreter's numbers of 16 bits: the steps above the zero point that `value` steps of the input become.
 * `value` is taken on a grid 128 times as fine; the relu is a number from 0 to 1 with 15 bits after the point.
 */
function hardSwishSteps(value: number, inputScale: number, outputScale: number): number {
  const fine = Math.fround(inputScale / 128);
  const toOutput = fixedPoint(Math.fround(fine / outputScale));
  const toRelu = fixedPoint(Math.fround(fine / Math.fround(3 / 32768)));
  const hires = value * 128;
  // The last doubling comes after the product, so that the product keeps its last bit.
  let relu = toRelu.exponent > 0 ? saturated(hires * 2 ** (toRelu.exponent - 1)) : hires;
  relu = roundedProduct(relu, toRelu.multiplier);
  if (toRelu.exponent > 0) relu = saturated(relu * 2);
  if (toRelu.exponent < 0) relu = roundedShift(relu, -toRelu.exponent);
  const product = truncatedProduct((relu + 32768) >> 1, roundedProduct(hires, toOutput.multiplier));
  return toOutput.exponent <= 0 ? roundedShift(product, -toOutput.exponent) : saturated(product * 2 ** toOutput.exponent);
}

/**
 * The mean as the sum of the integers times one factor, rounded once. Where input and output have the same steps, halves are
 * frequent: the interpreter rounds them away from the integer zero, which is not the zero that they stand for.
 */
export function meanOfIntegers(call: OperatorCall): Flow {
  const { builder } = call.graph;
  const op = (opType: string, inputs: string[], suffix: string): string => call.op(opType, inputs, {}, `${call.name}/${suffix}`);
  const [input, output] = [stepsOf(call.tensor(0)), stepsOf(call.output())];
  const same = input.scale === output.scale && input.zeroPoint === output.zeroPoint;
  const [low] = rangeOf(call.tensor(0));
  const from = same ? 0 : input.zeroPoint;
  const origin = builder.constant({ type: 'uint8', dims: [], data: Uint8Array.of(from - low) });
  const given = call.input(0);
  const sum = reduction(call, 'ReduceSum', call.flag(0), { flow: { ...given, name: op('DequantizeLinear', [call.integersOf(0)!, builder.float(1), origin], 'integers') } });
  const count = size(given.shape) / size(sum.shape);
  let steps: string;
  if (same) {
    const mean = op('Div', [sum.name, builder.float(count)], 'quotient');
    const distance = op('Floor', [op('Add', [op('Abs', [mean], 'distance'), builder.float(0.5)], 'above')], 'whole');
    steps = op('Sub', [op('Mul', [distance, op('Sign', [mean], 'sign')], 'rounded'), builder.float(input.zeroPoint)], 'steps');
  } else {
    const factor = Math.fround(Math.fround(input.scale / output.scale) / count);
    steps = op('Round', [op('Mul', [sum.name, builder.float(factor)], 'scaled')], 'steps');
  }
  return { ...sum, name: op('Mul', [steps, builder.float(output.scale)], 'mean') };
}

/** How many numbers a shape has for one picture. */
function size(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * Math.abs(dim), 1);
}

function stepsOf({ quantization }: StoredTensor): { scale: number; zeroPoint: number } {
  return { scale: Math.fround(quantization!.scales[0]!), zeroPoint: quantization!.zeroPoints[0]! };
}

/** The least and greatest integer of a type of 8 bits. */
function rangeOf({ type }: StoredTensor): [number, number] {
  return type === 'int8' ? [-128, 127] : [0, 255];
}

function saturated(value: number): number {
  return Math.min(32767, Math.max(-32768, value));
}
