import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { inspect } from '../../../src/engine/inspect.ts';
import { formatOf, readModel } from '../../../src/engine/formats/index.ts';
import { savedModel } from '../../../src/engine/formats/savedModel.ts';
import { VariableBundle } from '../../../src/engine/formats/savedModel/bundle.ts';
import { maskedCrc32c } from '../../../src/engine/formats/savedModel/crc32c.ts';
import { readSavedModel } from '../../../src/engine/formats/savedModel/read.ts';
import { checkOutput, outputPath } from '../../../src/engine/training/outputPath.ts';
import { assertAgree, run, temporaryFolder, type Result } from '../tensorFlowJs/reference.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/savedModels');
/** TensorFlow's own answers, by `make_saved_models.py`. */
const answers = JSON.parse(readFileSync(join(fixtures, 'answers.json'), 'utf8')) as Record<string, number[][]>;

const dims = [3, 16, 16, 3];
const pictures = [{ dims, data: Float32Array.from({ length: 3 * 16 * 16 * 3 }, (_, index) => Math.sin(index / 7) / 2 + 0.5) }];
const expected = (rows: number[][]): Result[] => [{ dims: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat()) }];

/** Unpacks a fixture; returns its folder. */
function unpacked(folder: string, name: string, as = name): string {
  const target = join(folder, as);
  for (const file of readdirSync(join(fixtures, name), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.gz')) continue;
    const path = join(target, file.slice(0, -3));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gunzipSync(readFileSync(join(fixtures, name, file))));
  }
  return target;
}

const contents = (folder: string): Record<string, string> => Object.fromEntries(readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort().flatMap((file) => {
  try {
    return [[file, readFileSync(join(folder, file)).toString('base64')]];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return [];
    throw error;
  }
}));

