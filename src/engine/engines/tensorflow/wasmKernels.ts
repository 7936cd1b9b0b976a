import * as tf from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];
type Padding = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

/**
 * Gradient kernels that the wasm backend (4.22) lacks, composed of those it has, so that the data stay in its memory:
 * the plain-JavaScript backend has them all, but as loops over single elements.
 * A k×k filter's gradient is k² products of a shifted input with the output's gradient.
 */
export function registerMissingKernels(): void {
  const kernels: Record<string, (inputs: Record<string, tf.Tensor>, attributes: Record<string, unknown>) => tf.Tensor> = {
    Conv2DBackpropFilter: ({ x, dy }, { filterShape, strides, pad, dimRoundingMode }) => {
      const info = tf.backend_util.computeConv2DInfo(x!.shape as Shape4D, filterShape as Shape4D, strides as number, 1, pad as Padding, dimRoundingMode as 'floor');
      const gradient = tf.reshape(dy!, [-1, info.outChannels]);
      const taps = shifted(x!, info).map((window) => tf.matMul(tf.reshape(window, [-1, info.inChannels]), gradient, true, false));
      return tf.reshape(tf.stack(taps), info.filterShape);
    },
    DepthwiseConv2dNativeBackpropFilter: ({ x, dy }, { filterShape, strides, pad, dimRoundingMode, dilations }) => {
      const info = tf.backend_util.computeConv2DInfo(x!.shape as Shape4D, filterShape as Shape4D, strides as number, dilations as number, pad as Padding, dimRoundingMode as 'floor', true);
      const multiplier = info.outChannels / info.inChannels;
      const gradient = tf.reshape(dy!, [-1, info.inChannels, multiplier]);
      const taps = shifted(x!, info).map((window) => tf.sum(tf.mul(tf.reshape(window, [-1, info.inChannels, 1]), gradient), 0));
      return tf.reshape(tf.stack(taps), info.filterShape);
    },
    DepthwiseConv2dNativeBackpropInput: ({ dy, filter }, { inputShape, strides, pad, dimRoundingMode, dilations }) => {
      const info = tf.backend_util.computeConv2DInfo(inputShape as Shape4D, filter!.shape as Shape4D, strides as number, dilations as number, pad as Padding, dimRoundingMode as 'floor', true);
      const { inHeight, inWidth, inChannels, filterHeight, filterWidth, padInfo } = info;
      const multiplier = info.outChannels / inChannels;
      // The transposed convolution: zeros between the outputs' gradients where the stride left inputs out, a border of a filter's width,
      // and the filter turned by 180°.
      const spread = insertZeros(dy!, info);
      const border = (size: number, filterSize: number, before: number, spreadSize: number): [number, number] => [filterSize - 1 - before, size - spreadSize + before];
      const padded = padOrCrop(spread, [
        border(inHeight, filterHeight, padInfo.top, spread.shape[1]!),
        border(inWidth, filterWidth, padInfo.left, spread.shape[2]!),
      ]);
      const turned = tf.reverse(filter!, [0, 1]);
      const parts = Array.from({ length: multiplier }, (_, index) => {
        const channels = tf.slice(tf.reshape(padded, [...padded.shape.slice(0, 3), inChannels, multiplier]), [0, 0, 0, 0, index], [-1, -1, -1, -1, 1]);
        return tf.depthwiseConv2d(
          tf.reshape<tf.Rank.R4>(channels, [...padded.shape.slice(0, 3), inChannels] as Shape4D),
          tf.slice(turned, [0, 0, 0, index], [-1, -1, -1, 1]) as tf.Tensor4D, 1, 'valid',
        );
      });
      return tf.addN(parts);
    },
    UnsortedSegmentSum: ({ x, segmentIds }, { numSegments }) => {
      const segments = segmentIds!.size;
      const membership = tf.cast(tf.oneHot(tf.reshape(segmentIds!, [segments]), numSegments as number), 'float32');
      const sums = tf.matMul(membership, tf.cast(tf.reshape(x!, [segments, -1]), 'float32'), true, false);
      return tf.reshape(sums, [numSegments as number, ...x!.shape.slice(segmentIds!.rank)]);
    },
  };
  for (const [kernelName, compute] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, 'wasm') as object | undefined) continue;
    tf.registerKernel({
      kernelName, backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => compute(inputs as Record<string, tf.Tensor>, attrs ?? {})),
    });
  }
}

