import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { keras } from '../../../src/engine/formats/keras.ts';
import { archive, hdf5, temporaryFolder } from './modelFiles.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/keras');

type Json = Record<string, unknown>;
interface LayerEntry {
  class_name: string;
  module: string | null;
  registered_name: string | null;
  name: string;
  config: Json & { name: string };
  inbound_nodes: { args: unknown[]; kwargs: Json }[];
}
interface Config {
  class_name: string;
  config: { layers: LayerEntry[]; input_layers: unknown; output_layers: unknown };
}

const entries = unzipSync(readFileSync(join(fixtures, 'transfer.keras')));
const layer = (config: Config, name: string): LayerEntry => config.config.layers.find((entry) => entry.name === name)!;
const history = (name: string): Json => ({ class_name: '__keras_tensor__', config: { shape: [null], dtype: 'float32', keras_history: [name, 0, 0] } });

/** A change of the description of a good model, and all of the message; FILE stands for the file. */
const descriptions: [name: string, change: (config: Config) => unknown, message: string][] = [
  ['a Lambda', (config) => (layer(config, 'flatten').class_name = 'Lambda'), 'unsupported layer: Lambda "flatten" in FILE: it holds code, and no code of a model is run'],
  ['a class of the author\'s', (config) => Object.assign(layer(config, 'flatten'), { module: 'my_package.layers', class_name: 'Swirl', registered_name: 'Custom>Swirl' }), 'unsupported layer: Swirl "flatten" in FILE: it is a class of the author\'s own, and no code of a model is run'],
  ['a class of the author\'s with a known name', (config) => Object.assign(layer(config, 'flatten'), { module: null, registered_name: 'mine>Flatten' }), 'unsupported layer: Flatten "flatten" in FILE: it is a class of the author\'s own, and no code of a model is run'],
  ['an activation of the author\'s', (config) => (layer(config, 'head').config['activation'] = { module: 'builtins', class_name: 'function', config: 'wave', registered_name: 'function' }), 'unsupported layer: Dense "head" in FILE: its activation is a function of the author\'s own, and no code of a model is run'],
  ['a layer of an unknown class', (config) => (layer(config, 'flatten').class_name = 'LSTM'), 'unsupported layer: LSTM "flatten" in FILE'],
  ['an unknown operation', (config) => Object.assign(layer(config, 'flatten'), { module: 'keras.src.ops.numpy', class_name: 'Einsum' }), 'unsupported layer: ops.Einsum "flatten" in FILE'],
  ['an operation with a wrong operand', (config) => Object.assign(layer(config, 'flatten'), { module: 'keras.src.ops.numpy', class_name: 'Add', inbound_nodes: [{ args: [history('base'), 'three'], kwargs: {} }] }), 'unsupported layer: ops.Add "flatten" in FILE: an operand that is neither a value of the graph nor a number or a list of numbers'],
  ['a slice out of the batch', (config) => Object.assign(layer(config, 'flatten'), { module: 'keras.src.ops.numpy', class_name: 'GetItem', inbound_nodes: [{ args: [history('base'), [{ class_name: '__slice__', config: { start: 1 } }]], kwargs: {} }] }), 'unsupported layer: ops.GetItem "flatten" in FILE: it takes a part of the batch'],
  ['layers in a circle', (config) => (layer(config, 'base').inbound_nodes = [{ args: [history('flatten')], kwargs: {} }]), 'layer Flatten "flatten" in FILE: it reads from itself'],
  ['a layer that reads from nowhere', (config) => (layer(config, 'flatten').inbound_nodes = [{ args: [history('ghost')], kwargs: {} }]), 'FILE has no layer "ghost", which it reads from'],
  ['a model without layers', (config) => (config.config.layers = []), 'layer Functional "transfer" in FILE: it has no layers'],
  ['shapes that do not fit', (config) => (layer(config, 'head').config['units'] = 5), 'layer Dense "head" in FILE: weight head/kernel has the shape [168, 3], it wants [168, 5]'],
  ['a weight that is missing', (config) => Object.assign(layer(config, 'flatten'), { class_name: 'Dense', config: { ...layer(config, 'head').config, name: 'flatten' } }), 'layer Dense "head" in FILE: its kernel is missing from the file (layers/dense_1/vars/0)'],
  ['no class', (config) => (config.class_name = undefined as unknown as string), 'FILE is not a Keras model: its description has no class_name'],
];

