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
  /** Whether what shrinks is smoothed, each place of the result reading all that it covers. */
  antialias: boolean;
  /** Whether only places inside of the source count; else the edge stands for what lies beyond. */
  excludeOutside: boolean;
}

/**
 * The scale that `keep_aspect_ratio_policy` gives all of the resized axes, from the wanted sizes; undefined for `stretch`, where each
 * axis has its own. Throws an error that names a policy that is not known.
 */
export function commonScale(policy: string, axes: readonly { length: number; size: number }[]): number | undefined {
  if (policy === 'stretch') return undefined;
  const scales = axes.map(({ length, size }) => size / length);
  if (policy === 'not_larger') return Math.min(...scales);
  if (policy === 'not_smaller') return Math.max(...scales);
  throw new Error(`keep_aspect_ratio_policy ${policy}`);
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
  if (axis.mode === 'nearest') {
    row[Math.min(Math.max(nearestPlace(coordinate, axis.nearest), 0), axis.length - 1)] = 1;
    return row;
  }
  const { reach, share } = kernelOf(axis);
  // A place of the result covers 1 / scale places of the source.
  const stretch = axis.antialias ? Math.max(1, 1 / axis.scale) : 1;
  let total = 0;
  for (let place = Math.floor(coordinate - reach * stretch) + 1; place < coordinate + reach * stretch; place++) {
    if (axis.excludeOutside && (place < 0 || place >= axis.length)) continue;
    const inside = Math.min(Math.max(place, 0), axis.length - 1);
    const weight = share(Math.abs(place - coordinate) / stretch);
    row[inside] = row[inside]! + weight;
    total += weight;
  }
  // Without smoothing and with the edge counted, the shares are 1 together as they are.
  return stretch === 1 && !axis.excludeOutside ? row : row.map((weight) => weight / total);
}

/** What a place gives to one that lies `distance` from it, up to `reach`. */
function kernelOf({ mode, cubic: a }: AxisResize): { reach: number; share: (distance: number) => number } {
  if (mode === 'linear') return { reach: 1, share: (distance) => 1 - distance };
  if (mode !== 'cubic') throw new Error(`mode ${mode}`);
  // Keys 1981, "Cubic convolution interpolation for digital image processing".
  const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return { reach: 2, share: (distance) => (distance <= 1 ? near(distance) : far(distance)) };
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