/**
 * The wasm backend hands a matrix product to XNNPACK only where neither side is transposed, and computes others, as every gradient
 * of a product is, value by value. Transposing first gives the same result several times faster.
 */
export function transposeBeforeProducts(): void {
  const kernel = tf.getKernel('BatchMatMul', 'wasm');
  const last = (x: tf.Tensor) => tf.transpose(x, [...x.shape.map((_, axis) => axis).slice(0, -2), x.rank - 1, x.rank - 2]);
  tf.unregisterKernel('BatchMatMul', 'wasm');
  tf.registerKernel({
    ...kernel,
    kernelFunc: (given) => {
      const { transposeA, transposeB } = given.attrs as { transposeA: boolean; transposeB: boolean };
      if (!transposeA && !transposeB) return kernel.kernelFunc(given);
      const { a, b } = given.inputs as { a: tf.Tensor; b: tf.Tensor };
      return tf.tidy(() => tf.matMul(transposeA ? last(a) : a, transposeB ? last(b) : b));
    },
  });
}

/** For each tap of the filter, row by row, the inputs [batch, outHeight, outWidth, inChannels] that it is multiplied with. */
function shifted(x: tf.Tensor, info: tf.backend_util.Conv2DInfo): tf.Tensor[] {
  const { outHeight, outWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = info;
  const taps: tf.Tensor[] = [];
  // Room for whole strides behind the last window, so that a strided slice is a reshape and a slice.
  const height = (info.filterHeight - 1) * dilationHeight + outHeight * strideHeight;
  const width = (info.filterWidth - 1) * dilationWidth + outWidth * strideWidth;
  const padded = padOrCrop(x, [
    [padInfo.top, height - padInfo.top - x.shape[1]!],
    [padInfo.left, width - padInfo.left - x.shape[2]!],
  ]);
  const [batch, channels] = [x.shape[0], x.shape[3]!];
  for (let row = 0; row < info.filterHeight; row++) {
    for (let column = 0; column < info.filterWidth; column++) {
      const window = tf.slice(padded, [0, row * dilationHeight, column * dilationWidth, 0], [batch, outHeight * strideHeight, outWidth * strideWidth, channels]);
      if (strideHeight === 1 && strideWidth === 1) {
        taps.push(window);
        continue;
      }
      const grid = tf.reshape(window, [batch * outHeight, strideHeight, outWidth, strideWidth * channels]);
      taps.push(tf.reshape(tf.slice(grid, [0, 0, 0, 0], [-1, 1, -1, channels]), [batch, outHeight, outWidth, channels]));
    }
  }
  return taps;
}

/** Puts stride − 1 zeros behind each row and column. */
function insertZeros(dy: tf.Tensor, { strideHeight, strideWidth }: tf.backend_util.Conv2DInfo): tf.Tensor {
  if (strideHeight === 1 && strideWidth === 1) return dy;
  const [batch, height, width, channels] = dy.shape as Shape4D;
  const grid = tf.pad(tf.reshape(dy, [batch * height, 1, width, channels]), [[0, 0], [0, strideHeight - 1], [0, 0], [0, (strideWidth - 1) * channels]]);
  return tf.reshape(grid, [batch, height * strideHeight, width * strideWidth, channels]);
}

/** Pads height and width of an NHWC tensor with zeros; negative amounts cut off. */
function padOrCrop(x: tf.Tensor, [[top, bottom], [left, right]]: [[number, number], [number, number]]): tf.Tensor {
  const positive = (amount: number) => Math.max(amount, 0);
  const padded = tf.pad(x, [[0, 0], [positive(top), positive(bottom)], [positive(left), positive(right)], [0, 0]]);
  const begin = [0, positive(-top), positive(-left), 0];
  const size = [padded.shape[0], padded.shape[1]! - positive(-top) - positive(-bottom), padded.shape[2]! - positive(-left) - positive(-right), padded.shape[3]!];
  return tf.slice(padded, begin, size);
}
