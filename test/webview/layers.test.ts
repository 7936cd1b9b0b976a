import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { inspect } from '../../src/engine/inspect.ts';
import type { LayerInfo, ModelInfo } from '../../src/engine/results.ts';
import { exampleModels } from '../unit/engineHarness.ts';
import { TestHost, THEMES } from './webviewPage.ts';
import { webviewPages } from './webviewPages.ts';

describe('the list of layers in the model page', function () {
  this.timeout(60_000);
  const pages = webviewPages({ page: 'modelEditor' });
  let info: ModelInfo;
  let layers: LayerInfo[];

  before(async () => {
    const { layerList, ...rest } = await inspect({ model: exampleModels.patches, layers: true });
    info = rest;
    layers = layerList!;
  });

  async function open(host: TestHost, theme: (typeof THEMES)[number] = 'dark'): Promise<Page> {
    host.layers = layers;
    const page = await pages.open(host, { theme });
    await page.getByRole('table', { name: 'Layers of the network' }).waitFor();
    return page;
  }
  const rows = (page: Page) => page.getByRole('table', { name: 'Layers of the network' }).locator('tbody tr');
  const last = (): LayerInfo => layers.findLast((layer) => layer.fromEnd === 1)!;

  it('shows layers with weights and the feature layer, all operators on demand, and finds by name', async () => {
    const page = await open(new TestHost({ info }));
    assert.equal(await rows(page).count(), layers.filter((layer) => layer.parameters > 0 || layer.isFeatureLayer).length);
    await page.getByLabel('All operators').check();
    assert.equal(await rows(page).count(), layers.length);
    await page.getByRole('searchbox', { name: 'Find a layer' }).fill('averagepool');
    assert.equal(await rows(page).count(), layers.filter((layer) => /averagepool/i.test(layer.operator + layer.name)).length);
  });

  it('marks the feature layer and the trained part, with shapes and parameters', async () => {
    const page = await open(new TestHost({ info }));
    const feature = layers.find((layer) => layer.isFeatureLayer)!;
    assert.match(await rows(page).filter({ hasText: 'feature layer' }).innerText(), new RegExp(feature.operator));
    const trained = await rows(page).filter({ hasText: '● trained' }).allInnerTexts();
    assert.equal(trained.length, 1);
    for (const part of [last().operator, new Intl.NumberFormat('en').format(last().parameters), String(info.classes)]) assert.ok(trained[0]!.includes(part), part);
  });

  it('asks the host for another feature layer and another part by the keyboard', async () => {
    const host = new TestHost({ info });
    const page = await open(host);
    const second = layers.find((layer) => layer.fromEnd === 2)!;
    await page.getByRole('button', { name: `Train ${second.name} and all layers after it` }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Use ${second.name} as the feature layer` }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Stabilize trains').selectOption('batch-norm');
    assert.deepEqual(host.asked('chooseParts'), [{ train: 'last:2' }, { featureLayer: second.output }, { train: 'batch-norm' }]);
  });

  it('marks what was chosen and goes back to what was found', async () => {
    const host = new TestHost({ info, choices: { featureLayer: null, train: 'last:2' } });
    const page = await open(host);
    const from = layers.findIndex((layer) => layer.fromEnd === 2);
    assert.equal(await rows(page).filter({ hasText: '● trained' }).count(), layers.slice(from).filter((layer) => layer.parameters > 0).length);
    await page.getByRole('button', { name: 'Back to what was found' }).click();
    assert.deepEqual(host.asked('chooseParts'), [{ featureLayer: null, train: null }]);
  });

  for (const theme of THEMES) {
    it(`breaks no rule of accessibility in ${theme}`, async () => {
      const page = await open(new TestHost({ info }), theme);
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), []);
    });
  }
});
