import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { Sequence } from '../../src/engine/results.ts';
import { clipCurves } from '../../src/engine/runs/sequenceView.ts';
import { makeSequence, SequenceHost } from './sequenceHost.ts';
import { THEMES, WebviewBrowser } from './webviewPage.ts';

const sentence = async (page: Page): Promise<string> => (await page.locator('.sequence-sentence').innerText()).replace(/\s+/g, ' ');
/** The number of the frame that is looked at, from 1. */
const frameOf = async (page: Page): Promise<number> => Number(/Frame (\d+) of 40/.exec(await sentence(page))?.[1]);

describe('the view of video frames', function () {
  this.timeout(120_000);
  let browser: WebviewBrowser;
  let made: { run: string; result: Sequence };
  before(async () => {
    made = await makeSequence();
    browser = await WebviewBrowser.start();
  });
  after(async () => {
    rmSync(path.dirname(made.run), { recursive: true, force: true });
    await browser.stop();
  });

  async function open(host = new SequenceHost(made)): Promise<{ page: Page; host: SequenceHost; faults: () => Promise<string[]> }> {
    const opened = await browser.open(host);
    await opened.page.locator('.sequence-two img').nth(1).waitFor();
    return { ...opened, host };
  }

  it('says in words how often labels flip, and opens the clip with most flips at its first', async () => {
    const { page, faults } = await open();
    const { count, of, value } = made.result.labelInstability;
    const verdict = (await page.locator('.verdict').innerText()).replace(/\u00a0/g, ' ');
    assert.equal(verdict, `The label changes between ${(100 * value).toFixed(1)} % of neighbouring frames (${count} of ${of}).`);
    const most = Math.max(...made.result.clips.map(({ flips }) => flips));
    const clip = made.result.clips.findIndex(({ flips }) => flips === most);
    assert.equal(await page.getByLabel('Clip').inputValue(), String(clip));
    const { flips } = await clipCurves({ run: made.run, clip });
    assert.equal(await frameOf(page), flips[0]! + 1);
    assert.match(await sentence(page), /Label changed from \w+ 0\.\d\d to \w+ 0\.\d\d\./);
    assert.equal(await page.locator('.mark').count(), flips.length);
    assert.deepEqual(await faults(), []);
  });

  it('steps from flip to flip by keys, through all clips and back', async () => {
    const { page } = await open();
    const wanted: string[] = [];
    for (const [index, { name }] of made.result.clips.entries()) for (const flip of (await clipCurves({ run: made.run, clip: index })).flips) wanted.push(`${name} ${flip + 1}`);
    const place = async (): Promise<string> => `${made.result.clips[Number(await page.getByLabel('Clip').inputValue())]!.name} ${await frameOf(page)}`;
    const start = wanted.indexOf(await place());
    await page.locator('#view').getByRole('button', { name: 'Next Flip' }).focus();
    for (let at = start + 1; at < wanted.length; at++) {
      await page.keyboard.press('n');
      await page.locator('.sequence-two figcaption b').nth(1).getByText(`frame ${wanted[at]!.split(' ')[1]!}`, { exact: true }).waitFor();
      assert.equal(await place(), wanted[at]);
    }
    await page.keyboard.press('p');
    await page.locator('.sequence-two figcaption b').nth(1).getByText(`frame ${wanted.at(-2)!.split(' ')[1]!}`, { exact: true }).waitFor();
    assert.equal(await place(), wanted.at(-2));
  });

  it('goes to a frame by slider, strip, arrow keys and a click into the chart, and keeps the place', async () => {
    const { page } = await open();
    await page.getByRole('slider', { name: 'Frame' }).fill('20');
    assert.equal(await frameOf(page), 21);
    await page.locator('.sequence-strip button').last().click();
    assert.equal(await frameOf(page), 25);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await frameOf(page), 24);
    const box = (await page.locator('.plot').boundingBox())!;
    await page.mouse.click(box.x + 1, box.y + 20);
    assert.equal(await frameOf(page), 1);
    await page.getByText('There is no frame before this one.').waitFor();
    await page.getByLabel('Clip').selectOption({ index: 5 });
    await page.getByRole('slider', { name: 'Frame' }).fill('7');
    await page.reload();
    await page.locator('.sequence-two img').nth(1).waitFor();
    assert.deepEqual([await page.getByLabel('Clip').inputValue(), await frameOf(page)], ['5', 8]);
  });

  it('names pictures for a screen reader, and chart and flips in words', async () => {
    const { page } = await open();
    assert.match(await page.locator('.sequence-two img').nth(1).getAttribute('alt') ?? '', /^\w+\/\d{3}\.png: \w+ 0\.\d\d$/);
    assert.match(await page.locator('.plot').getAttribute('aria-label') ?? '', /^Probabilities of acanthus \(\d+ frames\), .* over time, 5 flips marked$/);
    assert.ok(await page.locator('.sequence-flip .hidden', { hasText: 'label changes' }).count() > 0);
  });

  it('asks for a page of frames and a few pictures, not for all', async () => {
    const { host } = await open();
    assert.ok(host.asked('framePicture').length <= 12, String(host.asked('framePicture').length));
    assert.ok(host.asked('frames').length <= 3);
  });

  it('shows of a long clip the stretch around the frame', async () => {
    const host = new SequenceHost(made);
    const long = { ...made.result.clips[0]!, name: 'long', frames: 1000 };
    host.state = { ...host.state, result: { ...made.result, clips: [long] } };
    const answer = host.answer.bind(host);
    const curve = Array.from({ length: 1000 }, (_, frame) => frame / 1000);
    host.answer = async (request) => (request.method === 'clipCurves'
      ? { id: request.id, ok: true, result: { probabilities: long.classes.map(() => curve), flips: [10, 500, 620, 621, 990] } } : await answer(request));
    const { page } = await browser.open(host);
    const ends = page.locator('.line-chart .ends-of-axis span');
    await ends.first().getByText('frame 1', { exact: true }).waitFor();
    assert.deepEqual([await ends.allInnerTexts(), await page.locator('.mark').count()], [['frame 1', 'frame 240'], 1]);
    await page.getByRole('button', { name: 'Next Flip' }).click();
    await ends.first().getByText('frame 381', { exact: true }).waitFor();
    assert.deepEqual([await ends.allInnerTexts(), await page.locator('.mark').count()], [['frame 381', 'frame 620'], 1]);
    await page.getByRole('slider', { name: 'Frame' }).fill('999');
    assert.deepEqual([await ends.allInnerTexts(), await page.locator('.mark').count()], [['frame 761', 'frame 1,000'], 1]);
  });

  it('is started from the model’s page, as the search for the preprocessing is', async () => {
    const host = new SequenceHost(made);
    const { page } = await browser.open(host, { page: 'modelEditor' });
    await page.getByRole('button', { name: 'Choose Frames…' }).click();
    await page.getByRole('button', { name: 'Find…' }).click();
    assert.deepEqual(host.calls.map(({ method }) => method).filter((method) => method === 'evaluateFrames' || method === 'findPreprocessing'), ['evaluateFrames', 'findPreprocessing']);
  });

  it('says what failed', async () => {
    const host = new SequenceHost(made);
    host.failures.set('clipCurves', 'its frames.curves is missing or damaged');
    const { page } = await browser.open(host);
    await page.getByRole('alert').getByText('its frames.curves is missing or damaged').waitFor();
  });

  for (const theme of THEMES) {
    it(`axe finds nothing serious, ${theme}`, async () => {
      const { page, faults } = await browser.open(new SequenceHost(made), { theme });
      await page.locator('.sequence-two img').nth(1).waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`)), []);
      assert.deepEqual(await faults(), []);
      await page.context().close();
    });
  }
});