describe('SavedModel folders', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const names = readdirSync(fixtures).filter((name) => !name.includes('.')).sort();

  it('has fixtures', () => assert.deepEqual(names, Object.keys(answers).sort()));

  for (const name of names) {
    it(`${name}: answers as TensorFlow does, by its folder and by its file`, async () => {
      const path = unpacked(folder, name);
      assert.equal((await formatOf(path)).name, 'tensorflow-savedmodel');
      const graph = await readModel(path);
      assert.equal(graph.path, join(path, 'saved_model.pb'));
      assertAgree(await run(graph, pictures), expected(answers[name]!));
      assertAgree(await run(await readModel(graph.path), pictures), expected(answers[name]!));
      if (name !== 'frozen') assert.deepEqual(graph.files.map((file) => basename(file)), ['saved_model.pb', 'variables.index', 'variables.data-00000-of-00001']);
    });
  }

  for (const name of names.filter((other) => other !== 'frozen')) {
    it(`${name}: what was changed is read back, nothing else moved, and the original is as it was`, async () => {
      const path = unpacked(folder, name, `${name}-original`);
      const before = contents(path);
      const graph = await readModel(path);
      const weights = [...graph.origins.keys()];
      assert.ok(weights.length >= 4, weights.join(', '));
      const changed = new Map(weights.slice(-2).map((weight) => [weight, Float32Array.from(graph.constant(weight)!.data as Float32Array, (value, index) => value + Math.cos(index) / 10)]));
      const output = await outputPath(graph, undefined, 'stabilized');
      assert.equal(output, join(`${path}.stabilized`, 'saved_model.pb'));
      assert.equal((await savedModel.write(graph, changed, { 'model-stability.note': 'x' }, output))[0], output);
      assert.deepEqual(contents(path), before);
      const again = await readModel(output);
      for (const weight of weights) assert.deepEqual(again.constant(weight)!.data, changed.get(weight) ?? graph.constant(weight)!.data, weight);
      assert.equal(again.metadata['model-stability.note'], 'x');
      const after = contents(`${path}.stabilized`);
      assert.equal(after['saved_model.pb'], before['saved_model.pb']);
      // Keras' export holds each variable twice, for the two ways in which TensorFlow loads it.
      const moved = [...Buffer.from(after['variables/variables.data-00000-of-00001']!, 'base64')].filter((byte, place) => byte !== Buffer.from(before['variables/variables.data-00000-of-00001']!, 'base64')[place]).length;
      assert.ok(moved <= [...changed.values()].reduce((sum, values) => sum + 8 * values.length, 0), `${moved} bytes of the variables differ`);
      // The next result takes the next name.
      assert.equal(await outputPath(graph, undefined, 'stabilized'), join(`${path}.stabilized-2`, 'saved_model.pb'));
      assert.deepEqual(readdirSync(folder).filter((entry) => entry.endsWith('.tmp')), []);
    });
  }

  it('changes both copies of a variable in what Keras exports', async () => {
    const path = unpacked(folder, 'keras', 'copies');
    const { copies } = await readSavedModel(path);
    assert.equal(copies.size, 14);
    const model = await readModel(path);
    const [bias, { key: own }] = [...model.origins].find(([, { shape }]) => shape.join() === '5')!;
    const other = copies.get(own)!;
    assert.notEqual(other, own);
    await savedModel.write(model, new Map([[bias, Float32Array.of(1, 2, 3, 4, 5)]]), {}, join(folder, 'copies-changed', 'saved_model.pb'));
    const bundle = await VariableBundle.open(join(folder, 'copies-changed', 'variables'));
    const bytes = (key: string): Buffer => {
      const place = bundle.entries.get(key)!;
      return readFileSync(bundle.dataFile(place)).subarray(Number(place.entry.offset), Number(place.entry.offset) + Number(place.entry.size));
    };
    for (const key of [own, other]) {
      assert.deepEqual(new Float32Array(Uint8Array.from(bytes(key)).buffer), Float32Array.of(1, 2, 3, 4, 5), key);
      assert.equal(bundle.entries.get(key)!.entry.crc32c, maskedCrc32c(bytes(key)), key);
    }
  });

  it('inspect says what it is', async () => {
    const report = await inspect({ model: unpacked(folder, 'keras', 'inspected') });
    assert.equal(report.format, 'tensorflow-savedmodel');
    assert.equal(report.classes, 5);
    assert.equal(report.trainable, true);
    assert.deepEqual(report.inputs.map(({ shape }) => shape), [[-1, 16, 16, 3]]);
  });

  it('inspect says what to do where the weights are constants', async () => {
    const report = await inspect({ model: unpacked(folder, 'frozen', 'constants') });
    assert.equal(report.trainable, 'its weights are constants of the graph, which cannot be exchanged: export the model to Keras or ONNX and stabilize that');
  });

  it('the checksum is that of RFC 3720, masked as LevelDB masks it', () => {
    // RFC 3720, B.4: 32 bytes of zeros have 0x8a9136aa.
    const crc = 0x8a9136aa;
    assert.equal(maskedCrc32c(new Uint8Array(32)), (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  });

  it('a new folder is never laid over another, nor over the original', async () => {
    const path = unpacked(folder, 'module', 'kept');
    const graph = await readModel(path);
    await assert.rejects(checkOutput(graph, path), { name: 'UserError', message: `the output ${path} is the original model: choose another name` });
    mkdirSync(join(folder, 'taken'));
    await assert.rejects(checkOutput(graph, join(folder, 'taken')), { name: 'UserError', message: `cannot write ${join(folder, 'taken')}: it is there already; choose the name of a new folder` });
    await checkOutput(graph, join(folder, 'new'));
    assert.equal(await outputPath(graph, join(folder, 'new'), 'stabilized'), join(folder, 'new', 'saved_model.pb'));
    assert.equal(await outputPath(graph, join(folder, 'new'), 'rejected'), join(folder, 'new.rejected', 'saved_model.pb'));
    await assert.rejects(savedModel.write(graph, new Map(), {}, graph.path), { name: 'UserError', message: `cannot write ${path}: it is the model itself` });
  });

  it('leaves nothing behind where it cannot write', async () => {
    const path = unpacked(folder, 'module', 'unwritten');
    const graph = await readModel(path);
    await assert.rejects(savedModel.write(graph, new Map([['nobody', new Float32Array(1)]]), {}, join(folder, 'half', 'saved_model.pb')), /has no weight nobody/);
    assert.equal(existsSync(join(folder, 'half')), false);
    assert.deepEqual(readdirSync(folder).filter((entry) => entry.endsWith('.tmp')), []);
    if (process.getuid?.() === 0) return;
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    await assert.rejects(savedModel.write(graph, new Map(), {}, join(closed, 'new', 'saved_model.pb')), { name: 'UserError' });
  });

  const index = join('variables', 'variables.index');
  const data = join('variables', 'variables.data-00000-of-00001');
  const change = (file: string, alter: (bytes: Buffer) => Uint8Array) => (path: string): void => writeFileSync(join(path, file), alter(readFileSync(join(path, file))));
  const wrong: { what: string; alter: (path: string) => void; message: RegExp }[] = [
    { what: 'a graph that is cut short', alter: change('saved_model.pb', (bytes) => bytes.subarray(0, 5000)), message: /^FILE\/saved_model\.pb is no SavedModel, or it is damaged: / },
    { what: 'garbage', alter: change('saved_model.pb', () => Buffer.from('not a model at all')), message: /^FILE\/saved_model\.pb is no SavedModel/ },
    { what: 'an empty file', alter: change('saved_model.pb', () => Buffer.alloc(0)), message: /^FILE\/saved_model\.pb is no SavedModel: it holds no graph$/ },
    { what: 'missing variables', alter: (path) => rmSync(join(path, 'variables'), { recursive: true }), message: /^FILE\/saved_model\.pb: VarHandleOp \S+: the file holds no values of this variable$/ },
    { what: 'missing data', alter: (path) => rmSync(join(path, data)), message: /^cannot read FILE\/variables\/variables\.data-00000-of-00001: ENOENT/ },
    { what: 'an index that is no table', alter: change(index, (bytes) => bytes.subarray(0, bytes.length - 1)), message: /^FILE\/variables\/variables\.index: it is no table of variables, or cut short$/ },
    { what: 'an index with a wrong byte', alter: change(index, (bytes) => (bytes.writeUInt8(bytes[20]! ^ 255, 20), bytes)), message: /^FILE\/variables\/variables\.index: a checksum in it is wrong$/ },
    { what: 'an index whose blocks lie outside', alter: change(index, (bytes) => bytes.fill(255, bytes.length - 48, bytes.length - 30)), message: /^FILE\/variables\/variables\.index: (its footer is damaged|a block lies outside of it)$/ },
    { what: 'data that is cut short', alter: change(data, (bytes) => bytes.subarray(0, 100)), message: /^FILE\/variables\/variables\.data-00000-of-00001: the variable \S+ lies outside of it$/ },
    { what: 'data with a wrong byte', alter: change(data, (bytes) => bytes.map((byte, place) => (place < 100 ? byte ^ 1 : byte))), message: /^FILE\/variables\/variables\.data-00000-of-00001: the checksum of the variable \S+ is wrong: the file is damaged$/ },
  ];
  for (const { what, alter, message } of wrong) {
    it(`refuses ${what} by one sentence`, async () => {
      const path = unpacked(folder, 'module', `wrong-${what.replaceAll(' ', '-')}`);
      alter(path);
      await assert.rejects(readModel(path), (error: Error) => {
        assert.equal(error.name, 'UserError', error.stack);
        assert.match(error.message.replaceAll(path, 'FILE'), message);
        return true;
      });
    });
  }
});
