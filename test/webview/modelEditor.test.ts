import assert from 'node:assert/strict';
import type { PanelState } from '../../src/protocol.ts';
import { modelInfo } from './runs.ts';
import { TestHost } from './webviewPage.ts';
import { webviewPages } from './webviewPages.ts';

describe('model page', function () {
  this.timeout(60_000);
  const { open } = webviewPages({ page: 'modelEditor' });

  it('says what the model is', async () => {
    const page = await open(new TestHost({}));
    await page.getByRole('heading', { name: 'Operators' }).waitFor();
    const text = (await page.locator('main').innerText()).replace(/\u00a0/g, ' ');
    for (const part of ['onnx', '701 kB', '3×96×96', '172,345', '17', 'flatten', 'fc (873 parameters)', 'yes, the head can be retrained', 'logits (a softmax is applied)', '9 classes', 'resize stretch', 'a guess', 'If this guess is wrong', 'BatchNormalization', '/pictures/patches-test']) assert.ok(text.includes(part), part);
  });

  const states: [name: string, state: Partial<PanelState>, words: string][] = [
    ['that cannot be read', { info: null, modelError: 'patches.onnx: the file ends early' }, 'patches.onnx: the file ends early'],
    ['that is being read', { info: null }, 'Reading patches.onnx'],
    ['that cannot be trained', { info: { ...modelInfo, trainable: 'the model ends in a TopK' } }, 'the model ends in a TopK'],
    ['in an untrusted workspace', { trusted: false }, 'This workspace is not trusted'],
    ['without a head or classes', { info: { ...modelInfo, head: null, featureLayer: null, classes: null, output: null, classNames: null, preprocessing: null } }, 'no classes: an embedding or another kind of model'],
    ['whose job failed', { jobError: 'the worker was killed' }, 'the worker was killed'],
  ];
  for (const [name, state, words] of states) {
    it(`says what is the matter of a model ${name}`, async () => {
      const page = await open(new TestHost(state));
      await page.getByText(words).first().waitFor();
    });
  }

  it('starts jobs, opens the gallery and cancels', async () => {
    const host = new TestHost({ runs: [{ run: '/runs/one', kind: 'evaluation', state: 'done', model: 'm', modelSha256: 's', startedAt: '', summary: '' }] });
    const page = await open(host);
    await page.getByRole('button', { name: 'Evaluate' }).click();
    await page.getByRole('button', { name: 'Stabilize' }).click();
    await page.getByRole('button', { name: 'Open Gallery' }).click();
    await host.push({ job: { kind: 'stabilize', model: 'patches.onnx', progress: null, paused: false, finishing: false } });
    await page.getByRole('button', { name: 'Cancel' }).click();
    const done = host.calls.filter(({ method }) => method !== 'ready' && method !== 'layers').map(({ method, params }) => [method, params]);
    assert.deepEqual(done, [['evaluate', undefined], ['stabilize', undefined], ['openPanel', { view: 'gallery' }], ['cancel', undefined]]);
  });
});
