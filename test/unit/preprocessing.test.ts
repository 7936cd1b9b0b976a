import assert from 'node:assert/strict';
import { UserError } from '../../src/engine/job.ts';
import type { PreprocessingOptions } from '../../src/engine/options.ts';
import { inputLayout, metadataKey, resolvePreprocessing, storePreprocessing, type InputLayout } from '../../src/engine/preprocessing.ts';
import type { Preprocessing } from '../../src/engine/results.ts';

describe('preprocessing', () => {
  const layouts: [shape: number[], expected: InputLayout][] = [
    [[1, 3, 224, 192], { layout: 'nchw', channels: 3, height: 224, width: 192, batch: 1 }],
    [[-1, 1, 28, 28], { layout: 'nchw', channels: 1, height: 28, width: 28, batch: -1 }],
    [[-1, 224, 192, 3], { layout: 'nhwc', channels: 3, height: 224, width: 192, batch: -1 }],
    [[16, 28, 28, 1], { layout: 'nhwc', channels: 1, height: 28, width: 28, batch: 16 }],
    [[1, 3, 3, 3], { layout: 'nchw', channels: 3, height: 3, width: 3, batch: 1 }],
  ];
  for (const [shape, expected] of layouts) {
    it(`reads the layout of [${shape.join(', ')}]`, () => assert.deepEqual(inputLayout({ name: 'x', shape }), expected));
  }

  for (const shape of [[], [1, 10], [224, 224, 3], [1, 4, 224, 224], [1, 224, 224, 2], [1, -1, 224, 224], [1, 3, 16, 112, 112], [1, 3, 1e6, 224], [-1, 3, -1, 224]]) {
    it(`[${shape.join(', ')}] is no image`, () => {
      assert.throws(() => inputLayout({ name: 'tokens', shape }), new UserError(`the model has no image input: tokens has shape [${shape.join(', ')}]`));
    });
  }

  const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const guess: Preprocessing = { resize: 'stretch', interpolation: 'bilinear', range: '0-1', mean: null, std: null, channels: 'rgb', from: 'guess' };
  const large = [1, 3, 224, 224];
  const small = [1, 3, 64, 64];
  const own = (text: string) => ({ [metadataKey]: text });
  const stored = { ...guess, ...imagenet, resize: 'crop', channels: 'bgr' } as const;
  type Case = [
    name: string, shape: number[], metadata: Record<string, string>, startsWith: 'rescaling' | 'normalization' | null, options: PreprocessingOptions,
    expected: Partial<Preprocessing>,
  ];
  const cases: Case[] = [
    ['guess, large, channels first', large, {}, null, {}, imagenet],
    ['guess, 160', [1, 3, 160, 160], {}, null, {}, imagenet],
    ['guess, 159', [1, 3, 159, 224], {}, null, {}, {}],
    ['guess, large, channels last', [1, 224, 224, 3], {}, null, {}, { range: '-1-1' }],
    ['guess, small, channels last', [1, 64, 64, 3], {}, null, {}, {}],
    ['guess, grey', [1, 1, 28, 28], {}, null, {}, { channels: 'gray' }],
    ['guess, grey and large', [1, 224, 224, 1], {}, null, {}, { channels: 'gray' }],
    ['guess, begins with a rescaling', large, {}, 'rescaling', {}, { range: '0-255' }],
    ['guess, begins with a normalisation', [1, 28, 28, 1], {}, 'normalization', {}, { range: '0-255', channels: 'gray' }],
    ['own metadata', small, own(JSON.stringify(stored)), null, {}, { ...stored, from: 'metadata' }],
    ['own metadata as it is stored', small, own(storePreprocessing(stored)), null, {}, { ...stored, from: 'metadata' }],
    ['own metadata wins over the first operator', large, own('{"range":"-1-1"}'), 'rescaling', {}, { range: '-1-1', from: 'metadata' }],
    ['metadata without a range is still a guess', large, own('{"resize":"pad"}'), null, {}, { ...imagenet, resize: 'pad' }],
    [
      'ONNX image metadata', large, { 'Image.BitmapPixelFormat': 'Bgr8', 'Image.NominalPixelRange': 'NominalRange_0_255' }, null, {},
      { range: '0-255', channels: 'bgr', from: 'metadata' },
    ],
    ['ONNX image metadata, 0 to 1', small, { 'Image.NominalPixelRange': 'Normalized_0_1' }, null, {}, { from: 'metadata' }],
    ['ONNX image metadata, -1 to 1', small, { 'Image.NominalPixelRange': 'Normalized_1_1' }, null, {}, { range: '-1-1', from: 'metadata' }],
    ['ONNX image metadata, unknown words', small, { 'Image.NominalPixelRange': 'NominalRange_16_235' }, null, {}, {}],
    ['ONNX image metadata, the order alone', large, { 'Image.BitmapPixelFormat': 'Bgr8' }, null, {}, { ...imagenet, channels: 'bgr' }],
    ['option resize keeps the source', large, {}, null, { resize: 'pad', interpolation: 'nearest' }, { ...imagenet, resize: 'pad', interpolation: 'nearest' }],
    ['option range drops the guessed mean', large, {}, null, { range: '0-1' }, { from: 'option' }],
    ['option range drops a mean of another range', large, own(JSON.stringify(stored)), null, { range: '0-255' }, { range: '0-255', resize: 'crop', channels: 'bgr', from: 'option' }],
    ['option range keeps a mean of the same range', large, own(JSON.stringify(stored)), null, { range: '0-1' }, { ...stored, from: 'option' }],
    ['option mean drops the guessed range', [1, 224, 224, 3], {}, null, { mean: [0.5, 0.5, 0.5] }, { mean: [0.5, 0.5, 0.5], from: 'option' }],
    ['option std over metadata', large, own(JSON.stringify(stored)), null, { std: [1, 1, 1] }, { ...stored, std: [1, 1, 1], from: 'option' }],
    ['option channels keeps the rest', large, {}, null, { channels: 'bgr' }, { ...imagenet, channels: 'bgr', from: 'option' }],
    ['option mean and std for grey', [1, 1, 28, 28], {}, null, { mean: [0.13], std: [0.31] }, { mean: [0.13], std: [0.31], channels: 'gray', from: 'option' }],
  ];
  for (const [name, shape, metadata, startsWith, options, expected] of cases) {
    it(name, () => {
      assert.deepEqual(resolvePreprocessing({ input: { name: 'x', shape }, metadata, startsWith, options }), { ...guess, ...expected });
    });
  }

  const wrong: [name: string, shape: number[], metadata: Record<string, string>, options: PreprocessingOptions, message: string][] = [
    ['grey for three channels', large, {}, { channels: 'gray' }, 'channels gray do not fit the model: x has 3 channels'],
    ['rgb for one channel', [1, 1, 28, 28], {}, { channels: 'rgb' }, 'channels rgb do not fit the model: x has 1 channel'],
    ['metadata for another model', [1, 1, 28, 28], { 'Image.BitmapPixelFormat': 'Rgb8' }, {}, 'channels rgb do not fit the model: x has 1 channel'],
    ['one mean', large, {}, { mean: [0.5] }, 'mean has 1 value, but x has 3 channels'],
    ['four deviations', large, {}, { std: [1, 1, 1, 1] }, 'std has 4 values, but x has 3 channels'],
    ['deviation 0', large, {}, { std: [1, 0, 1] }, 'std must be above 0: 1, 0, 1'],
    ['mean that is no number', large, {}, { mean: [1, Number.NaN, 1] }, 'mean is not finite: 1, NaN, 1'],
    ['broken metadata', large, own('{'), {}, `the model's metadata ${metadataKey} is not JSON`],
    ['no image', [1, 10], {}, {}, 'the model has no image input: x has shape [1, 10]'],
  ];
  for (const [name, shape, metadata, options, message] of wrong) {
    it(`refuses ${name}`, () => {
      assert.throws(() => resolvePreprocessing({ input: { name: 'x', shape }, metadata, startsWith: null, options }), new UserError(message));
    });
  }

  it('refuses metadata with an unknown word, and names the field', () => {
    const source = { input: { name: 'x', shape: large }, metadata: own('{"range":"0-2"}'), startsWith: null };
    assert.throws(() => resolvePreprocessing(source), (error: unknown) => error instanceof UserError && /cannot be used: range: /.test(error.message));
  });
});
