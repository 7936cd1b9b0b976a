import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { tflite } from '../../../src/engine/formats/tflite.ts';
import { modelBytes, placed, readFixture, temporaryFolder } from './fixture.ts';

/** A table of a file while it is damaged: its fields by their number in the schema. */
class Damaged {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get root(): number {
    return this.view.getUint32(0, true);
  }

  /** Where a field of a table lies; 0 where it is absent. */
  field(table: number, field: number): number {
    const vtable = table - this.view.getInt32(table, true);
    const offset = 4 + 2 * field < this.view.getUint16(vtable, true) ? this.view.getUint16(vtable + 4 + 2 * field, true) : 0;
    return offset === 0 ? 0 : table + offset;
  }

  /** Where what a field points to begins. */
  target(table: number, field: number): number {
    const at = this.field(table, field);
    return at + this.view.getUint32(at, true);
  }

  /** A table in a vector of tables. */
  table(table: number, field: number, index = 0): number {
    const at = this.target(table, field) + 4 + 4 * index;
    return at + this.view.getUint32(at, true);
  }

  get graph(): number {
    return this.table(this.root, 2);
  }

  operator(index: number): number {
    return this.table(this.graph, 3, index);
  }

  tensor(index: number): number {
    return this.table(this.graph, 0, index);
  }

  /** The n-th number of a vector of 32-bit integers. */
  number(table: number, field: number, index: number): number {
    return this.view.getInt32(this.target(table, field) + 4 + 4 * index, true);
  }

  setNumber(table: number, field: number, index: number, value: number): void {
    this.view.setInt32(this.target(table, field) + 4 + 4 * index, value, true);
  }
}

interface Wrong {
  what: string;
  /** Damages the file in place, or gives other bytes for it. */
  damage: (file: Damaged) => unknown;
  /** What follows the path in the message. */
  message: RegExp;
}

const notAModel = / is not a TFLite model, or it is damaged or cut short: /;

