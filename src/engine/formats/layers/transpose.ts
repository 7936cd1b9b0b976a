/**
 * An array with its axes in another order: axis i of the result is axis `order[i]` of `values`, whose shape is `dims`.
 */
export function transpose(values: Float32Array, dims: readonly number[], order: readonly number[]): Float32Array {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  const result = new Float32Array(values.length);
  const shape = order.map((axis) => dims[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const position = new Array<number>(shape.length).fill(0);
  let source = 0;
  for (let target = 0; target < result.length; target++) {
    result[target] = values[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      source -= steps[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return result;
}

/** The order that undoes an order: `transpose(transpose(x, dims, order), …, inverse(order))` is x. */
export function inverse(order: readonly number[]): number[] {
  const result = new Array<number>(order.length);
  for (const [position, axis] of order.entries()) result[axis] = position;
  return result;
}
