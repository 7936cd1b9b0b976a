import { attributesOf, type ModelGraph } from './modelGraph.ts';
import type { NodeProto } from './onnx_pb.ts';
import { sizeOf } from './tensor.ts';

/**
 * Where the batch lies in a value of a model that was exported for a fixed batch: dimension `axis` is `before` · batch · (what
 * is left). `before` is 1 but where an exporter joined another dimension with the batch behind it.
 */
export interface BatchPlace {
  axis: number;
  before: number;
}

/** What the rules need to know of a graph. */
export interface Measured {
  graph: ModelGraph;
  batch: number;
  /** Shapes of all values, run with the batch that the model insists on. */
  shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Where the batch lies in a node's outputs, given where it lies in its inputs (undefined where an input does not hold it, the
 * result likewise). Null where the node mixes pictures or this program cannot tell; the caller then leaves the model as it is.
 */
export function placeAfter(measured: Measured, node: NodeProto, inputs: readonly (BatchPlace | undefined)[]): BatchPlace | undefined | null {
  const place = inputs.find((input) => input !== undefined);
  if (!place) return undefined;
  const rule = rules[node.opType] ?? (elementwise.has(node.opType) ? joined : unchanged);
  return node.domain === '' ? rule(measured, node, inputs) : unchanged(measured, node, inputs);
}

type Rule = (measured: Measured, node: NodeProto, inputs: readonly (BatchPlace | undefined)[]) => BatchPlace | undefined | null;

const shapeOf = ({ shapes, graph }: Measured, value: string): readonly number[] => shapes.get(value) ?? graph.constantShape(value) ?? [];

/** Operators whose inputs are stretched to one shape. */
const elementwise = new Set(['Add', 'And', 'Div', 'Equal', 'Expand', 'Greater', 'Less', 'Max', 'Mean', 'Min', 'Mod', 'Mul', 'Or', 'Pow', 'PRelu', 'Sub', 'Sum', 'Where']);

/** The batch stays in its dimension, which keeps its size. */
const unchanged: Rule = (measured, node, inputs) => {
  const [place, ...others] = inputs;
  if (!place || others.some((other) => other !== undefined)) return null;
  const [from, to] = [shapeOf(measured, node.input[0]!), shapeOf(measured, node.output[0]!)];
  return from.length === to.length && from[place.axis] === to[place.axis] ? place : null;
};

const joined: Rule = (measured, node, inputs) => {
  const rank = shapeOf(measured, node.output[0]!).length;
  return agreed(inputs.map((place, index) => {
    const shape = shapeOf(measured, node.input[index] ?? '');
    return place && { ...place, axis: place.axis + rank - shape.length };
  }), (axis) => node.input.every((value, index) => {
    // A fixed array may not have an entry for each picture.
    const shape = shapeOf(measured, value);
    return inputs[index] !== undefined || node.opType === 'Expand' || (shape[axis - rank + shape.length] ?? 1) === 1;
  }));
};

/** The one place that all inputs with a batch agree on, if `fits` has nothing against it. */
function agreed(places: readonly (BatchPlace | undefined)[], fits: (axis: number) => boolean): BatchPlace | null {
  const known = places.filter((place) => place !== undefined);
  const [first] = known;
  return first && known.every(({ axis, before }) => axis === first.axis && before === first.before) && fits(first.axis) ? first : null;
}

/** Axes of a node as numbers from 0, from its attribute or its fixed second input; undefined where there are none. */
function axesOf({ graph }: Measured, node: NodeProto, rank: number): number[] | undefined {
  const attribute = attributesOf(node)['axes'];
  const given = Array.isArray(attribute) ? attribute.map(Number) : Array.from(graph.constant(node.input[1] ?? '')?.data ?? [], Number);
  return given.length === 0 ? undefined : given.map((axis) => (axis < 0 ? axis + rank : axis));
}

/** Whether a node picks from all the values of one picture in a row, in an order that is fixed: [k] → [1, …]. */
export function isPermutation(measured: Measured, node: NodeProto, [place, indices]: readonly (BatchPlace | undefined)[]): boolean {
  if (node.opType !== 'Gather' || !place || indices || measured.batch !== 1) return false;
  const [shape, picked] = [shapeOf(measured, node.input[0]!), shapeOf(measured, node.input[1]!)];
  return shape.length === 1 && place.before === 1 && picked.length > 1 && picked[0] === 1 && sizeOf([...picked]) === shape[0];
}

function numberOf(node: NodeProto, name: string, missing: number): number {
  const value = attributesOf(node)[name];
  return typeof value === 'number' ? value : missing;
}

