import { create } from '@bufbuild/protobuf';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { differentiate } from '../../src/engine/graph/gradient/differentiate.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { measureShapes } from '../../src/engine/graph/measureShapes.ts';
import { sizeOf, type Tensor } from '../../src/engine/graph/tensor.ts';
import { ValueInfoProtoSchema } from '../../src/engine/graph/onnx_pb.ts';

/** Numbers in [0, 1) from a seed (mulberry32), the same on every machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function floats(dims: number[], next: () => number): Tensor {
  return { type: 'float32', dims, data: Float32Array.from({ length: sizeOf(dims) }, next) };
}

/** One operator, or a small graph, to differentiate. */
export interface Computation {
  opset?: number;
  inputs: Record<string, Tensor>;
  /** Adds the forward pass and returns the names of its outputs. */
  build(builder: GraphBuilder): string[];
  /** The inputs that are differentiated; all float inputs otherwise. */
  wrt?: string[];
  /** Inputs whose first dimension is declared open, as the batch of a network is: all, or those named. */
  openBatch?: true | string[];
}

export interface GradientComparison {
  input: string;
  index: number;
  gradient: number;
  difference: number;
}

/**
 * The gradients of Σ seed·output by the gradient graph, and by central differences of fourth order of the forward pass alone.
 * The seeds are random, so that no part of an output can hide behind another.
 */
export async function compareGradients(computation: Computation, seed: number): Promise<GradientComparison[]> {
  const next = randomNumbers(seed);
  const builder = new GraphBuilder(computation.opset ?? 18);
  const { openBatch = [] } = computation;
  const isOpen = (name: string): boolean => openBatch === true || openBatch.includes(name);
  for (const [name, tensor] of Object.entries(computation.inputs)) builder.input(name, tensor.type, tensor.dims.map((dim, axis) => (isOpen(name) && axis === 0 ? 'batch' : dim)));
  const outputs = computation.build(builder);
  const forward = builder.build();
  const nodes = [...forward.graph!.node];
  const model = { ...forward, graph: { ...forward.graph!, node: nodes, input: [...forward.graph!.input], initializer: [...forward.graph!.initializer], output: outputs.map((name) => create(ValueInfoProtoSchema, { name })) } };
  const session = await onnxRuntime.load(model, { threads: 1 });
  const values = await measureShapes(model, onnxRuntime, { threads: 1, feeds: Object.fromEntries(Object.entries(computation.inputs).filter(([name]) => !isOpen(name))) });
  const base = await session.run(computation.inputs);
  const seeds: Record<string, Tensor> = {};
  const seedNames: Record<string, string> = {};
  for (const output of outputs) {
    if (base[output]!.type !== 'float32') continue;
    seeds[output] = floats(base[output]!.dims, () => next() * 2 - 1);
    seedNames[output] = builder.input(builder.unique('seed'), 'float32', base[output]!.dims.map((_, axis) => `${output}_${axis}`));
  }
  const wrt = computation.wrt ?? Object.keys(computation.inputs).filter((name) => computation.inputs[name]!.type === 'float32');
  const names = differentiate(builder, { nodes, values, seeds: seedNames, wrt });
  for (const name of names.values()) builder.output(name);
  const backward = await onnxRuntime.load(builder.build(), { threads: 1 });
  const gradients = await backward.run({ ...computation.inputs, ...Object.fromEntries(Object.entries(seedNames).map(([output, name]) => [name, seeds[output]!])) });

  const objective = async (input: string, index: number, step: number): Promise<number> => {
    const data = (computation.inputs[input]!.data as Float32Array).slice();
    data[index] = data[index]! + step;
    const results = await session.run({ ...computation.inputs, [input]: { ...computation.inputs[input]!, data } });
    return Object.entries(seeds).reduce((sum, [output, weights]) => {
      const [now, was] = [results[output]!.data, base[output]!.data];
      // The difference to the undisturbed output is summed, in 64 bits: what does not change adds no rounding.
      return sum + (weights.data as Float32Array).reduce((total, weight, at) => total + weight * (Number(now[at]) - Number(was[at])), 0);
    }, 0);
  };
  const comparisons: GradientComparison[] = [];
  for (const input of wrt) {
    const gradient = names.has(input) ? gradients[names.get(input)!]! : undefined;
    const dims = computation.inputs[input]!.dims;
    if (gradient && gradient.dims.join() !== dims.join()) throw new Error(`gradient of ${input} has shape [${gradient.dims.join()}], not [${dims.join()}]`);
    const size = sizeOf(dims);
    // Every element of small inputs, a seeded choice of large ones.
    const picks = size <= 24 ? Array.from({ length: size }, (_, index) => index) : Array.from({ length: 24 }, () => Math.floor(next() * size));
    for (const index of picks) {
      const h = 1 / 64;
      const near = await objective(input, index, h) - await objective(input, index, -h);
      const far = await objective(input, index, 2 * h) - await objective(input, index, -2 * h);
      comparisons.push({ input, index, gradient: gradient ? Number(gradient.data[index]) : 0, difference: (8 * near - far) / (12 * h) });
    }
  }
  await session.release();
  await backward.release();
  return comparisons;
}
