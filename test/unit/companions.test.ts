import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readCompanions, type Companions } from '../../src/engine/companions/index.ts';
import { inspect } from '../../src/engine/inspect.ts';
import type { InspectOptions } from '../../src/engine/options.ts';
import type { ModelInfo, Preprocessing } from '../../src/engine/results.ts';
import { openModel } from '../../src/engine/openModel.ts';
import { smallModel, temporaryFolder, writeModel } from './engineHarness.ts';

/** As google/vit-base-patch16-224 has it. */
const vit = {
  do_normalize: true, do_rescale: true, do_resize: true, image_mean: [0.5, 0.5, 0.5], image_processor_type: 'ViTImageProcessor',
  image_std: [0.5, 0.5, 0.5], resample: 2, rescale_factor: 0.00392156862745098, size: { height: 224, width: 224 },
};
/** As facebook/convnext-tiny-224 has it. */
const convNext = {
  crop_pct: 0.875, do_normalize: true, do_resize: true, feature_extractor_type: 'ConvNextFeatureExtractor',
  image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225], resample: 3, size: 224,
};
/** As openai/clip-vit-base-patch32 has it. */
const clip = {
  crop_size: 224, do_center_crop: true, do_normalize: true, do_resize: true, feature_extractor_type: 'CLIPFeatureExtractor',
  image_mean: [0.48145466, 0.4578275, 0.40821073], image_std: [0.26862954, 0.26130258, 0.27577711], resample: 3, size: { shortest_edge: 256 },
};
const halves = [0.5, 0.5, 0.5];
const square = { width: 224, height: 224 };

interface Case {
  what: string;
  files: Record<string, string>;
  model?: string;
  expected: { [Fact in keyof Companions]: [string, NonNullable<Companions[Fact]>['value']] };
}

