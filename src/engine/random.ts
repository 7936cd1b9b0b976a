import { createHash } from 'node:crypto';
import { kernels, layOut, read, write } from './kernels/kernels.ts';

/**
 * Seeded random numbers: xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 47,
 * 2021, https://prng.di.unimi.it) and normal numbers by the ziggurat method (Marsaglia and Tsang, "The Ziggurat Method for
 * Generating Random Variables", Journal of Statistical Software 5, 2000), with layer and value taken from different bits of
 * a number, because taking them from the same bits distorts the distribution (Doornik, "An Improved Ziggurat Method to
 * Generate Normal Random Samples", 2005).
 */
export interface RandomSource {
  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number;
  /** A whole number, uniform in [0, n); n from 1 to 2³². */
  integer(n: number): number;
  /** Normal with mean 0 and standard deviation 1, on a grid of about 4e-7 and finer. */
  normal(): number;
  /** Fills `out` with normal numbers of mean 0 and standard deviation `sigma`. */
  fillNormal(out: Float32Array, sigma: number): void;
  /** Puts the values in random order, in place; each order is equally likely. */
  shuffle(values: Uint32Array): void;
}

/**
 * A source whose numbers depend on the key alone (a run's seed, a picture's path, a distortion …), so that work can be done
 * in any order and in any number of processes. Keys that differ in a part, or in how their parts are divided, give
 * independent sources.
 */
export function randomSource(...key: (string | number)[]): RandomSource {
  const hash = createHash('sha256').update(JSON.stringify(key)).digest();
  return randomSourceFrom(Uint32Array.from([0, 4, 8, 12], (at) => hash.readUInt32LE(at)));
}

/** A source that starts from four words of state, which may not all be 0. */
export function randomSourceFrom(state: Uint32Array): RandomSource {
  if (state.length !== 4 || state.every((word) => word === 0)) throw new RangeError('the state must be four words, not all 0');
  return new Xoshiro(Int32Array.from(state));
}

/** Layers of the ziggurat; 256 so that the layer is one byte of a random number. */
const layers = 256;
/** Where the tail begins, and the area of each layer, for 256 layers (Marsaglia and Tsang 2000). */
const tailStart = 3.6541528853610088;
const layerArea = 0.00492867323399;
const valueBits = 23;

/** `edge[i]` is the right end of layer i; layer 0 is the base with the tail, spread to the width of a box of equal area. */
const edge = new Float64Array(layers + 1);
const height = new Float64Array(layers + 1);
const scale = new Float64Array(layers);
edge[0] = layerArea / density(tailStart);
edge[1] = tailStart;
for (let i = 2; i < layers; i++) edge[i] = Math.sqrt(-2 * Math.log(layerArea / edge[i - 1]! + density(edge[i - 1]!)));
for (let i = 0; i <= layers; i++) height[i] = density(edge[i]!);
for (let i = 0; i < layers; i++) scale[i] = edge[i]! / 2 ** valueBits;

/** Numbers that `fillNormal` makes at a time, and its notes on those that it has put off; it never waits, so one set will do. */
const blockSize = 4096;
const undecidedAt = new Uint32Array(blockSize);
const undecidedBits = new Int32Array(blockSize);

function density(x: number): number {
  return Math.exp(-0.5 * x * x);
}

class Xoshiro implements RandomSource {
  /** Typed, so that words above 2³¹ cost no memory. */
  readonly #state: Int32Array;

  constructor(state: Int32Array) {
    this.#state = state;
  }

  /** 32 random bits as a signed whole number. */
  #next(): number {
    const s = this.#state;
    const s1 = s[1]!;
    const x = Math.imul(s1, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9);
    const s2 = s[2]! ^ s[0]!;
    const s3 = s[3]! ^ s1;
    s[1] = s1 ^ s2;
    s[0] = s[0]! ^ s3;
    s[2] = s2 ^ (s1 << 9);
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  uniform(): number {
    return (this.#next() >>> 0) / 2 ** 32;
  }

  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new RangeError(`no whole number below ${n}`);
    // Numbers past the last multiple of n are drawn again, since they would favour the small remainders.
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const x = this.#next() >>> 0;
      if (x < limit) return x % n;
    }
  }

  normal(): number {
    const bits = this.#next();
    const layer = bits & 0xff;
    // Half a step off 0, so that the distribution is symmetric.
    const x = ((bits >> 8) + 0.5) * scale[layer]!;
    return Math.abs(x) < edge[layer + 1]! ? x : this.#outside(layer, x);
  }

  /** Decides about a point outside the part of its layer that lies wholly under the curve (one point in a hundred). */
  #outside(layer: number, x: number): number {
    if (layer === 0) return this.#tail(x < 0);
    const y = height[layer]! + this.uniform() * (height[layer + 1]! - height[layer]!);
    return y < density(x) ? x : this.normal();
  }

  /** Marsaglia's method for the tail, as the ziggurat paper gives it. */
  #tail(negative: boolean): number {
    for (;;) {
      const x = -Math.log(1 - this.uniform()) / tailStart;
      const y = -Math.log(1 - this.uniform());
      if (y + y > x * x) return negative ? -tailStart - x : tailStart + x;
    }
  }

  /** The few points that need a decision are put off to the end of a block: the rest is one loop without calls. */
  fillNormal(out: Float32Array, sigma: number): void {
    for (let from = 0; from < out.length; from += blockSize) {
      this.#fillBlock(out, from, Math.min(out.length, from + blockSize), sigma);
    }
  }

  #fillBlock(out: Float32Array, from: number, to: number, sigma: number): void {
    const count = to - from;
    const [state, numbers, edges, scales, at, bitsAt] = layOut(16, count * 4, edge.byteLength, scale.byteLength, count * 4, count * 4) as [number, number, number, number, number, number];
    write(state, this.#state);
    write(edges, edge);
    write(scales, scale);
    const undecided = kernels.normalBlock(state, numbers, count, sigma, edges, scales, at, bitsAt);
    read(state, this.#state);
    read(numbers, out.subarray(from, to));
    read(at, undecidedAt.subarray(0, undecided));
    read(bitsAt, undecidedBits.subarray(0, undecided));
    for (let k = 0; k < undecided; k++) {
      const bits = undecidedBits[k]!;
      const layer = bits & 0xff;
      out[from + undecidedAt[k]!] = this.#outside(layer, ((bits >> 8) + 0.5) * scale[layer]!) * sigma;
    }
  }

  shuffle(values: Uint32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const value = values[i]!;
      values[i] = values[j]!;
      values[j] = value;
    }
  }
}