const matrixProduct: Rule = (measured, node, [a, b]) => {
  const [left, right] = [shapeOf(measured, node.input[0]!), shapeOf(measured, node.input[1]!)];
  const rank = shapeOf(measured, node.output[0]!).length;
  if (a && a.axis === left.length - 1) return null;
  if (b && b.axis === right.length - 2) return null;
  const aligned = (place: BatchPlace | undefined, shape: readonly number[]): BatchPlace | undefined => place && { ...place, axis: place.axis + rank - shape.length };
  const free = (place: BatchPlace | undefined, shape: readonly number[], axis: number): boolean => place !== undefined || axis >= rank - 2 || (shape[axis - rank + shape.length] ?? 1) === 1;
  return agreed([aligned(a, left), aligned(b, right)], (axis) => free(a, left, axis) && free(b, right, axis));
};

const reduce: Rule = (measured, node, [place]) => {
  const rank = shapeOf(measured, node.input[0]!).length;
  const axes = axesOf(measured, node, rank) ?? Array.from({ length: rank }, (_, axis) => axis);
  if (!place || axes.includes(place.axis)) return null;
  return numberOf(node, 'keepdims', 1) === 1 ? place : { ...place, axis: place.axis - axes.filter((axis) => axis < place.axis).length };
};

/** How values are laid out anew; each rule follows the operator's definition in the ONNX standard (onnx/docs/Operators.md). */
const rules: Readonly<Record<string, Rule | undefined>> = {
  Concat: (measured, node, inputs) => {
    const rank = shapeOf(measured, node.output[0]!).length;
    const axis = numberOf(node, 'axis', 0);
    // A fixed part is repeated for each picture by the caller.
    return agreed(inputs, (place) => place !== (axis < 0 ? axis + rank : axis));
  },
  Einsum: (_, node, inputs) => {
    const equation = attributesOf(node)['equation'];
    if (typeof equation !== 'string' || equation.includes('...')) return null;
    const [terms, result] = equation.replaceAll(' ', '').split('->') as [string, string | undefined];
    const letters = terms.split(',').flatMap((term, index) => (inputs[index] ? [term[inputs[index].axis]] : []));
    const axis = result?.indexOf(letters[0] ?? '?') ?? -1;
    return axis < 0 || letters.some((letter) => letter !== letters[0]) ? null : { axis, before: inputs.find((place) => place)!.before };
  },
  Flatten: (measured, node, [place]) => (place?.axis === 0 && numberOf(node, 'axis', 1) > 0 ? place : null),
  Gather: (measured, node, [place, indices]) => {
    const axis = numberOf(node, 'axis', 0);
    const rank = shapeOf(measured, node.input[0]!).length;
    const at = axis < 0 ? axis + rank : axis;
    if (isPermutation(measured, node, [place, indices])) return { axis: 0, before: 1 };
    if (!place || indices || at === place.axis) return null;
    return at > place.axis ? place : { ...place, axis: place.axis - 1 + shapeOf(measured, node.input[1]!).length };
  },
  Gemm: (measured, node, [a, b, c]) => (a && !b && !c && a.axis === (numberOf(node, 'transA', 0) === 1 ? 1 : 0) ? { ...a, axis: 0 } : null),
  MatMul: matrixProduct,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceMin: reduce,
  ReduceSum: reduce,
  ReduceSumSquare: reduce,
  Reshape: (measured, node, [place]) => place && placeAfterReshape(shapeOf(measured, node.input[0]!), shapeOf(measured, node.output[0]!), place, measured.batch),
  // Sizes are whole numbers, and stay right when they are computed from an open batch.
  Shape: () => undefined,
  Size: () => undefined,
  Squeeze: (measured, node, [place]) => {
    const axes = axesOf(measured, node, shapeOf(measured, node.input[0]!).length);
    return !place || !axes || axes.includes(place.axis) ? null : { ...place, axis: place.axis - axes.filter((axis) => axis < place.axis).length };
  },
  Transpose: (measured, node, [place]) => {
    const rank = shapeOf(measured, node.input[0]!).length;
    const given = attributesOf(node)['perm'];
    const order = Array.isArray(given) ? given.map(Number) : Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
    return place && { ...place, axis: order.indexOf(place.axis) };
  },
  Unsqueeze: (measured, node, [place]) => {
    const axes = axesOf(measured, node, shapeOf(measured, node.output[0]!).length);
    if (!place || !axes) return null;
    let axis = place.axis;
    for (const added of axes.toSorted((a, b) => a - b)) if (added <= axis) axis++;
    return { ...place, axis };
  },
};

/**
 * A Reshape keeps the order of values, so that what lies before the batch stays before it. Where a batch of one leaves several
 * dimensions to choose from, a dimension of its own comes first; the last dimension, which the next layer's weights fix, never.
 */
function placeAfterReshape(from: readonly number[], to: readonly number[], place: BatchPlace, batch: number): BatchPlace | null {
  const ahead = sizeOf(from.slice(0, place.axis)) * place.before;
  const candidates = to.flatMap((size, axis) => {
    const before = ahead / sizeOf(to.slice(0, axis));
    return Number.isInteger(before) && size % (before * batch) === 0 && (axis < to.length - 1 || to.length === 1) ? [{ axis, before }] : [];
  });
  return candidates.find(({ before }) => before === 1) ?? candidates[0] ?? null;
}
