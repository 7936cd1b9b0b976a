import assert from 'node:assert/strict';
import { strToU8, zipSync } from 'fflate';
import { Builder } from 'flatbuffers';
import { openModel } from '../../../src/engine/openModel.ts';
import { modelBytes, placed, readFixture, temporaryFolder } from './fixture.ts';

/** TensorFlow Lite's metadata (metadata_schema.fbs): a normalisation of the input, a file of labels for the output. */
function standardMetadata(mean: number[], std: number[], labels: string): Uint8Array {
  const builder = new Builder();
  const floats = (values: number[]): number => {
    builder.startVector(4, values.length, 4);
    for (const value of values.toReversed()) builder.addFloat32(value);
    return builder.endVector();
  };
  const table = (fields: Record<number, number>, bytes: Record<number, number> = {}): number => {
    builder.startObject(10);
    for (const [field, offset] of Object.entries(fields)) builder.addFieldOffset(Number(field), offset, 0);
    for (const [field, value] of Object.entries(bytes)) builder.addFieldInt8(Number(field), value, 0);
    return builder.endObject();
  };
  const list = (entry: number): number => {
    builder.startVector(4, 1, 4);
    builder.addOffset(entry);
    return builder.endVector();
  };
  const unit = table({ 1: table({ 0: floats(mean), 1: floats(std) }) }, { 0: 1 });
  const input = list(table({ 4: list(unit) }));
  const output = list(table({ 6: list(table({ 0: builder.createString(labels) }, { 2: 2 })) }));
  builder.finish(table({ 2: list(table({ 2: input, 3: output })) }), 'M001');
  return builder.asUint8Array();
}

/** A fixture with such metadata in the place of the converter's own, and packed files behind. */
function labelled(metadata: Uint8Array, files: Record<string, Uint8Array>): Uint8Array {
  const original = Buffer.from(modelBytes('small', readFixture('small')));
  const at = Math.ceil(original.length / 16) * 16;
  const bytes = Buffer.concat([original, Buffer.alloc(at - original.length + 4), metadata]);
  bytes.writeUInt32LE(metadata.length, at);
  const follow = (place: number): number => place + bytes.readUInt32LE(place);
  const field = (table: number, index: number): number => table + bytes.readUInt16LE(table - bytes.readInt32LE(table) + 4 + 2 * index);
  const root = bytes.readUInt32LE(0);
  const entry = follow(follow(field(root, 6)) + 4);
  const name = follow(field(entry, 0));
  bytes.write('TFLITE_METADATA\0', name + 4, 'latin1');
  bytes.writeUInt32LE(15, name);
  const buffers = follow(field(root, 4));
  const buffer = follow(buffers + 4 + 4 * bytes.readUInt32LE(field(entry, 1)));
  const data = field(buffer, 0);
  bytes.writeUInt32LE(at - data, data);
  return Buffer.concat([bytes, zipSync(files)]);
}

describe('TFLite models: metadata', () => {
  const folder = temporaryFolder();
  const names = Array.from({ length: 10 }, (_, index) => `class ${index}`);
  const cases: { what: string; mean: number[]; std: number[]; expected: object }[] = [
    { what: 'a usual range', mean: [127.5], std: [127.5], expected: { range: '-1-1', mean: null, std: null, from: 'metadata' } },
    { what: 'nought to one', mean: [0], std: [255], expected: { range: '0-1', mean: null, std: null, from: 'metadata' } },
    { what: 'a mean for each channel', mean: [124, 116, 104], std: [58, 57, 57], expected: { range: '0-255', mean: [124, 116, 104], std: [58, 57, 57], from: 'metadata' } },
  ];
  for (const { what, mean, std, expected } of cases) {
    it(`${what}, and class names from the packed labels`, async () => {
      const path = placed(folder, 'labelled', labelled(standardMetadata(mean, std, 'labels.txt'), { 'labels.txt': strToU8(`${names.join('\n')}\n`) }));
      const { classNames, preprocessing } = await openModel({ model: path });
      assert.deepEqual(classNames, names);
      const { range, from, mean: readMean, std: readStd } = preprocessing;
      assert.deepEqual({ range, mean: readMean, std: readStd, from }, expected);
    });
  }

  it('labels of another number than the answers are left out', async () => {
    const path = placed(folder, 'other', labelled(standardMetadata([0], [255], 'labels.txt'), { 'labels.txt': strToU8('one\ntwo\n') }));
    assert.equal((await openModel({ model: path })).classNames, null);
  });

  it('an input of bytes says its range by its scale', async () => {
    const path = placed(folder, 'digits', modelBytes('digits-int8', readFixture('digits-int8')));
    const { preprocessing } = await openModel({ model: path });
    assert.deepEqual([preprocessing.range, preprocessing.from], ['0-1', 'metadata']);
  });
});