const wrong: Wrong[] = [
  { what: 'text', damage: () => new TextEncoder().encode('this is no model at all'), message: /: it does not begin with TFL3$/ },
  { what: 'four bytes', damage: () => new Uint8Array(4), message: notAModel },
  { what: 'the first half', damage: ({ bytes }) => bytes.slice(0, bytes.length / 2), message: notAModel },
  { what: 'the identifier alone', damage: ({ bytes }) => bytes.slice(0, 8), message: /: the model lies outside of the file$/ },
  { what: 'a root outside of the file', damage: ({ view }) => view.setUint32(0, 0xfffffff0, true), message: /: the model lies outside of the file$/ },
  { what: 'a vtable outside of the file', damage: (file) => file.view.setInt32(file.root, -0x7fffffff, true), message: /: the model lies outside of the file$/ },
  { what: 'another version of the schema', damage: (file) => file.view.setUint32(file.field(file.root, 0), 4, true), message: /: it has version 4 of the schema; version 3 can be opened$/ },
  { what: 'a graph outside of the file', damage: (file) => file.view.setUint32(file.target(file.root, 2) + 4, 0x7fffffff, true), message: /: subgraph 0 lies outside of the file$/ },
  { what: 'no graph', damage: (file) => file.view.setUint32(file.target(file.root, 2), 0, true), message: /: it holds no graph$/ },
  { what: 'four thousand million tensors', damage: (file) => file.view.setUint32(file.target(file.graph, 0), 0xffffffff, true), message: /: subgraph 0 lies outside of the file$/ },
  { what: 'a tensor that points to itself', damage: (file) => file.view.setUint32(file.target(file.graph, 0) + 4, 0, true), message: notAModel },
  { what: 'a name without an end', damage: (file) => file.view.setUint32(file.target(file.tensor(0), 3), 0x7fffffff, true), message: /: tensor 0 lies outside of the file$/ },
  { what: 'a size below zero', damage: (file) => file.setNumber(file.tensor(1), 0, 0, -5), message: /: tensor .+ has a shape that cannot be: \[-5/ },
  { what: 'a size of thousands of millions', damage: (file) => file.setNumber(file.tensor(0), 0, 3, 0x7fffffff), message: /: tensor .+ has a shape that cannot be/ },
  { what: 'a buffer that is not there', damage: (file) => file.view.setUint32(file.field(file.tensor(1), 2), 9999, true), message: /: buffer 9999 is missing$/ },
  { what: 'a buffer of another size', damage: (file) => file.view.setUint32(file.target(file.table(file.root, 4, file.view.getUint32(file.field(file.tensor(1), 2), true)), 0), 3, true), message: /: tensor .+ has 3 bytes, its shape \[.+\] wants \d+$/ },
  { what: 'an input that is not there', damage: (file) => file.setNumber(file.graph, 1, 0, 9999), message: /: an input of the graph names tensor 9999, the graph has \d+$/ },
  { what: 'an operator of an unknown kind', damage: (file) => file.setNumber(file.operator(0), 1, 0, -7), message: /: operator 0 names tensor -7, the graph has \d+$/ },
  { what: 'operators in a circle', damage: (file) => file.setNumber(file.operator(1), 1, 0, file.number(file.operator(1), 2, 0)), message: /: operator 1, .+: it reads .+, which nothing before it makes$/ },
  { what: 'a shape that does not fit', damage: (file) => file.setNumber(file.tensor(file.number(file.operator(0), 2, 0)), 0, 1, 77), message: /: operator 0, .+: it makes \[.+\], the file says \[1, 77, .+\]$/ },
  { what: 'an output that nothing makes', damage: (file) => file.setNumber(file.operator(0), 2, 0, 0), message: /: (operator \d+, .+: it reads .+, which nothing before it makes|operator 0, .+: it makes .+)$/ },
  { what: 'an operator without a name', damage: (file) => file.view.setInt8(file.field(file.table(file.root, 1), 0), 31), message: /: operator \d+, .+: this operator cannot be opened$/ },
  {
    what: 'a custom operator of TensorFlow',
    damage: (file) => {
      file.view.setInt8(file.field(file.table(file.root, 1), 0), 32);
      const builtin = file.field(file.table(file.root, 1), 3);
      if (builtin !== 0) file.view.setInt32(builtin, 32, true);
    },
    message: /: operator 0, .*: custom operators cannot be opened: they are code of their own$/,
  },
];

describe('TFLite models: wrong files', () => {
  const folder = temporaryFolder();
  for (const { what, damage, message } of wrong) {
    it(`${what}: a sentence that names the file`, async () => {
      const bytes = modelBytes('poolings', readFixture('poolings'));
      const other = damage(new Damaged(bytes));
      const path = placed(folder, 'wrong', other instanceof Uint8Array ? other : bytes);
      await assert.rejects(tflite.read(path), (error: Error) => {
        assert.equal(error.name, 'UserError', error.stack);
        assert.ok(error.message.startsWith(path), error.message);
        assert.match(error.message.slice(path.length), message);
        return true;
      });
    });
  }

  it('many tensors in one place of the file: refused at once', async () => {
    // Every entry of a long vector of tensors points to one table with a long shape: read one by one they would take hours.
    const count = 200_000;
    const bytes = new Uint8Array(16 * count);
    bytes.set(modelBytes('poolings', readFixture('poolings')));
    const file = new Damaged(bytes);
    const vector = 8 * count;
    const longShape = 12 * count;
    const pointer = file.field(file.graph, 0);
    const tensor = file.tensor(0);
    file.view.setUint32(file.field(tensor, 0), longShape - file.field(tensor, 0), true);
    file.view.setUint32(longShape, count - 10, true);
    file.view.setUint32(vector, count, true);
    for (let index = 0; index < count; index++) file.view.setUint32(vector + 4 + 4 * index, (tensor - vector - 4 - 4 * index) >>> 0, true);
    file.view.setUint32(pointer, vector - pointer, true);
    await assert.rejects(tflite.read(placed(folder, 'shared', bytes)), { name: 'UserError', message: /lies outside of the file|has a shape that cannot be|its tables lie on one another/ });
  });

  it('an archive behind the model that is damaged says nothing', async () => {
    const bytes = Buffer.concat([modelBytes('poolings', readFixture('poolings')), Buffer.from('PK\x05\x06'), Buffer.alloc(18, 0xff)]);
    assert.deepEqual((await tflite.read(placed(folder, 'archive', bytes))).metadata, {});
  });

  it('an empty file', async () => {
    writeFileSync(join(folder, 'empty.tflite'), '');
    await assert.rejects(tflite.read(join(folder, 'empty.tflite')), { name: 'UserError', message: notAModel });
  });
});