const cases: Case[] = [
  { what: 'nothing beside the model', files: {}, expected: {} },
  {
    what: 'a vision transformer of Transformers',
    files: { 'preprocessor_config.json': JSON.stringify(vit), 'config.json': JSON.stringify({ id2label: { 1: 'dog', 0: 'cat' }, hidden_size: 768 }) },
    expected: {
      preprocessing: ['preprocessor_config.json', { range: '0-1', mean: halves, std: halves, interpolation: 'bilinear', resize: 'stretch', channels: 'rgb' }],
      classNames: ['config.json', ['cat', 'dog']], size: ['preprocessor_config.json', square],
    },
  },
  {
    what: 'an older file, whose size is one number and which cuts the longer side',
    files: { 'preprocessor_config.json': JSON.stringify(convNext) },
    expected: {
      preprocessing: ['preprocessor_config.json', { range: '0-1', mean: convNext.image_mean, std: convNext.image_std, interpolation: 'bicubic', resize: 'crop:0.875', channels: 'rgb' }],
      size: ['preprocessor_config.json', square],
    },
  },
  {
    what: 'a size before the cut and one after it',
    files: { 'preprocessor_config.json': JSON.stringify(clip) },
    expected: {
      preprocessing: ['preprocessor_config.json', { range: '0-1', mean: clip.image_mean, std: clip.image_std, interpolation: 'bicubic', resize: 'crop:0.875', channels: 'rgb' }],
      size: ['preprocessor_config.json', square],
    },
  },
  {
    what: 'pixels from −1 to 1, blue first, not normalised',
    files: { 'preprocessor_config.json': JSON.stringify({ do_rescale: true, rescale_factor: 1 / 127.5, rescale_offset: true, do_normalize: false, image_mean: halves, image_std: halves, do_flip_channel_order: true, resample: 0 }) },
    expected: { preprocessing: ['preprocessor_config.json', { range: '-1-1', mean: null, std: null, interpolation: 'nearest', resize: 'stretch', channels: 'bgr' }] },
  },
  {
    what: 'pixels as they are',
    files: { 'preprocessor_config.json': JSON.stringify({ do_rescale: false, do_normalize: true, image_mean: [127, 127, 127], image_std: [128, 128, 128] }) },
    expected: { preprocessing: ['preprocessor_config.json', { range: '0-255', mean: [127, 127, 127], std: [128, 128, 128], resize: 'stretch', channels: 'rgb' }] },
  },
  {
    what: 'the folder above one that is called onnx',
    model: 'onnx/model.onnx',
    files: { 'preprocessor_config.json': JSON.stringify({ ...vit, size: { height: 384, width: 192 } }) },
    expected: {
      preprocessing: ['preprocessor_config.json', { range: '0-1', mean: halves, std: halves, interpolation: 'bilinear', resize: 'stretch', channels: 'rgb' }],
      size: ['preprocessor_config.json', { width: 192, height: 384 }],
    },
  },
  { what: 'the folder above any other is somebody else\'s', model: 'export/model.onnx', files: { 'preprocessor_config.json': JSON.stringify(vit), 'labels.txt': 'a\nb\n' }, expected: {} },
  { what: 'names that Transformers made up', files: { 'config.json': JSON.stringify({ id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } }) }, expected: {} },
  { what: 'a class without a name', files: { 'config.json': JSON.stringify({ id2label: { 0: 'cat', 2: 'dog' } }) }, expected: {} },
  {
    what: 'a network of timm',
    files: { 'config.json': JSON.stringify({ architecture: 'resnet18', label_names: ['n1', 'n2'], pretrained_cfg: { input_size: [3, 160, 128], interpolation: 'bicubic', crop_pct: 0.95, crop_mode: 'center', mean: halves, std: halves } }) },
    expected: {
      preprocessing: ['config.json', { range: '0-1', mean: halves, std: halves, interpolation: 'bicubic', resize: 'crop:0.95', channels: 'rgb' }],
      classNames: ['config.json', ['n1', 'n2']], size: ['config.json', { width: 128, height: 160 }],
    },
  },
  {
    what: 'Teachable Machine', model: 'model.json',
    files: { 'metadata.json': JSON.stringify({ tmVersion: '2.4.5', packageName: '@teachablemachine/image', labels: ['thumb up', 'thumb down'], imageSize: 224 }) },
    expected: { preprocessing: ['metadata.json', { resize: 'crop', range: '-1-1', mean: null, std: null, channels: 'rgb' }], classNames: ['metadata.json', ['thumb up', 'thumb down']] },
  },
  { what: 'metadata.json of another program', files: { 'metadata.json': JSON.stringify({ labels: ['a'] }) }, expected: {} },
  { what: 'a list of names', files: { 'labels.txt': '\uFEFFcat\r\n\r\ndog\r\n' }, expected: { classNames: ['labels.txt', ['cat', 'dog']] } },
  { what: 'a list of names with their numbers', files: { 'labels.txt': '0 cat\n1 dog of the house\n' }, expected: { classNames: ['labels.txt', ['cat', 'dog of the house']] } },
  { what: 'names that begin with other numbers', files: { 'classes.txt': '3 rooms\n4 rooms' }, expected: { classNames: ['classes.txt', ['3 rooms', '4 rooms']] } },
  { what: 'files that are no JSON', files: { 'preprocessor_config.json': '{', 'config.json': '', 'metadata.json': '[]' }, expected: {} },
  { what: 'sizes and means that are none', files: { 'preprocessor_config.json': JSON.stringify({ ...vit, size: { height: -1, width: 1e9 } }) }, expected: {} },
];

