import assert from 'node:assert/strict';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { decodePicture } from '../../src/engine/pictures/decode.ts';
import { sharp } from '../../src/engine/pictures/sharp.ts';

describe('picture threads', () => {
  it('leave the list of formats alone while they start: it is the whole process\'s, and a picture that is being read would fail', async () => {
    const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } }).png().toBuffer();
    // A mark on the list: a thread that makes the list anew would wipe it out.
    sharp.block({ operation: ['VipsForeignLoadPng'] });
    try {
      const file = resolve(__dirname, '../../src/engine/pictures/sharp.ts');
      const thread = new Worker(`require('tsx/cjs/api').register(); require(${JSON.stringify(file)});`, { eval: true, execArgv: [] });
      const [code] = (await once(thread, 'exit')) as [number];
      assert.equal(code, 0);
      await assert.rejects(decodePicture(png), { name: 'PictureError' });
    } finally {
      sharp.unblock({ operation: ['VipsForeignLoadPng'] });
    }
    assert.equal((await decodePicture(png)).width, 2);
  });
});
