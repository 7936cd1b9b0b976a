import type { Attribute, GraphBuilder } from '../../graph/graphBuilder.ts';

/**
 * A value on its way through the layers. `shape` is what the model's file means, batch first, −1 where it is open.
 * In the graph the value may lie otherwise: `channelsFirst` says that its last axis stands second there, as ONNX's
 * convolutions and poolings want it, so that a chain of image layers needs one transposition at its start.
 */
export interface Flow {
  /** Name of the value in the graph. */
  name: string;
  shape: number[];
  channelsFirst: boolean;
}

/** Builds nodes for layers and moves values between the two orders of axes, each at most once. */
export class FlowGraph {
  readonly builder: GraphBuilder;
  readonly #moved = new Map<string, string>();

  constructor(builder: GraphBuilder) {
    this.builder = builder;
  }

  /** Adds a node; it and its output are both called `name`, or much like it where that is taken. Returns the output. */
  op(opType: string, inputs: string[], attributes: Record<string, Attribute | undefined>, name: string): string {
    const unique = this.builder.unique(name);
    return this.builder.node(opType, inputs, attributes, { name: unique, outputs: [unique] })[0]!;
  }

  /** The value with its axes in the file's order. */
  plain(flow: Flow): string {
    if (!flow.channelsFirst) return flow.name;
    const rank = flow.shape.length;
    return this.#move(flow, `${flow.name}/channels_last`, [0, ...range(2, rank), 1], [...flow.shape.slice(1)]);
  }

  /** The value with its last axis moved to the second place; its rank must be 3 or more. */
  channelsFirst(flow: Flow): string {
    if (flow.channelsFirst) return flow.name;
    const rank = flow.shape.length;
    return this.#move(flow, `${flow.name}/channels_first`, [0, rank - 1, ...range(1, rank - 1)], [flow.shape[rank - 1]!, ...flow.shape.slice(1, -1)]);
  }

  /** A value whose elements lie in the order of the file's axes, whatever its shape: enough to reshape it. */
  rowMajor(flow: Flow): string {
    return sameOrder(flow.shape) ? flow.name : this.plain(flow);
  }

  /** The place, in the value of the graph, of an axis of the file's shape; negative axes count from the end. */
  axis(flow: Flow, axis: number): number {
    const rank = flow.shape.length;
    const positive = axis < 0 ? axis + rank : axis;
    if (!flow.channelsFirst || positive === 0) return positive;
    return positive === rank - 1 ? 1 : positive + 1;
  }

  /** Where only axes of length one change places, a change of shape is enough, and it costs nothing. */
  #move(flow: Flow, name: string, order: number[], dims: number[]): string {
    const known = this.#moved.get(flow.name);
    if (known !== undefined) return known;
    const moved = sameOrder(flow.shape) && dims.filter((dim) => dim < 0).length <= 1
      ? this.op('Reshape', [flow.name, this.builder.ints([0, ...dims])], {}, name)
      : this.op('Transpose', [flow.name], { perm: order }, name);
    this.#moved.set(flow.name, moved);
    // The way back is known as well.
    this.#moved.set(moved, flow.name);
    return moved;
  }
}

/** Whether the order of the elements is the same with channels first and last. */
function sameOrder(shape: readonly number[]): boolean {
  return shape.length < 3 || shape.at(-1) === 1 || shape.slice(1, -1).every((dim) => dim === 1);
}

/** The whole numbers from `start` up to, but not including, `end`. */
export function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}