const zip = (changed: Record<string, Uint8Array | undefined>): Uint8Array => zipSync(Object.fromEntries(Object.entries({ ...entries, ...changed }).filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined)), { level: 0 });
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A good file, changed byte by byte. */
function changed(name: string, change: (bytes: Buffer) => Buffer | undefined): Uint8Array {
  const bytes = Buffer.from(readFileSync(join(fixtures, name)));
  return change(bytes) ?? bytes;
}

/** Where the directory of an archive begins. */
const directory = (bytes: Buffer): number => bytes.readUInt32LE(bytes.length - 22 + 16);

/** The record after the first one there: that of config.json. */
const nextRecord = (bytes: Buffer): number => bytes.indexOf('PK\x01\x02', directory(bytes) + 4, 'latin1');

/** Writes at every place where some bytes stand. */
function everywhere(bytes: Buffer, wanted: Buffer, write: (at: number) => void): void {
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) write(at);
}

const files: [name: string, file: string, content: () => Uint8Array, message: RegExp][] = [
  ['a text', 'm.keras', () => text('This is no model.'), /^FILE is not a Keras model: it is neither an HDF5 file nor an archive$/],
  ['an archive that is cut short', 'm.keras', () => changed('transfer.keras', (bytes) => bytes.subarray(0, 9000)), /^FILE is damaged or cut short: its directory is missing$/],
  ['an archive of something else', 'm.keras', () => zipSync({ 'cat.png': text('miaow') }), /^FILE is an archive, but not a Keras model: it has no config\.json$/],
  ['an archive without weights', 'm.keras', () => zip({ 'model.weights.h5': undefined }), /^FILE has no model\.weights\.h5: other ways to keep weights cannot be opened$/],
  ['a description that is no JSON', 'm.keras', () => zip({ 'config.json': text('{"class_name": ') }), /^FILE: config\.json is not JSON, or it is cut short: /],
  ['a description that is a list', 'm.keras', () => zip({ 'config.json': text('[]') }), /^FILE is not a Keras model: its description has no class_name$/],
  ['weights that are no HDF5', 'm.keras', () => zip({ 'model.weights.h5': text('weights') }), /^FILE: model\.weights\.h5 is damaged or cut short: it does not begin as an HDF5 file$/],
  ['weights that are cut short', 'm.keras', () => zip({ 'model.weights.h5': entries['model.weights.h5']!.subarray(0, 3000) }), /^FILE: model\.weights\.h5 is damaged or cut short: /],
  ['a zip bomb', 'm.keras', () => changed('transfer.keras', (bytes) => { bytes.writeUInt32LE(2 ** 28 + 1, nextRecord(bytes) + 24); return undefined; }), /^FILE: config\.json has 268435457 bytes; more than 268435456 cannot be opened$/],
  ['an entry that claims to be larger than it can be', 'm.keras', () => changed('transfer.keras', (bytes) => { bytes.writeUInt32LE(2 ** 28, directory(bytes) + 24); return undefined; }), /^FILE is damaged or cut short: metadata\.json claims to unpack \d+ bytes to 268435456$/],
  ['an entry that is larger than it claims', 'm.keras', () => { const bytes = Buffer.from(zipSync({ 'config.json': [text('{"a":1}'.padEnd(5000)), { level: 9 }], 'model.weights.h5': entries['model.weights.h5']! })); bytes.writeUInt32LE(10, directory(bytes) + 24); return bytes; }, /^FILE is damaged or cut short: config\.json cannot be unpacked/],
  ['a wrong checksum', 'm.keras', () => changed('transfer.keras', (bytes) => { bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60); return undefined; }), /^FILE is damaged or cut short: the checksum of metadata\.json is wrong$/],
  ['an entry that stands outside of the archive', 'm.keras', () => changed('transfer.keras', (bytes) => { bytes.writeUInt32LE(2 ** 31, directory(bytes) + 42); return undefined; }), /^FILE is damaged or cut short: it has \d+ bytes, and refers to byte 2147483678$/],
  ['an .h5 that is cut short', 'm.h5', () => changed('transfer.h5', (bytes) => bytes.subarray(0, 9000)), /^FILE is damaged or cut short: it has 9000 bytes, and refers to byte \d+$/],
  ['an .h5 without its names', 'm.h5', () => changed('transfer.h5', (bytes) => { bytes.fill(0, bytes.indexOf('HEAP'), bytes.indexOf('HEAP') + 4); return undefined; }), /^FILE is damaged or cut short: no HEAP stands at byte \d+$/],
  ['a tree that comes back to itself', 'm.h5', () => changed('transfer.h5', (bytes) => { const at = bytes.indexOf('TREE'); bytes.writeUInt8(1, at + 5); bytes.writeBigUInt64LE(BigInt(at), at + 32); return undefined; }), /^FILE is damaged or cut short: the tree at byte \d+ comes back to itself$/],
  // The bias of the head has 3 values: its dataspace of one axis follows, and says 2^40 of them.
  ['a dataset of an absurd size', 'm.h5', () => changed('transfer.h5', (bytes) => { everywhere(bytes, Buffer.from([1, 1, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0]), (at) => { bytes.writeBigUInt64LE(2n ** 40n, at + 8); }); return undefined; }), /^layer Dense "head" in FILE: weight head\/bias has the shape \[1099511627776\], it wants \[3\]$/],
];

