import { create } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formats } from '../../src/engine/formats/index.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { StringStringEntryProtoSchema, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { inspect } from '../../src/engine/inspect.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import type { EvaluateOptions, StabilizeOptions } from '../../src/engine/options.ts';
import { onnxFixtures, tensorFlowJsFixtures } from '../fixtures/fixtures.ts';
import { filesBelow, hashesBelow, hugePicture, quiet, smallModel, temporaryFolder, writeModel, writePictures, writeText } from './engineHarness.ts';

/** What the message of an unknown file ends in. */
const knownFormats = `(${formats.map((format) => format.title).join(', ')})`;

/** What a row may use: its own folder, and pictures that are good. */
interface Place {
  dir: string;
  images: string;
}

const jobs = {
  inspect: (options: EvaluateOptions) => inspect(options),
  evaluate: (options: EvaluateOptions) => evaluate(options, quiet()),
  stabilize: (options: StabilizeOptions) => stabilize({ epochs: 1, alpha: 1, sigma: 0.1, threads: 1, ...options }, quiet()),
};

type Row = [
  input: string,
  job: keyof typeof jobs,
  /** Makes the files, and gives what differs from a good model and good pictures. */
  prepare: (place: Place) => Partial<StabilizeOptions> | Promise<Partial<StabilizeOptions>>,
  /** FOLDER stands for the row's own folder, IMAGES for the good pictures. */
  message: string,
];

const good = ({ dir }: Place, model: ModelProto = smallModel()): string => writeModel(join(dir, 'm.onnx'), model);
const bytesOf = (name: string): Buffer => readFileSync(onnxFixtures().find((fixture) => fixture.name === name)!.file);
const short = (bytes: Buffer, share: number): Buffer => bytes.subarray(0, Math.floor(bytes.length * share));

/** A small model whose convolution's weights are said to lie in another file. */
function external(place: Place, entries: Record<string, string>, content: Uint8Array | null = new Uint8Array(6 * 27 * 4)): Partial<StabilizeOptions> {
  const model = smallModel();
  const weight = model.graph!.initializer.find(({ name }) => name === 'conv.weight')!;
  Object.assign(weight, { rawData: new Uint8Array(), dataLocation: 1, externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })) });
  if (content) writeText(join(place.dir, 'weights.bin'), content);
  return { model: good(place, model) };
}

/** A copy of a TensorFlow.js model, its model.json or its shards changed. */
function tensorFlowJs({ dir }: Place, change: (json: { modelTopology?: unknown; weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[] }) => unknown, shards: (folder: string) => void = () => undefined): Partial<StabilizeOptions> {
  const source = dirname(tensorFlowJsFixtures().find(({ name }) => name === 'sequential')!.file);
  const folder = join(dir, 'tfjs');
  cpSync(source, folder, { recursive: true });
  const changed = change(JSON.parse(readFileSync(join(source, 'model.json'), 'utf8')) as Parameters<typeof change>[0]);
  shards(folder);
  return { model: writeText(join(folder, 'model.json'), typeof changed === 'string' ? changed : JSON.stringify(changed)) };
}

function inputs(...shapes: (number | string)[][]): ModelProto {
  const graph = new GraphBuilder();
  const flat = shapes.map((shape, at) => graph.op('ReduceMean', [graph.input(`input${at + 1}`, 'float32', shape)], { keepdims: 1 }));
  graph.output(flat.length === 1 ? flat[0]! : graph.op('Sum', flat), 'float32', ['batch', 1]);
  return graph.build();
}

