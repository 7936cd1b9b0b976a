import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { evaluate } from '../../src/engine/evaluate.ts';
import { formatOf, readModel } from '../../src/engine/formats/index.ts';
import { fixSize, inputSizeKey, type SizeChoice } from '../../src/engine/inputSize.ts';
import { inspect } from '../../src/engine/inspect.ts';
import { prepareBatch } from '../../src/engine/inference/answers.ts';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { openModel } from '../../src/engine/openModel.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { quiet, temporaryFolder, writeModel, writePictures } from './engineHarness.ts';
import { assertAgree, run, type Result } from './tensorFlowJs/reference.ts';

const fixtures = resolve(import.meta.dirname, '../fixtures/openSizes');
/** Each framework's own answers by file and size, by `make_open_sizes.py`. */
const answers = JSON.parse(readFileSync(join(fixtures, 'answers.json'), 'utf8')) as Record<string, Record<string, number[][]>>;

/** A copy of the fixtures with what is packed unpacked. */
function unpacked(folder: string): string {
  for (const file of readdirSync(fixtures, { recursive: true, encoding: 'utf8' })) {
    if (!/\.\w+$/.test(file)) continue;
    const target = join(folder, file.replace(/\.gz$/, ''));
    mkdirSync(dirname(target), { recursive: true });
    if (file.endsWith('.gz')) writeFileSync(target, gunzipSync(readFileSync(join(fixtures, file))));
    else if (!file.startsWith('variables')) cpSync(join(fixtures, file), target, { recursive: true });
  }
  return folder;
}

function pictures(dims: number[]): { dims: number[]; data: Float32Array } {
  return { dims, data: Float32Array.from({ length: dims.reduce((product, dim) => product * dim) }, (_, index) => Math.sin(index / 7) / 2 + 0.5) };
}

