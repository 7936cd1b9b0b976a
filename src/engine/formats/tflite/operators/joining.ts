import type { Flow } from '../../layers/flow.ts';
import { activated } from './fusedActivation.ts';
import { shown, type OperatorCall, type OperatorKind } from './operator.ts';
import { openFirst } from './reduction.ts';

function joined(call: OperatorCall, flows: readonly Flow[], axis: number, name: string): Flow {
  const [first] = flows;
  const fits = first && flows.every(({ shape }) => shape.length === first.shape.length && shape.every((dim, place) => place === axis || dim === first.shape[place]));
  if (!fits) throw call.error(`its inputs do not fit together: ${flows.map(({ shape }) => shown(shape)).join(' and ')}`);
  const channelsFirst = flows.some((flow) => flow.channelsFirst);
  const names = flows.map((flow) => (channelsFirst ? call.graph.channelsFirst(flow) : flow.name));
  const shape = first.shape.map((dim, place) => (place === axis ? flows.reduce((sum, flow) => sum + flow.shape[axis]!, 0) : dim));
  const place = call.graph.axis({ ...first, channelsFirst }, axis);
  return { name: call.op('Concat', names, { axis: place }, name), shape, channelsFirst };
}

/** Parts of a value along one axis. */
function parted(call: OperatorCall, flow: Flow, axis: number, sizes: readonly number[]): Flow[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== flow.shape[axis] || sizes.length !== call.operator.outputs.length || sizes.some((size) => size < 1)) {
    throw call.error(`parts of ${sizes.join(', ')} do not fit axis ${axis} of its input of ${shown(flow.shape)} and its ${call.operator.outputs.length} outputs`);
  }
  const names = sizes.map((_, index) => call.graph.builder.unique(call.nameOf(index)));
  call.graph.builder.node('Split', [flow.name, call.graph.builder.ints([...sizes])], { axis: call.graph.axis(flow, axis) }, { name: names[0]!, outputs: names });
  return names.map((name, index) => ({ ...flow, name, shape: flow.shape.map((dim, place) => (place === axis ? sizes[index]! : dim)) }));
}

const concatenation: OperatorKind = {
  name: 'CONCATENATION',
  build: (call) => activated(call, call.small(1), (result) => {
    const flows = call.inputs;
    return joined(call, flows, call.axis(call.option(0), flows[0]?.shape.length ?? 0), result);
  }),
};

const pack: OperatorKind = {
  name: 'PACK',
  build: (call) => {
    const flows = call.inputs;
    const axis = call.axis(call.option(1), (flows[0]?.shape.length ?? 0) + 1);
    const raised = flows.map((flow) => {
      const shape = [...flow.shape.slice(0, axis), 1, ...flow.shape.slice(axis)];
      const name = call.op('Unsqueeze', [call.graph.plain(flow), call.graph.builder.ints([axis])], {}, `${call.name}/part`);
      return { name, shape, channelsFirst: false };
    });
    return joined(call, raised, axis, call.name);
  },
};

const unpack: OperatorKind = {
  name: 'UNPACK',
  build: (call) => {
    const flow = call.input(0);
    const axis = call.axis(call.option(1), flow.shape.length);
    const value: Flow = { ...flow, name: call.graph.plain(flow), channelsFirst: false };
    return parted(call, value, axis, new Array<number>(Math.min(flow.shape[axis]!, call.operator.outputs.length)).fill(1)).map((part) => {
      const shape = part.shape.filter((_, place) => place !== axis);
      return { name: call.op('Reshape', [part.name, call.graph.builder.ints(openFirst(shape))], {}, `${part.name}/part`), shape, channelsFirst: false };
    });
  },
};

const split: OperatorKind = {
  name: 'SPLIT',
  build: (call) => {
    const flow = call.input(1);
    const axis = call.axis(call.integer(0), flow.shape.length);
    const count = call.operator.outputs.length;
    return parted(call, flow, axis, new Array<number>(count).fill(flow.shape[axis]! / count));
  },
};

const splitBySizes: OperatorKind = {
  name: 'SPLIT_V',
  build: (call) => {
    const flow = call.input(0);
    const axis = call.axis(call.integer(2), flow.shape.length);
    const sizes = call.integers(1);
    const rest = flow.shape[axis]! - sizes.filter((size) => size >= 0).reduce((sum, size) => sum + size, 0);
    return parted(call, flow, axis, sizes.map((size) => (size < 0 ? rest : size)));
  },
};

/** Operators that join values or take them apart. */
export const joiningKinds: readonly OperatorKind[] = [concatenation, pack, split, splitBySizes, unpack];
