/** Outputs that a tile has along an axis, positions of the kernel along it, and inputs that the tile reads. */
const [outputs, kernel] = [4, 3] as const;
const inputs = outputs + kernel - 1;

/**
 * Where the polynomials are evaluated, beside infinity. Of the sets that were tried these lost the fewest digits: an output is off
 * by at most 3·10⁻⁶ of the largest one where 0, ±1, ±2, the set of Lavin & Gray, gives 8·10⁻⁶ and the plain sum 4·10⁻⁷ (512
 * channels at 7×7, 128 at 28×28). Powers of theirs are exact in 32 bits.
 */
const points = [0, 0.75, -0.75, 1.5, -1.5];

/** Coefficients of Π (x − root), the constant first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce<number[]>((product, root) => [...product, 0].map((_, power) => (power > 0 ? product[power - 1]! : 0) - root * (product[power] ?? 0)), [1]);
}

/** [inputs][inputs]: what a tile's inputs become; [inputs][kernel]: the kernel; [inputs][outputs]: the tile's outputs, transposed. */
const [readTile, readKernel, writeTile] = ((): [number[][], number[][], number[][]] => {
  const others = points.map((point) => points.filter((other) => other !== point));
  const powers = (point: number, count: number): number[] => Array.from({ length: count }, (_, power) => point ** power);
  const last = (count: number): number[] => Array.from({ length: count }, (_, index) => (index === count - 1 ? 1 : 0));
  return [
    [...others.map((roots) => [...polynomial(roots), 0]), polynomial(points)],
    [...points.map((point, index) => powers(point, kernel).map((power) => power / others[index]!.reduce((product, other) => product * (point - other), 1))), last(kernel)],
    [...points.map((point) => powers(point, outputs)), last(outputs)],
  ];
})();

/** How a convolution's axis is cut into tiles. */
export interface TiledAxis {
  /** Places along the axis before and after the convolution. */
  input: number;
  output: number;
  tiles: number;
  /** [6·tiles, input], row-major: from an axis of the input to each position of each tile; padding is zeros that are not read. */
  read: Float32Array;
  /** [6·tiles, output]: its transpose makes an axis of the output. */
  write: Float32Array;
}

/** Positions of a tile along one axis. */
export const tileSize = inputs;

/** `before` is the padding before the first place. */
export function tileAxis(input: number, output: number, before: number): TiledAxis {
  const tiles = Math.ceil(output / outputs);
  const read = new Float32Array(inputs * tiles * input);
  const write = new Float32Array(inputs * tiles * output);
  const set = (matrix: Float32Array, columns: number, row: number, column: number, value: number): void => {
    if (column >= 0 && column < columns) matrix[row * columns + column] = value;
  };
  for (let position = 0; position < inputs; position++) {
    for (let tile = 0; tile < tiles; tile++) {
      const row = position * tiles + tile;
      readTile[position]!.forEach((value, index) => set(read, input, row, tile * outputs + index - before, value));
      writeTile[position]!.forEach((value, index) => set(write, output, row, tile * outputs + index, value));
    }
  }
  return { input, output, tiles, read, write };
}

/** [36, 9]: a 3×3 kernel at the positions of a tile; the width is the outer axis of the rows, the height that of the columns. */
export const kernelMatrix: Float32Array = Float32Array.from(
  readKernel.flatMap((across) => readKernel.flatMap((down) => down.flatMap((vertical) => across.map((horizontal) => vertical * horizontal)))),
);
