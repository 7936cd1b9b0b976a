/** How Resize reads along one axis; the names are those of its attributes. */
export interface AxisResize {
  /** Places of the source and of the result. */
  length: number;
  size: number;
  /** The scale as the node has it, which need not be size / length. */
  scale: number;
  mode: string;
  coordinates: string;
  nearest: string;
  /** `cubic_coeff_a`. */
  cubic: number;
}

/**
 * For each place of the result the shares of the source's places, [size][length]: what Resize does along an axis is the product
 * with this matrix, in every mode. Beyond an edge, the edge counts. Throws an error that names a mode that is not known.
 */
export function resizeWeights(axis: AxisResize): Float32Array[] {
  return Array.from({ length: axis.size }, (_, place) => shares(sourcePlace(place, axis), axis));
}

/** Where in the source a place of the result lies (`coordinate_transformation_mode`), in 32-bit floats, which decide ties. */
function sourcePlace(place: number, { length, size, scale, coordinates }: AxisResize): number {
  const { fround } = Math;
  const halfPixel = (): number => fround(fround((place + 0.5) / fround(scale)) - 0.5);
  switch (coordinates) {
    case 'half_pixel': return halfPixel();
    case 'pytorch_half_pixel': return size > 1 ? halfPixel() : 0;
    case 'asymmetric': return fround(place / fround(scale));
    case 'align_corners': return size > 1 ? fround((place * (length - 1)) / (size - 1)) : 0;
    default: throw new Error(`coordinate_transformation_mode ${coordinates}`);
  }
}

function shares(coordinate: number, axis: AxisResize): Float32Array {
  const row = new Float32Array(axis.length);
  const add = (place: number, share: number): void => {
    const inside = Math.min(Math.max(place, 0), axis.length - 1);
    row[inside] = row[inside]! + share;
  };
  const floor = Math.floor(coordinate);
  const rest = coordinate - floor;
  switch (axis.mode) {
    case 'nearest': add(nearestPlace(coordinate, axis.nearest), 1); break;
    case 'linear': add(floor, 1 - rest); add(floor + 1, rest); break;
    case 'cubic': {
      // Keys 1981, "Cubic convolution interpolation for digital image processing".
      const a = axis.cubic;
      const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1;
      const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
      add(floor - 1, far(rest + 1));
      add(floor, near(rest));
      add(floor + 1, near(1 - rest));
      add(floor + 2, far(2 - rest));
      break;
    }
    default: throw new Error(`mode ${axis.mode}`);
  }
  return row;
}

function nearestPlace(coordinate: number, mode: string): number {
  switch (mode) {
    case 'round_prefer_floor': return Math.ceil(coordinate - 0.5);
    case 'round_prefer_ceil': return Math.floor(coordinate + 0.5);
    case 'floor': return Math.floor(coordinate);
    case 'ceil': return Math.ceil(coordinate);
    default: throw new Error(`nearest_mode ${mode}`);
  }
}
