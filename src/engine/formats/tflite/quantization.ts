import type { GraphBuilder } from '../../graph/graphBuilder.ts';
import { straightThrough } from '../../graph/straightThrough.ts';
import type { ElementType, TensorData } from '../../graph/tensor.ts';
import type { Flow, FlowGraph } from '../layers/flow.ts';
import type { Quantization, StoredTensor, TfliteFile } from './schema.ts';

/**
 * Integers of 8 bits are unsigned in the graph, signed ones moved up by 128: products of unsigned with signed bytes saturate
 * on processors with AVX2 but without VNNI (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html),
 * those of unsigned with unsigned ones are exact everywhere.
 */
const moved = (type: ElementType): number => (type === 'int8' ? 128 : 0);

/** Integers that are fixed in the file and stand for floats. */
interface FixedIntegers {
  name: string;
  type: ElementType;
  dims: number[];
  data: TensorData;
  quantization: Quantization;
  /** The axis of `dims` that the scales go along, where there are several. */
  axis: number;
}

/** Adds integers and the node that makes floats of them; returns the floats' name. */
export function dequantized(graph: FlowGraph, { name, type, dims, data, quantization, axis }: FixedIntegers, file: TfliteFile): string {
  const { builder } = graph;
  const { scales, zeroPoints } = quantization;
  if (!['int8', 'uint8', 'int32'].includes(type)) throw file.error(`tensor ${name} is quantised as ${type}; quantisation to 8 bits can be opened`);
  const dimensions = scales.length === 1 ? [] : [scales.length];
  const values = type === 'int8' ? unsigned(data as Int8Array) : data;
  const integers = builder.weight(builder.unique(`${name}/integers`), { type: type === 'int8' ? 'uint8' : type, dims, data: values });
  const inputs = [integers, builder.float(scales, dimensions)];
  if (type !== 'int32') inputs.push(zeroPoint(builder, zeroPoints.map((point) => point + moved(type)), dimensions, name, file));
  else if (zeroPoints.some((point) => point !== 0)) throw file.error(`tensor ${name} of int32 has a zero point`);
  return graph.op('DequantizeLinear', inputs, dimensions.length > 0 ? { axis } : {}, name);
}

/** A loop, because `from` with a function takes five times as long. */
function unsigned(data: Int8Array): Uint8Array {
  const values = new Uint8Array(data.length);
  for (let index = 0; index < data.length; index++) values[index] = data[index]! + moved('int8');
  return values;
}

function zeroPoint(builder: GraphBuilder, points: number[], dims: number[], name: string, file: TfliteFile): string {
  if (points.some((point) => point < 0 || point > 255)) throw file.error(`tensor ${name} has a zero point outside of its type`);
  return builder.constant({ type: 'uint8', dims, data: Uint8Array.from(points) });
}

/** Whether a value of the graph goes through integers of 8 bits on its way. */
export function isQuantized(tensor: StoredTensor): boolean {
  return tensor.quantization !== null && ['int8', 'uint8', 'int16'].includes(tensor.type);
}

/**
 * A value as its integers stand for it, rounded and cut off at the ends of their range, and between the bounds of the
 * activation that the operator ends with; those integers, moved as above, beside it. ONNX Runtime joins such nodes with those beside them to operators on integers.
 */
export function quantized(graph: FlowGraph, flow: Flow, tensor: StoredTensor, bounds: readonly [number, number] | null, file: TfliteFile): { flow: Flow; integers: string } {
  const { builder } = graph;
  const { scales, zeroPoints } = tensor.quantization!;
  const [scale] = scales as [number];
  if (tensor.type === 'int16') throw file.error(`tensor ${tensor.name} is quantised to 16 bits; quantisation to 8 bits can be opened`);
  if (scales.length !== 1 || scale === 0) throw file.error(`tensor ${tensor.name} has ${scales.length === 1 ? 'a scale of 0' : `${scales.length} scales`}; a computed value has one above 0`);
  const point = zeroPoints[0]! + moved(tensor.type);
  const parameters = [builder.float(scale), zeroPoint(builder, [point], [], tensor.name, file)];
  let integers = graph.op('QuantizeLinear', [flow.name, ...parameters], {}, `${tensor.name}/quantized`);
  if (bounds) {
    const [low, high] = bounds.map((bound) => Math.min(255, Math.max(0, point + Math.round(bound / scale)))) as [number, number];
    const end = (value: number): string => builder.constant({ type: 'uint8', dims: [], data: Uint8Array.of(value) });
    // Where the ends of the type are tighter, rounding has done it already.
    if (low > 0 || high < 255) integers = graph.op('Clip', [integers, end(low), end(high)], {}, `${tensor.name}/bounded`);
  }
  return { flow: { ...flow, name: graph.op('DequantizeLinear', [integers, ...parameters], {}, tensor.name) }, integers };
}

/**
 * A float value rounded to the 256 steps between its least and greatest number, 0 among them, each taken over `axes`: what
 * TensorFlow Lite's kernels do with the input of a layer whose weights alone are integers. The zero point cancels out of
 * their sums, so that only the rounding is left.
 */
export function dynamicallyQuantized(graph: FlowGraph, value: string, axes: number[], name: string): string {
  const op = (opType: string, inputs: string[], suffix: string, attributes = {}): string => graph.op(opType, inputs, attributes, `${name}/${suffix}`);
  const { builder } = graph;
  const zero = builder.float(0);
  const over = builder.ints(axes);
  const low = op('Min', [op('ReduceMin', [value, over], 'least', { keepdims: 1 }), zero], 'low');
  const high = op('Max', [op('ReduceMax', [value, over], 'greatest', { keepdims: 1 }), zero], 'high');
  const step = op('Mul', [op('Sub', [high, low], 'span'), builder.float(1 / 255)], 'step');
  // Zeros alone have no span; any step will do for them.
  const divisor = op('Max', [step, builder.float(1e-30)], 'divisor');
  // Training goes through it as if nothing were rounded, or nothing before it could learn.
  const rounded = builder.unique(`${name}/rounded`);
  builder.node('Round', [op('Div', [value, divisor], 'steps')], {}, { name: rounded, outputs: [rounded], description: straightThrough });
  return op('Mul', [rounded, step], 'stepped');
}