const rows: Row[] = [
  ['no such file', 'inspect', ({ dir }) => ({ model: join(dir, 'none.onnx') }), 'no such file: FOLDER/none.onnx'],
  ['a folder', 'inspect', ({ dir }) => ({ model: dir }), 'FOLDER is a folder, not a model file'],
  ['a file below a file', 'inspect', (place) => ({ model: join(good(place), 'x.onnx') }), 'no such file: FOLDER/m.onnx/x.onnx'],
  ['an empty file', 'inspect', ({ dir }) => ({ model: writeText(join(dir, 'm.onnx'), '') }), 'FOLDER/m.onnx is empty'],
  ['a text', 'inspect', ({ dir }) => ({ model: writeText(join(dir, 'm.txt'), 'This is no model.') }), 'FOLDER/m.txt is not a model file that can be opened ' + knownFormats],
  ['a picture called .onnx', 'inspect', async ({ dir }) => ({ model: writeText(join(dir, 'm.onnx'), readFileSync(join(await writePictures(join(dir, 'p'), ['a.png']), 'a.png'))) }), 'FOLDER/m.onnx is not an ONNX model, or it is damaged or cut short'],
  ['random bytes called .onnx', 'inspect', ({ dir }) => ({ model: writeText(join(dir, 'm.onnx'), Uint8Array.from({ length: 5000 }, (_, at) => (at * 7919) % 251)) }), 'FOLDER/m.onnx is not an ONNX model, or it is damaged or cut short'],
  ['half an ONNX file', 'inspect', ({ dir }) => ({ model: writeText(join(dir, 'm.onnx'), short(bytesOf('plain-opset9'), 0.5)) }), 'FOLDER/m.onnx is not an ONNX model, or it is damaged or cut short'],
  ['an ONNX file without its last bytes', 'inspect', ({ dir }) => ({ model: writeText(join(dir, 'm.onnx'), short(bytesOf('plain-opset9'), 0.999)) }), 'FOLDER/m.onnx is not an ONNX model, or it is damaged or cut short'],
  ['one byte of an ONNX file', 'inspect', ({ dir }) => ({ model: writeText(join(dir, 'm.onnx'), short(bytesOf('plain-opset9'), 0.0002)) }), 'FOLDER/m.onnx is not an ONNX model, or it is damaged or cut short'],
  ['a weight that promises 2^60 values', 'inspect', (place) => {
    const model = smallModel();
    model.graph!.initializer[0]!.dims = [2n ** 60n];
    return { model: good(place, model) };
  }, 'FOLDER/m.onnx is damaged: tensor conv.weight has 162 values, its shape [1152921504606846976] wants 1152921504606847000'],
  ['a weight with a size below zero', 'inspect', (place) => {
    const model = smallModel();
    model.graph!.initializer[0]!.dims = [-6n, -27n];
    return { model: good(place, model) };
  }, 'FOLDER/m.onnx is damaged: tensor conv.weight has a size below zero in its shape [-6, -27]'],
  ['an input that promises pictures of 2^40 pixels', 'inspect', (place) => ({ model: good(place, inputs([1, 3, 2 ** 20, 2 ** 20])) }), 'FOLDER/m.onnx has no image input: input1 [1, 3, 1048576, 1048576]'],
  ['an input that promises batches of 2^40 pictures', 'evaluate', (place) => ({ model: good(place, inputs([2 ** 40, 3, 8, 8])) }), 'FOLDER/m.onnx: the input input1 [1099511627776, 3, 8, 8] is larger than can be run'],
  ['an input of whole numbers', 'evaluate', (place) => {
    const graph = new GraphBuilder();
    graph.output(graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.op('Cast', [graph.input('pixels', 'int64', ['batch', 3, 8, 8])], { to: 1 })])]), 'float32', ['batch', 3]);
    return { model: good(place, graph.build()) };
  }, 'FOLDER/m.onnx cannot be run on pictures: its input pixels takes int64, not floating-point pictures'],
  ['an operator of nobody', 'evaluate', () => ({ model: onnxFixtures().find(({ unknown }) => unknown !== null)!.file }), 'FIXTURES/onnx/unknown-operator.onnx: unsupported operator: Swirl of domain com.example at node swirl_1'],
  ['external data above the folder', 'inspect', (place) => external(place, { location: '../weights.bin' }), 'FOLDER/m.onnx: external data of weight conv.weight lies outside the model\'s folder: ../weights.bin'],
  ['external data at an absolute path', 'inspect', (place) => external(place, { location: '/etc/passwd' }), 'FOLDER/m.onnx: external data of weight conv.weight lies outside the model\'s folder: /etc/passwd'],
  ['external data behind a link out of the folder', 'inspect', (place) => {
    symlinkSync('/etc/passwd', join(place.dir, 'link.bin'));
    return external(place, { location: 'link.bin' });
  }, 'FOLDER/m.onnx: external data of weight conv.weight lies outside the model\'s folder: link.bin'],
  ['external data in no file', 'inspect', (place) => external(place, {}), 'FOLDER/m.onnx: external data of weight conv.weight name no file'],
  ['external data that are missing', 'inspect', (place) => external(place, { location: 'weights.bin' }, null), 'FOLDER/m.onnx: the external data file weights.bin is missing'],
  ['external data that are a folder', 'inspect', (place) => {
    mkdirSync(join(place.dir, 'sub'));
    return external(place, { location: 'sub' });
  }, 'FOLDER/m.onnx: the external data file sub is no file'],
  ['external data that are cut short', 'inspect', (place) => external(place, { location: 'weights.bin' }, new Uint8Array(100)), 'FOLDER/m.onnx: the external data file weights.bin is cut short: weight conv.weight ends at 648, the file at 100'],
  ['external data beyond their file', 'inspect', (place) => external(place, { location: 'weights.bin', offset: '1000000' }), 'FOLDER/m.onnx: the external data file weights.bin is cut short: weight conv.weight ends at 1000648, the file at 648'],
  ['external data before their file', 'inspect', (place) => external(place, { location: 'weights.bin', offset: '-4' }), 'FOLDER/m.onnx: external data of weight conv.weight says 648 bytes at -4, its shape wants 648'],
  ['external data of another length', 'inspect', (place) => external(place, { location: 'weights.bin', length: '8' }), 'FOLDER/m.onnx: external data of weight conv.weight says 8 bytes at 0, its shape wants 648'],
  ['a model without an image input', 'inspect', (place) => ({ model: good(place, inputs(['batch', 10])) }), 'FOLDER/m.onnx has no image input: input1 [?, 10]'],
  ['a model for pictures of five channels', 'inspect', (place) => ({ model: good(place, inputs(['batch', 5, 8, 8])) }), 'FOLDER/m.onnx has no image input: input1 [?, 5, 8, 8]'],
  ['a model with two inputs', 'inspect', (place) => ({ model: good(place, inputs(['batch', 3, 8, 8], ['batch', 3, 8, 8])) }), 'FOLDER/m.onnx has 2 inputs (input1, input2); models with one image input can be opened'],
  ['half a model.json', 'inspect', (place) => tensorFlowJs(place, (json) => JSON.stringify(json).slice(0, 500)), 'FOLDER/tfjs/model.json is not JSON, or it is cut short: Unexpected end of JSON input'],
  ['a model.json of something else', 'inspect', ({ dir }) => ({ model: writeText(join(dir, 'model.json'), '{"name": "left-pad", "version": "1.0.0"}') }), 'FOLDER/model.json is not a model file that can be opened ' + knownFormats],
  ['a model.json without weights', 'inspect', (place) => tensorFlowJs(place, ({ modelTopology }) => ({ modelTopology })), 'FOLDER/tfjs/model.json has no weights: its weightsManifest is missing'],
  ['a missing shard', 'inspect', (place) => tensorFlowJs(place, (json) => ({ ...json, weightsManifest: json.weightsManifest.map((group) => ({ ...group, paths: ['none.bin'] })) })), 'FOLDER/tfjs/model.json: the weight file none.bin is missing'],
  ['a short shard', 'inspect', (place) => tensorFlowJs(place, (json) => json, (folder) => filesBelow(folder).filter((file) => file.endsWith('.bin')).forEach((file) => truncateSync(join(folder, file), 10))), 'FOLDER/tfjs/model.json: group1-shard1of4.bin, group1-shard2of4.bin, group1-shard3of4.bin, group1-shard4of4.bin hold 40 bytes, their weights need 3412'],
  ['a shard above the folder', 'inspect', (place) => tensorFlowJs(place, (json) => ({ ...json, weightsManifest: json.weightsManifest.map((group) => ({ ...group, paths: ['../../../etc/passwd'] })) })), 'FOLDER/tfjs/model.json: the weight file lies outside the model\'s folder: ../../../etc/passwd'],
  ['a weight of 10^12 values', 'inspect', (place) => tensorFlowJs(place, (json) => ({ ...json, weightsManifest: json.weightsManifest.map((group) => ({ ...group, weights: group.weights.map((weight, at) => (at === 0 ? { ...weight, shape: [1e6, 1e6] } : weight)) })) })), 'FOLDER/tfjs/model.json: group1-shard1of4.bin, group1-shard2of4.bin, group1-shard3of4.bin, group1-shard4of4.bin hold 3412 bytes, their weights need 4000000002980'],
  ['an unknown layer', 'inspect', () => ({ model: tensorFlowJsFixtures().find(({ unknown }) => unknown !== null)!.file }), 'unsupported layer: Swirl "batch_normalization_BatchNormalization22" in FIXTURES/tfjs/unknown-layer/model.json'],

  ['no such folder of pictures', 'evaluate', ({ dir }) => ({ images: join(dir, 'none') }), 'there is no folder FOLDER/none'],
  ['a file for a folder of pictures', 'evaluate', ({ dir }) => ({ images: writeText(join(dir, 'file.png'), 'x') }), 'FOLDER/file.png is not a folder'],
  ['a folder without pictures', 'evaluate', ({ dir }) => ({ images: dirname(writeText(join(dir, 'notes', 'a.txt'), 'x')) }), 'FOLDER/notes holds no pictures (.jpg .jpeg .jpe .jfif .png .webp .avif .tif .tiff .gif)'],
  ['pictures of which none can be read', 'evaluate', async ({ dir }) => {
    const images = join(dir, 'bad');
    writeText(join(images, 'a.png'), 'x');
    writeText(join(images, 'b.png'), await hugePicture());
    return { images };
  }, 'none of the 2 pictures can be read: a.png: not a picture that can be read'],
  ['pictures of which none can be read', 'stabilize', ({ dir }) => {
    const images = join(dir, 'bad');
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) writeText(join(images, `${name}.png`), `x${name}`);
    return { images };
  }, 'none of the 4 pictures can be read: b.png: not a picture that can be read'],
  ['one class only', 'stabilize', async ({ dir }) => ({ images: await writePictures(join(dir, 'one'), ['cat/1.png', 'cat/2.png', 'cat/3.png']), classNamesFile: writeText(join(dir, 'names.txt'), 'cat\ndog\nfox') }), 'all pictures in FOLDER/one have the class cat: training needs at least two classes'],
  ['too few pictures for a test share', 'stabilize', async ({ dir }) => ({ images: await writePictures(join(dir, 'few'), ['1.png', '2.png']) }), 'a test share of 0.2 leaves no pictures for reporting: there are 2'],
  ['shares that leave nothing', 'stabilize', () => ({ validationShare: 0.6, testShare: 0.5 }), 'a validation share of 0.6 and a test share of 0.5 leave nothing for training'],
  ['a search without a validation share', 'stabilize', () => ({ validationShare: 0, sigma: undefined }), 'without a validation share there is nothing to search with: give --alpha and --sigma'],
  ['more class names than answers', 'evaluate', ({ dir }) => ({ classNamesFile: writeText(join(dir, 'names.txt'), 'a\nb\nc\nd') }), 'FOLDER/names.txt names 4 classes, the model answers with 3'],
  ['no class names', 'evaluate', ({ dir }) => ({ classNamesFile: writeText(join(dir, 'names.txt'), '\n\n') }), 'FOLDER/names.txt holds no class names'],
  ['a missing file of class names', 'evaluate', ({ dir }) => ({ classNamesFile: join(dir, 'none.txt') }), 'there is no file FOLDER/none.txt'],
  ['more class folders than class names', 'evaluate', async ({ dir }) => ({ images: await writePictures(join(dir, 'four'), ['a/1.png', 'b/1.png', 'c/1.png', 'd/1.png']), classNamesFile: writeText(join(dir, 'names.txt'), 'x\ny\nz') }), 'FOLDER/names.txt names 3 classes, but FOLDER/four has 4 class folders, and "a" is none of the names'],
  ['a label beyond the answers', 'evaluate', ({ dir, images }) => ({ labelsFile: writeText(join(dir, 'labels.csv'), `path,label\n${filesBelow(images)[0]!},3`) }), 'FOLDER/labels.csv line 2: class 3 is not from 0 to 2'],
  ['a label for a picture that there is not', 'evaluate', ({ dir }) => ({ labelsFile: writeText(join(dir, 'labels.csv'), 'path,label\nnone.png,1') }), 'FOLDER/labels.csv line 2: there is no picture none.png'],
  ['a missing file of labels', 'evaluate', ({ dir }) => ({ labelsFile: join(dir, 'none.csv') }), 'there is no file FOLDER/none.csv'],
  ['an unknown distortion', 'evaluate', () => ({ distortions: [{ name: 'blurr', strength: 1 }] }), 'unknown distortion: blurr (known: crop, gaussian-noise, jpeg, thumbnail)'],
  ['a strength out of range', 'stabilize', () => ({ distortions: [{ name: 'crop', strength: -1 }] }), 'the strength of crop must be from 0 to 10000, not -1'],
  ['an unknown feature layer', 'evaluate', () => ({ featureLayer: 'layer 9' }), 'unknown feature layer: layer 9'],
  ['channels that do not fit', 'evaluate', () => ({ preprocessing: { channels: 'gray' } }), 'channels gray do not fit the model: pixels has 3 channels'],
  ['a mean of two channels', 'evaluate', () => ({ preprocessing: { mean: [0, 0] } }), 'mean has 2 values, but pixels has 3 channels'],
  ['an unknown part to train', 'stabilize', () => ({ train: 'tail' }), 'unknown part to train: tail (known: head, last:N, batch-norm, all)'],
  ['a part that the model has not', 'stabilize', () => ({ train: 'batch-norm' }), 'FOLDER/m.onnx has no weights to train with --train batch-norm'],
  ['a model whose head cannot be trained', 'stabilize', (place) => ({ model: good(place, inputs(['batch', 3, 8, 8])) }), 'FOLDER/m.onnx cannot be stabilized: no layer with weights lies before the output'],
  ['the output is the original', 'stabilize', ({ dir }) => ({ output: join(dir, 'm.onnx') }), 'the output FOLDER/m.onnx is the original model: choose another name'],
  ['an output of another format', 'stabilize', ({ dir }) => ({ output: join(dir, 'new.json') }), 'the output FOLDER/new.json must end in .onnx, as the original does'],
  ['an output in no folder', 'stabilize', ({ dir }) => ({ output: join(dir, 'none', 'new.onnx') }), 'cannot write FOLDER/none/new.onnx: the folder does not exist'],
  ['an output below a file', 'stabilize', ({ dir }) => ({ output: join(dir, 'm.onnx', 'new.onnx') }), 'cannot write FOLDER/m.onnx/new.onnx: its folder is a file'],
  ['an output that is a folder', 'stabilize', ({ dir }) => {
    mkdirSync(join(dir, 'new.onnx'));
    return { output: join(dir, 'new.onnx') };
  }, 'cannot write FOLDER/new.onnx: it is a folder'],
  ['a run folder below a file', 'evaluate', ({ dir }) => ({ run: join(dir, 'm.onnx', 'run') }), 'cannot write FOLDER/m.onnx/run: its folder is a file'],
  ['metadata that are no JSON', 'inspect', (place) => {
    const model = smallModel();
    model.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'model-stability.classNames', value: 'a,b,c' }));
    return { model: good(place, model) };
  }, 'FOLDER/m.onnx: the metadata model-stability.classNames are no JSON list of names'],
  ['metadata with too many class names', 'inspect', (place) => {
    const model = smallModel();
    model.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'model-stability.classNames', value: '["a","b"]' }));
    return { model: good(place, model) };
  }, 'the metadata of FOLDER/m.onnx names 2 classes, the model answers with 3'],
  ['metadata of a preprocessing that there is not', 'inspect', (place) => {
    const model = smallModel();
    model.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'model-stability.preprocessing', value: '{"range":"0-100"}' }));
    return { model: good(place, model) };
  }, 'the metadata of FOLDER/m.onnx: model-stability.preprocessing cannot be used: range: Invalid type: Expected ("0-1" | "-1-1" | "0-255") but received "0-100"'],
];

describe('wrong input', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let images: string;
  before(async () => (images = await writePictures(join(folder, 'good'), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 6 }, (_, at) => `${label}/${at}.png`)))));

  for (const [index, [input, job, prepare, message]] of rows.entries()) {
    it(`${input} (${job})`, async () => {
      const dir = join(folder, String(index));
      mkdirSync(dir);
      const model = good({ dir, images });
      const options = { model, images, run: join(dir, 'run'), ...(await prepare({ dir, images })) };
      const before = hashesBelow(dir);
      const error = await jobs[job](options).then(() => assert.fail('it was taken'), (thrown: unknown) => thrown as Error);
      assert.equal(error.message.replaceAll(dir, 'FOLDER').replaceAll(images, 'IMAGES').replaceAll(join(import.meta.dirname, '../fixtures'), 'FIXTURES'), message);
      assert.ok(['UserError', 'PictureError'].includes(error.name), `a ${error.name} is no error for a user`);
      assert.equal(error.message.split('\n').length, 1);
      const left = Object.fromEntries(Object.entries(hashesBelow(dir)).filter(([file]) => !file.startsWith('run/')));
      assert.deepEqual(left, before, 'something beside the run was written or changed');
    });
  }
});
