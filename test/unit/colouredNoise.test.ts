import assert from 'node:assert/strict';
import { colouredNoise, correlationLength } from '../../src/engine/pictures/colouredNoise.ts';
import { randomSource } from '../../src/engine/random.ts';

const [width, height, channels, pictures] = [48, 40, 3, 60];
const sigma = 0.2;

/** Many pictures of noise, `[picture][row][column][channel]` flat. */
function noise(columns = width, rows = height): Float32Array[] {
  return Array.from({ length: pictures }, (_, number) => {
    const out = new Float32Array(columns * rows * channels);
    colouredNoise(randomSource('noise', number), columns, rows).fillNormal(out, sigma);
    return out;
  });
}

/** Mean product of values `across` columns, `down` rows and `over` channels apart, the edges joined. */
function covariance(all: readonly Float32Array[], across: number, down: number, over = 0): number {
  let sum = 0;
  for (const values of all) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let channel = 0; channel < channels; channel++) {
          const other = (((y + down) % height) * width + ((x + across) % width)) * channels + ((channel + over) % channels);
          sum += values[(y * width + x) * channels + channel]! * values[other]!;
        }
      }
    }
  }
  return sum / (pictures * width * height * channels);
}

describe('coloured noise', () => {
  const all = noise();

  it('has mean 0 and the variance that was asked for, on the edge as in the middle', () => {
    const mean = all.reduce((sum, values) => sum + values.reduce((total, value) => total + value, 0), 0) / (pictures * width * height * channels);
    assert.ok(Math.abs(mean) < 0.01 * sigma * correlationLength);
    assert.ok(Math.abs(covariance(all, 0, 0) / sigma ** 2 - 1) < 0.05);
    const corner = all.reduce((sum, values) => sum + values[0]! ** 2, 0) / pictures;
    assert.ok(Math.abs(corner / sigma ** 2 - 1) < 4 * Math.sqrt(2 / pictures));
  });

  it('has the variance also in pictures smaller than the kernel', () => {
    const small = noise(5, 7);
    const variance = small.reduce((sum, values) => sum + values.reduce((total, value) => total + value ** 2, 0), 0) / (pictures * 5 * 7 * channels);
    assert.ok(Math.abs(variance / sigma ** 2 - 1) < 0.25, `${variance}`);
  });

  it('is correlated as exp(−d²/4s²), alike in both directions, channels apart from each other', () => {
    for (const [across, down] of [[1, 0], [0, 1], [2, 0], [0, 3], [2, 2], [4, 0], [0, 6]] as const) {
      const expected = Math.exp(-(across ** 2 + down ** 2) / (4 * correlationLength ** 2));
      const found = covariance(all, across, down) / sigma ** 2;
      assert.ok(Math.abs(found - expected) < 0.05, `${across}, ${down}: ${found}, not ${expected}`);
    }
    assert.ok(Math.abs(covariance(all, 0, 0, 1) / sigma ** 2) < 0.05);
  });

  it('has the power exp(−4π²s²f²) at the frequency f', () => {
    // By a Fourier transform of each row, straight from the definition.
    const power = (cycles: number): number => {
      let sum = 0;
      for (const values of all) {
        for (let y = 0; y < height; y++) {
          let [real, imaginary] = [0, 0];
          for (let x = 0; x < width; x++) {
            const angle = (2 * Math.PI * cycles * x) / width;
            real += values[(y * width + x) * channels]! * Math.cos(angle);
            imaginary += values[(y * width + x) * channels]! * Math.sin(angle);
          }
          sum += real ** 2 + imaginary ** 2;
        }
      }
      return sum;
    };
    const base = power(0);
    for (const cycles of [2, 4, 6]) {
      const expected = Math.exp(-4 * Math.PI ** 2 * correlationLength ** 2 * (cycles / width) ** 2);
      assert.ok(Math.abs(power(cycles) / base - expected) < 0.15 * Math.max(expected, 0.3), `${cycles}: ${power(cycles) / base}, not ${expected}`);
    }
  });

  it('depends on its source alone', () => {
    assert.deepEqual(noise()[3], all[3]);
    assert.notDeepEqual(all[2], all[3]);
  });
});