describe('files beside a model', () => {
  const folder = temporaryFolder();

  for (const [index, { what, files, model = 'model.onnx', expected }] of cases.entries()) {
    it(what, async () => {
      const place = join(folder, String(index));
      mkdirSync(dirname(join(place, model)), { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
      const found = await readCompanions(join(place, model));
      assert.deepEqual(found, Object.fromEntries(Object.entries(expected).map(([fact, [file, value]]) => [fact, { file, value }])));
    });
  }

  it('a folder of that name, and a file that is larger than any of its kind, are as if they were not there', async () => {
    const place = join(folder, 'odd');
    mkdirSync(join(place, 'config.json'), { recursive: true });
    writeFileSync(join(place, 'labels.txt'), 'x\n'.repeat(5_000_000));
    assert.deepEqual(await readCompanions(join(place, 'model.onnx')), {});
  });

  const beside = { 'preprocessor_config.json': JSON.stringify({ ...vit, size: { height: 8, width: 8 } }), 'labels.txt': 'a\nb\nc\n' };
  const guess: Preprocessing = { resize: 'stretch', interpolation: 'bilinear', range: '0-1', mean: null, std: null, channels: 'rgb', from: 'guess' };
  const said: Preprocessing = { ...guess, mean: halves, std: halves, from: 'metadata', file: 'preprocessor_config.json' };
  const models: { what: string; files?: Record<string, string>; given?: Partial<InspectOptions>; model?: Parameters<typeof smallModel>[0]; expected: Partial<ModelInfo> }[] = [
    { what: 'are taken over', files: beside, expected: { preprocessing: said, classNames: ['a', 'b', 'c'], classNamesFrom: 'labels.txt' } },
    { what: 'give way to options', files: beside, given: { preprocessing: { range: '-1-1' } }, expected: { preprocessing: { ...guess, range: '-1-1', from: 'option' } } },
    { what: 'say nothing of a model with another number of classes', files: beside, model: { classes: 4 }, expected: { preprocessing: said, classNames: null } },
    {
      what: 'say nothing of the colours of grey pictures', files: beside, model: { input: ['batch', 1, 8, 8], channels: 1 },
      expected: { preprocessing: { ...guess, channels: 'gray' }, classNames: ['a', 'b', 'c'] },
    },
    {
      what: 'give the size that the file leaves open', files: beside, model: { input: ['batch', 3, 'height', 'width'] },
      expected: { preprocessing: said, inputSize: { width: 8, height: 8, from: 'metadata' } },
    },
    {
      what: 'are read for a model that leaves its channels open too', files: beside, model: { input: ['batch', 'channels', 'height', 'width'] },
      expected: { preprocessing: said, inputSize: { width: 8, height: 8, from: 'metadata' }, inputs: [{ name: 'pixels', type: 'float32', shape: [-1, -1, -1, -1] }] },
    },
  ];
  for (const [index, { what, files = {}, given, model, expected }] of models.entries()) {
    it(`beside a model of ours ${what}`, async () => {
      const place = join(folder, `model ${index}`);
      mkdirSync(place);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
      const path = writeModel(join(place, 'model.onnx'), smallModel(model));
      const info = await inspect({ model: path, ...given });
      for (const [fact, value] of Object.entries(expected)) assert.deepEqual(info[fact as keyof ModelInfo], value, fact);
    });
  }

  it('the model\'s own metadata and the user\'s file win over those beside it', async () => {
    const place = join(folder, 'own');
    mkdirSync(place);
    for (const [name, text] of Object.entries(beside)) writeFileSync(join(place, name), text);
    const model = smallModel();
    model.metadataProps.push({ $typeName: 'onnx.StringStringEntryProto', key: 'model-stability.preprocessing', value: '{"range":"0-255"}' });
    model.metadataProps.push({ $typeName: 'onnx.StringStringEntryProto', key: 'model-stability.classNames', value: '["x","y","z"]' });
    const path = writeModel(join(place, 'model.onnx'), model);
    const { preprocessing, classNames, classNamesFrom } = await openModel({ model: path });
    assert.deepEqual([preprocessing, classNames, classNamesFrom], [{ ...guess, range: '0-255', from: 'metadata' }, ['x', 'y', 'z'], null]);
    writeFileSync(join(place, 'mine.txt'), 'p\nq\nr\n');
    assert.deepEqual((await openModel({ model: path, classNamesFile: join(place, 'mine.txt') })).classNames, ['p', 'q', 'r']);
  });
});
