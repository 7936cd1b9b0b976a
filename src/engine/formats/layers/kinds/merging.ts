import { range, type Flow } from '../flow.ts';
import { shown } from './image.ts';
import type { LayerCall, LayerKind } from './layerKind.ts';

/** Inputs of one rank in one order of axes: channels first where any of them has that already. */
export function aligned(call: LayerCall, inputs: Flow[]): Flow[] {
  const { graph } = call;
  const rank = Math.max(...inputs.map((input) => input.shape.length));
  if (inputs.every((input) => input.shape.length === rank)) {
    const channelsFirst = inputs.some((input) => input.channelsFirst);
    return inputs.map((input) => ({ ...input, channelsFirst, name: channelsFirst ? graph.channelsFirst(input) : input.name }));
  }
  // Shorter ones get axes of length one after the batch, as TensorFlow.js does.
  return inputs.map((input) => {
    const missing = rank - input.shape.length;
    const name = graph.plain(input);
    if (missing === 0) return { ...input, name, channelsFirst: false };
    return {
      name: graph.op('Unsqueeze', [name, graph.builder.ints(range(1, 1 + missing))], {}, `${call.name}/expanded`),
      shape: [input.shape[0]!, ...new Array<number>(missing).fill(1), ...input.shape.slice(1)], channelsFirst: false,
    };
  });
}

export function broadcast(call: LayerCall, inputs: Flow[]): number[] {
  return inputs.map((input) => input.shape).reduce((left, right) => left.map((dim, axis) => {
    const other = right[axis]!;
    if (dim === 1) return other;
    if (other === 1) return dim;
    if (dim >= 0 && other >= 0 && dim !== other) throw call.config.error(`its inputs do not fit together: [${shown(left)}] and [${shown(right)}]`);
    return dim < 0 ? other : dim;
  }));
}

/** Folds its inputs, two by two, with an operator of two inputs. */
const folded = (opType: string): LayerKind => ({ join: (call, inputs) => fold(call, opType, aligned(call, inputs), call.name) });

function fold(call: LayerCall, opType: string, inputs: Flow[], name: string): Flow {
  const [first, ...rest] = inputs as [Flow, ...Flow[]];
  let value = first.name;
  for (const [index, input] of rest.entries()) {
    value = call.graph.op(opType, [value, input.name], {}, index === rest.length - 1 ? name : `${call.name}/${opType.toLowerCase()}`);
  }
  return { ...first, name: value, shape: broadcast(call, inputs) };
}

/** All inputs in one node. */
const variadic = (opType: string): LayerKind => ({
  join: (call, inputs) => {
    const all = aligned(call, inputs);
    return { ...all[0]!, name: call.graph.op(opType, all.map((input) => input.name), {}, call.name), shape: broadcast(call, all) };
  },
});

/** Layers that join several values. */
export const mergingLayers: Record<string, LayerKind> = {
  Add: folded('Add'),
  Average: {
    join: (call, inputs) => {
      const sum = fold(call, 'Add', aligned(call, inputs), `${call.name}/sum`);
      return { ...sum, name: call.graph.op('Mul', [sum.name, call.graph.builder.float(1 / inputs.length)], {}, call.name) };
    },
  },
  Concatenate: {
    join: (call, inputs) => {
      const rank = inputs[0]!.shape.length;
      const axes = call.config.integers('axis') ?? [-1];
      const axis = axes[0]! < 0 ? axes[0]! + rank : axes[0]!;
      const fits = inputs.every((input) => input.shape.length === rank
        && input.shape.every((dim, place) => place === axis || dim < 0 || inputs[0]!.shape[place]! < 0 || dim === inputs[0]!.shape[place]));
      if (!fits) throw call.config.error(`its inputs do not fit together: ${inputs.map((input) => `[${shown(input.shape)}]`).join(' and ')}`);
      if (axes.length !== 1 || axis < 1 || axis >= rank) throw call.config.wrong('axis', 'an axis of its inputs, not the batch');
      const all = aligned(call, inputs);
      const sizes = all.map((input) => input.shape[axis]!);
      const shape = broadcastExcept(all, axis);
      shape[axis] = sizes.some((size) => size < 0) ? -1 : sizes.reduce((sum, size) => sum + size, 0);
      return { ...all[0]!, shape, name: call.graph.op('Concat', all.map((input) => input.name), { axis: call.graph.axis(all[0]!, axis) }, call.name) };
    },
  },
  // A residual scaled down, in keras.applications' InceptionResNetV2.
  CustomScaleLayer: {
    join: (call, inputs) => {
      const [left, right, ...others] = aligned(call, inputs) as [Flow, Flow, ...Flow[]];
      if (others.length > 0) throw call.config.error(`it has ${inputs.length} inputs, it wants 2`);
      const scaled = call.graph.op('Mul', [right.name, call.graph.builder.float(call.config.number('scale', 1))], {}, `${call.name}/scaled`);
      return fold(call, 'Add', [left, { ...right, name: scaled }], call.name);
    },
  },
  Maximum: variadic('Max'),
  Minimum: variadic('Min'),
  Multiply: folded('Mul'),
  Subtract: {
    join: (call, inputs) => {
      if (inputs.length !== 2) throw call.config.error(`it has ${inputs.length} inputs, it wants 2`);
      return fold(call, 'Sub', aligned(call, inputs), call.name);
    },
  },
};

/** What is known of each axis from any of the inputs. */
function broadcastExcept(inputs: Flow[], except: number): number[] {
  return inputs[0]!.shape.map((dim, axis) => (axis === except || dim >= 0 ? dim : (inputs.find((input) => input.shape[axis]! >= 0)?.shape[axis] ?? -1)));
}