describe('Keras: wrong files', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  async function refused(path: string, message: string | RegExp): Promise<void> {
    const before = process.memoryUsage().rss;
    await assert.rejects(keras.read(path), (error: Error) => {
      const found = error.message.replaceAll(path, 'FILE');
      assert.equal(error.name, 'UserError', `${error.name}: ${found}`);
      if (typeof message === 'string') assert.equal(found, message);
      else assert.match(found, message);
      return true;
    });
    assert.ok(process.memoryUsage().rss - before < 600 * 2 ** 20, 'memory');
  }

  for (const [name, change, message] of descriptions) {
    it(name, async () => {
      const config = JSON.parse(new TextDecoder().decode(entries['config.json'])) as Config;
      change(config);
      await refused(archive(join(folder, 'description.keras'), config, entries['model.weights.h5']!), message);
    });
  }

  for (const [name, file, content, message] of files) {
    it(name, async () => {
      const path = join(folder, file);
      writeFileSync(path, content());
      await refused(path, message);
    });
  }

  it('weights without a model', async () => {
    const path = join(folder, 'only.weights.h5');
    writeFileSync(path, entries['model.weights.h5']!);
    await refused(path, 'FILE holds weights without the model that they belong to: save the whole model (model.save)');
  });

  it('an HDF5 file of something else', async () => {
    const path = join(folder, 'data.h5');
    writeFileSync(path, await hdf5(folder, [['measured/values', [2], Float32Array.of(1, 2)]], { title: 'Rain' }));
    await refused(path, 'FILE is an HDF5 file, but not a Keras model: it has no model_config');
  });

  it('a file of more than 2 GiB is not read into memory', async () => {
    const path = join(folder, 'large.h5');
    writeFileSync(path, readFileSync(join(fixtures, 'transfer.h5')));
    const { truncate } = await import('node:fs/promises');
    await truncate(path, 2 ** 31 + 10);
    await refused(path, 'FILE has 2147483658 bytes; a Keras file of more than 2147483647 cannot be opened');
  });
});
