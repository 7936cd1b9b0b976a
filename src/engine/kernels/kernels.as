// The inner loops over pixels, in AssemblyScript (https://www.assemblyscript.org), for WebAssembly's vector instructions:
// `npm run generate:kernels` makes kernelsWasm.ts of it. Arguments are addresses and counts; memory is laid out by kernels.ts,
// which leaves 16 bytes after each array, because loads and stores of whole vectors run a little past the end.

/** Eight weights of 2⁻²² are summed up in 32 bits; half of the last place rounds. */
const precision: i32 = 22;

// @ts-ignore: decorator
@inline
function bytes(accumulated: v128): v128 {
  const words = i32x4.shr_s(accumulated, precision);
  const halves = i16x8.narrow_i32x4_s(words, words);
  return i8x16.narrow_i16x8_u(halves, halves);
}

/** Scales rows of RGB pixels: for each output pixel `count[x]` source pixels from `start[x]`, times `weights[x * stride …]`. */
export function scaleRows(source: usize, rows: i32, sourceWidth: i32, out: usize, width: i32, start: usize, count: usize, weights: usize, stride: i32): void {
  const half = i32x4.splat(1 << (precision - 1));
  let to = out;
  for (let y = 0; y < rows; y++) {
    const row = source + <usize>y * <usize>sourceWidth * 3;
    for (let x = 0; x < width; x++) {
      let from = row + <usize>load<i32>(start + (<usize>x << 2)) * 3;
      let weight = weights + ((<usize>x * <usize>stride) << 2);
      const end = weight + (<usize>load<i32>(count + (<usize>x << 2)) << 2);
      let sum = half;
      for (; weight < end; weight += 4, from += 3) {
        const pixel = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_splat(from)));
        sum = i32x4.add(sum, i32x4.mul(pixel, v128.load32_splat(weight)));
      }
      // The fourth byte is the next pixel's, which is written after this one.
      v128.store_lane<u32>(to, bytes(sum), 0);
      to += 3;
    }
  }
}

/** Scales columns: each output row is a weighted sum of source rows, `rowBytes` values each; `offset` is the first row there is. */
export function scaleColumns(source: usize, offset: i32, rowBytes: i32, out: usize, height: i32, start: usize, count: usize, weights: usize, stride: i32): void {
  const half = i32x4.splat(1 << (precision - 1));
  for (let y = 0; y < height; y++) {
    const first = source + <usize>(load<i32>(start + (<usize>y << 2)) - offset) * <usize>rowBytes;
    const weight = weights + ((<usize>y * <usize>stride) << 2);
    const taps = load<i32>(count + (<usize>y << 2));
    const to = out + <usize>y * <usize>rowBytes;
    for (let i = 0; i < rowBytes; i += 16) {
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let from = first + i;
      for (let k = 0; k < taps; k++, from += rowBytes) {
        const values = v128.load(from);
        const low = i16x8.extend_low_i8x16_u(values);
        const high = i16x8.extend_high_i8x16_u(values);
        const factor = v128.load32_splat(weight + (<usize>k << 2));
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), factor));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), factor));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), factor));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), factor));
      }
      const left = i16x8.narrow_i32x4_s(i32x4.shr_s(a, precision), i32x4.shr_s(b, precision));
      const right = i16x8.narrow_i32x4_s(i32x4.shr_s(c, precision), i32x4.shr_s(d, precision));
      v128.store(to + i, i8x16.narrow_i16x8_u(left, right));
    }
  }
}