describe('models whose file leaves the pictures\' size open', function () {
  this.timeout(60_000);
  const folder = unpacked(temporaryFolder());
  const shape = (name: string, width: number, height: number): number[] => (name.endsWith('.onnx') ? [2, 3, height, width] : [2, height, width, 3]);

  for (const [name, bySize] of Object.entries(answers)) {
    for (const [size, rows] of Object.entries(bySize)) {
      it(`${name} answers at ${size} as its framework does`, async () => {
        const [width, height] = size.split('x').map(Number) as [number, number];
        const dims = shape(name, width, height);
        const graph = await (await formatOf(join(folder, name))).read(join(folder, name), { width, height });
        assert.deepEqual(graph.inputs[0]!.shape, [-1, ...dims.slice(1)]);
        // An integer's step is 1/256 of a probability.
        const expected: Result[] = [{ dims: [2, 4], data: Float32Array.from(rows.flat()) }];
        assertAgree(await run(graph, [pictures(dims)]), expected, name.startsWith('integers') ? 2 / 256 : 1e-4);
      });
    }

    it(`${name} is inspected at a size that is called a guess, its own shape open`, async () => {
      const guessed = await inspect({ model: join(folder, name) });
      assert.deepEqual(guessed.inputSize, { width: 224, height: 224, from: 'guess' });
      assert.deepEqual(guessed.inputs.map((input) => input.shape), [shape(name, -1, -1).map((dim, axis) => (axis === 0 ? -1 : dim))]);
      assert.deepEqual((await inspect({ model: join(folder, name), inputSize: [20, 14] })).inputSize, { width: 20, height: 14, from: 'option' });
    });
  }

  for (const name of Object.keys(answers).filter((file) => !file.startsWith('integers'))) {
    it(`${name}, stabilized, stays open and keeps the size that it was trained for`, async () => {
      const images = await writePictures(join(folder, `pictures of ${name.replace('/', ' ')}`), Array.from({ length: 20 }, (_, index) => `${index}.png`), 24);
      const output = name === 'graphModel/model.json' ? join(folder, 'new/model.json') : join(folder, `new-${name}`);
      mkdirSync(dirname(output), { recursive: true });
      const options = { model: join(folder, name), images, inputSize: [20, 14] as [number, number], range: '0-1', alpha: 0.1, sigma: 0.04, epochs: 1, output, run: join(folder, 'runs', `stabilize ${name.replace('/', ' ')}`) };
      const result = await stabilize({ ...options, distortions: [{ name: 'jpeg', strength: 50 }] }, quiet());
      assert.deepEqual(result.before.model.inputShape, [1, ...shape(name, 20, 14).slice(1)]);
      const written = await inspect({ model: result.output });
      assert.deepEqual(written.inputSize, { width: 20, height: 14, from: 'metadata' });
      assert.deepEqual(written.inputs[0]!.shape, shape(name, -1, -1).map((dim, axis) => (axis === 0 ? -1 : dim)));
      const other = await (await formatOf(result.output)).read(result.output, { width: 15, height: 11 });
      assert.deepEqual((await run(other, [pictures(shape(name, 15, 11))]))[0]!.dims, [2, 4]);
    });
  }

  it('a run says where the size was a guess, and only there', async () => {
    const images = await writePictures(join(folder, 'pictures'), ['a.png', 'b.png'], 24);
    const options = { model: join(folder, 'traced.onnx'), images, distortions: [{ name: 'jpeg', strength: 50 }] };
    const warning = 'The size of the pictures is a guess, 224×224, because the model leaves it open: give the size that it was trained with (--input-size).';
    assert.ok((await evaluate({ ...options, run: join(folder, 'runs/guess') }, quiet())).warnings.includes(warning));
    const chosen = await evaluate({ ...options, inputSize: [20, 14], run: join(folder, 'runs/chosen') }, quiet());
    assert.ok(!chosen.warnings.some((text) => text.includes('size of the pictures')));
    assert.deepEqual(chosen.model.inputShape, [1, 3, 14, 20]);
  });

  it('an open batch is not needed for an open size', async () => {
    const graph = new GraphBuilder();
    const pooled = graph.op('GlobalAveragePool', [graph.input('x', 'float32', [1, 3, 'h', 'w'])], {}, 'pooled');
    graph.output(graph.op('Flatten', [pooled], {}, 'flat'), 'float32', [1, 3]);
    const model = await openModel({ model: writeModel(join(folder, 'one.onnx'), graph.build()), inputSize: [8, 6] });
    assert.equal((await prepareBatch(model, onnxRuntime, 1)).batch, null);
  });

  it('refuses an option that the file\'s own size contradicts', async () => {
    const model = resolve(import.meta.dirname, '../fixtures/graphModels/plain/model.json');
    await assert.rejects(inspect({ model, inputSize: [32, 16] }), { name: 'UserError', message: `the input size 32×16 does not fit ${model}: its input is image [?, 16, 16, 3], 16×16 pixels` });
    assert.equal((await inspect({ model, inputSize: [16, 16] })).inputSize.from, 'file');
  });

  it('says that the size is a guess where the model cannot be built or run at it', async () => {
    const advice = ' (the size of the pictures is a guess, 224×224: --input-size gives another)';
    cpSync(resolve(import.meta.dirname, '../fixtures/graphModels/plain'), join(folder, 'plain'), { recursive: true });
    const path = join(folder, 'plain/model.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/("shape":\{"shape":\{"dim":\[\{"size":"-1"\},)\{"size":"16"\},\{"size":"16"\}/, '$1{"size":"-1"},{"size":"-1"}'));
    await assert.rejects(readModel(path), { name: 'UserError', message: `${path}: Reshape functional_1/flatten_1/Reshape: its input of [1, 56, 56, 8] does not fit the shape [1, 128]${advice}` });
    assert.equal((await inspect({ model: path, inputSize: [16, 16] })).classes, 5);
    const graph = new GraphBuilder();
    const flat = graph.op('Flatten', [graph.input('x', 'float32', ['n', 3, 'h', 'w'])], {}, 'flat');
    graph.output(graph.op('MatMul', [flat, graph.weight('w', { type: 'float32', dims: [48, 2], data: Float32Array.from({ length: 96 }, (_, index) => Math.cos(index)) })], {}, 'y'), 'float32', ['n', 2]);
    const model = writeModel(join(folder, 'flat.onnx'), graph.build());
    const images = await writePictures(join(folder, 'two pictures'), ['a.png', 'b.png'], 24);
    const refused = evaluate({ model, images, run: join(folder, 'runs/refused') }, quiet());
    await assert.rejects(refused, { name: 'UserError', message: `${model}: MatMul y: Incompatible dimensions for matrix multiplication${advice}` });
    assert.equal((await evaluate({ model, images, inputSize: [4, 4], run: join(folder, 'runs/fits') }, quiet())).images.evaluated, 2);
  });

  const cases: { what: string; shape: number[]; choice: SizeChoice; fixed: number[]; from: string | undefined }[] = [
    { what: 'a fixed size stays', shape: [-1, 3, 32, 48], choice: { asked: { width: 8, height: 9 }, metadata: {} }, fixed: [-1, 3, 32, 48], from: undefined },
    { what: 'an option wins over metadata', shape: [-1, -1, -1, 3], choice: { asked: { width: 8, height: 9 }, metadata: { [inputSizeKey]: '5x6' } }, fixed: [-1, 9, 8, 3], from: 'option' },
    { what: 'metadata win over an example', shape: [1, 1, -1, -1], choice: { metadata: { [inputSizeKey]: '5x6' }, example: [1, 1, 32, 32] }, fixed: [1, 1, 6, 5], from: 'metadata' },
    { what: 'an example wins over a guess', shape: [-1, -1, -1, 3], choice: { metadata: {}, example: [1, 192, 160, 3] }, fixed: [-1, 192, 160, 3], from: 'metadata' },
    { what: 'one pixel is no example', shape: [-1, -1, -1, 3], choice: { metadata: {}, example: [1, 1, 1, 3] }, fixed: [-1, 224, 224, 3], from: 'guess' },
    { what: 'only what is open is filled', shape: [-1, -1, 320, 3], choice: { metadata: {} }, fixed: [-1, 224, 320, 3], from: 'guess' },
    { what: 'open channels are no pictures', shape: [-1, -1, -1, -1], choice: { metadata: {} }, fixed: [-1, -1, -1, -1], from: undefined },
  ];
  for (const { what, shape: given, choice, fixed, from } of cases) {
    it(what, () => {
      const result = fixSize('model', { name: 'x', shape: given }, choice);
      assert.deepEqual(result.shape, fixed);
      assert.equal(result.openSize?.from, from);
    });
  }

  for (const text of ['', '5', '0x5', '5x99999', '5x5x5', 'ax5', '-5x5']) {
    it(`metadata that say "${text}" are refused by one sentence`, () => {
      assert.throws(() => fixSize('model', { name: 'x', shape: [1, 3, -1, -1] }, { metadata: { [inputSizeKey]: text } }), { name: 'UserError', message: `model: the metadata ${inputSizeKey} hold no width and height in pixels` });
    });
  }
});