/** Σ |a − b| over `count` bytes. */
export function absoluteDifference(a: usize, b: usize, count: i32): f64 {
  let total: u64 = 0;
  let i = 0;
  while (i + 16 <= count) {
    // A lane of 32 bits takes 4 bytes' sums; it cannot overflow within a million steps.
    let sum = i32x4.splat(0);
    const end = min(count - 15, i + (1 << 20));
    for (; i < end; i += 16) {
      const left = v128.load(a + i);
      const right = v128.load(b + i);
      const difference = v128.or(i8x16.sub_sat_u(left, right), i8x16.sub_sat_u(right, left));
      sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(difference)));
    }
    total += <u64>(<u32>i32x4.extract_lane(sum, 0)) + <u64>(<u32>i32x4.extract_lane(sum, 1)) + <u64>(<u32>i32x4.extract_lane(sum, 2)) + <u64>(<u32>i32x4.extract_lane(sum, 3));
  }
  for (; i < count; i++) total += abs(<i32>load<u8>(a + i) - <i32>load<u8>(b + i));
  return <f64>total;
}

/** Looks the three values of each pixel up in tables of 256 numbers, into planes or other places `step` numbers apart. */
export function lookUp(source: usize, pixels: i32, red: usize, green: usize, blue: usize, outRed: usize, outGreen: usize, outBlue: usize, step: i32): void {
  const bytesApart = <usize>step << 2;
  let to: usize = 0;
  for (let i = 0; i < pixels; i++, source += 3, to += bytesApart) {
    store<f32>(outRed + to, load<f32>(red + (<usize>load<u8>(source) << 2)));
    store<f32>(outGreen + to, load<f32>(green + (<usize>load<u8>(source, 1) << 2)));
    store<f32>(outBlue + to, load<f32>(blue + (<usize>load<u8>(source, 2) << 2)));
  }
}

/** `source + noise`, rounded and clipped to bytes; four values at a time. */
export function addNoise(source: usize, noise: usize, out: usize, count: i32): void {
  const half = f64x2.splat(0.5);
  for (let i = 0; i < count; i += 4) {
    const value = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(source + i)));
    const added = v128.load(noise + (<usize>i << 2));
    // In double precision, as the sum of a byte and a float would lose places in single.
    const low = f64x2.add(f64x2.add(f64x2.convert_low_i32x4_s(value), f64x2.promote_low_f32x4(added)), half);
    const high = f64x2.add(f64x2.add(f64x2.convert_low_i32x4_s(i8x16.shuffle(value, value, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)), f64x2.promote_low_f32x4(i8x16.shuffle(added, added, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))), half);
    const rounded = i8x16.shuffle(i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(low)), i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(high)), 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    const halves = i16x8.narrow_i32x4_s(rounded, rounded);
    v128.store_lane<u32>(out + i, i8x16.narrow_i16x8_u(halves, halves), 0);
  }
}

/**
 * Normal numbers of deviation `sigma` from xoshiro128** and the part of a ziggurat that needs no decision; notes the places and
 * bits of the others in `undecidedAt` and `undecidedBits`, and gives their number. `state` are four words, which go on.
 */
export function normalBlock(state: usize, out: usize, count: i32, sigma: f64, edge: usize, scale: usize, undecidedAt: usize, undecidedBits: usize): i32 {
  let s0 = load<u32>(state);
  let s1 = load<u32>(state, 4);
  let s2 = load<u32>(state, 8);
  let s3 = load<u32>(state, 12);
  let undecided = 0;
  for (let i = 0; i < count; i++) {
    const bits = <i32>(rotl<u32>(s1 * 5, 7) * 9);
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotl<u32>(s3, 11);
    const layer = <usize>(bits & 0xff) << 3;
    const x = (<f64>(bits >> 8) + 0.5) * load<f64>(scale + layer);
    store<f32>(out + (<usize>i << 2), <f32>(x * sigma));
    if (Math.abs(x) >= load<f64>(edge + layer, 8)) {
      store<i32>(undecidedAt + (<usize>undecided << 2), i);
      store<i32>(undecidedBits + (<usize>undecided << 2), bits);
      undecided++;
    }
  }
  store<u32>(state, s0);
  store<u32>(state, s1, 4);
  store<u32>(state, s2, 8);
  store<u32>(state, s3, 12);
  return undecided;
}
