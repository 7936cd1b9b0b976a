import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { PairPicturesQuery, PairsQuery, PanelState, RunListItem } from '../../src/protocol.ts';
import { comparison, DISTORTIONS, evaluation, GeneratedPairs, stabilization } from './runs.ts';
import { TestHost } from './webviewPage.ts';
import { webviewPages } from './webviewPages.ts';

const RUN = '/runs/one';
const item = (run: string, kind: RunListItem['kind']): RunListItem => ({ run, kind, state: 'done', model: '/models/patches.onnx', modelSha256: '4be1', startedAt: '2026-11-22T10:52:00Z', summary: '32.9 % at gaussian-noise 0.04' });
const runs = [item(RUN, 'evaluation'), item('/runs/two', 'stabilization')];
const evaluated: Partial<PanelState> = { runs, run: RUN, result: evaluation(720) };
const stabilized: Partial<PanelState> = { runs, run: '/runs/two', result: stabilization('/runs/two', 720) };
const plain = (text: string): string => text.replace(/\u00a0/g, ' ');
/** What the tests read of an element; the page's own types are not those of this process. */
interface PageElement {
  style: { getPropertyValue(name: string): string };
  getBoundingClientRect(): { width: number };
  querySelectorAll(selector: string): Iterable<{ getBoundingClientRect(): { x: number; width: number } }>;
}

describe('views of a run', function () {
  this.timeout(60_000);
  const { open } = webviewPages();
  /** The query of the page that was asked for last, without its range. */
  const lastQuery = (host: TestHost): Partial<PairsQuery> => {
    const { start, end, ...query } = (host.asked('pairs') as PairsQuery[]).at(-1)!;
    assert.ok(end > start);
    return query;
  };

  describe('the overview', () => {
    const strengths = evaluation(720).distortions.flatMap((result) => [1, 2, 3].map((times) => ({ ...result, strength: result.strength * times, pixelDifference: { mean: times, median: times, p95: times } })));

    it('has a cell for each distortion and strength, which says the whole of it', async () => {
      const page = await open(new TestHost({ ...evaluated, result: { ...evaluation(720), distortions: strengths } }));
      const map = page.getByRole('grid', { name: 'Label instability for each distortion and strength' });
      assert.equal(await map.getByRole('row').count(), 4);
      assert.equal(await map.getByRole('gridcell').count(), 12);
      const cell = map.getByRole('gridcell').first();
      assert.match(plain((await cell.getAttribute('aria-label'))!), /^jpeg 50, re-encoded as JPEG at quality 50\. 7\.4 % of labels change \(95 % interval 5\.7–9\.5 %; 53 of 720 pictures\)\. Features move by 0\.154/);
      await cell.hover();
      assert.match(plain(await page.locator('.readout').innerText()), /^jpeg 50, re-encoded/);
    });

    it('is walked by arrow keys; Enter opens the changed pairs of a cell', async () => {
      const host = new TestHost({ ...evaluated, result: { ...evaluation(720), distortions: strengths } }, new GeneratedPairs(2880));
      const page = await open(host);
      await page.getByRole('gridcell').first().focus();
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowLeft']) await page.keyboard.press(key);
      assert.match(plain(await page.locator('.readout').innerText()), /^thumbnail 2000/);
      await page.keyboard.press('Enter');
      await page.getByText('No pair passes the filter').waitFor();
      assert.deepEqual(lastQuery(host), { run: RUN, sort: 'featureDistance', distortion: { name: 'thumbnail', strength: 2000 }, changed: true });
    });

    it('shows another measure, and opens all pairs of its cells', async () => {
      const host = new TestHost(evaluated, new GeneratedPairs(2880));
      const page = await open(host);
      await page.getByRole('radio', { name: 'Feature distance' }).check();
      const map = page.getByRole('grid', { name: 'Feature distance for each distortion and strength' });
      assert.equal(await map.locator('.value').first().innerText(), '0.154');
      await map.getByRole('gridcell').nth(2).click();
      await page.locator('.grid .row img').first().waitFor();
      assert.deepEqual(lastQuery(host), { run: RUN, sort: 'featureDistance', distortion: { name: 'crop', strength: 10 } });
    });

    it('says what features do where a model has no classes', async () => {
      const made = evaluation(720);
      const embedding = { ...made, clean: null, instability: null, distortions: made.distortions.map((result) => ({ ...result, labelInstability: null, klDivergence: null, jsDivergence: null, precisionAt1: null, precisionAt5: null })) };
      const page = await open(new TestHost({ ...evaluated, result: embedding }));
      await page.getByText('Features move most at').waitFor();
      assert.equal(await page.getByRole('radio').count(), 0);
      assert.equal(await page.getByRole('grid', { name: 'Feature distance for each distortion and strength' }).getByRole('gridcell').count(), 4);
    });
  });

  describe('the gallery', () => {
    const onGallery: Partial<PanelState> = { ...stabilized, view: 'gallery' };
    const openGallery = async (host: TestHost, size = {}): Promise<Page> => {
      const page = await open(host, size);
      await page.locator('.grid .row img').first().waitFor();
      return page;
    };

    it('asks for a class, a file name and what is newly stable, and forgets all of it', async () => {
      const host = new TestHost(onGallery, new GeneratedPairs(2880));
      const page = await openGallery(host);
      await page.locator('select[name=source]').selectOption({ label: 'stabilized' });
      await page.locator('select[name=against]').selectOption({ label: 'newly stable since control' });
      await page.locator('input[name=label]').fill('acanthus-mollis');
      await page.locator('input[name=label]').press('Enter');
      await page.locator('select[name=labelAs]').selectOption('b');
      await page.locator('input[name=search]').fill('0012');
      await page.locator('.grid .row img').first().waitFor();
      assert.deepEqual(lastQuery(host), { run: '/runs/two/after', sort: 'featureDistance', label: { name: 'acanthus-mollis', as: 'b' }, search: '0012', against: { run: '/runs/two/control', newly: 'stable' } });
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await page.locator('.grid .row img').first().waitFor();
      assert.deepEqual(lastQuery(host), { run: '/runs/two/after', sort: 'featureDistance' });
    });

    it('says in words what a picture shows to who does not see it', async () => {
      const page = await openGallery(new TestHost(onGallery, new GeneratedPairs(2880)));
      await page.locator('select[name=changed]').selectOption('changed');
      await page.locator('.grid .row .badge.changed').first().waitFor();
      assert.match((await page.locator('.grid .row').first().getAttribute('aria-label'))!, /^Pair 1: .+\.png, .+, label changed from [\w-]+ 0\.\d\d to [\w-]+ 0\.\d\d, feature distance 1\.\d+$/);
    });

    it('lays pairs out as tiles, walked in both directions', async () => {
      const page = await openGallery(new TestHost(onGallery, new GeneratedPairs(2880)), { width: 1100 });
      await page.getByRole('button', { name: 'Tiles' }).click();
      await page.locator('.tile img').first().waitFor();
      const perLine = Number(await page.locator('.grid').getAttribute('aria-colcount'));
      assert.equal(perLine, 4);
      assert.equal(await page.locator('.grid').getAttribute('aria-rowcount'), '720');
      await page.locator('.grid').focus();
      for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowLeft']) await page.keyboard.press(key);
      assert.equal(await page.locator('.grid').getAttribute('aria-activedescendant'), 'row-8');
      await page.keyboard.press('End');
      await page.locator('#row-2879 img').first().waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Pair 2,880 of 2,880' }).waitFor();
    });

    describe('with a pair opened large', () => {
      let host: TestHost;
      let page: Page;
      beforeEach(async () => {
        host = new TestHost(onGallery, new GeneratedPairs(2880));
        page = await openGallery(host);
        await page.locator('.grid').focus();
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').locator('img').nth(2).waitFor();
      });
      const widths = (): Promise<number[]> => page.locator('model-stability-pair-stage .stage').evaluate((stage: PageElement) => [...stage.querySelectorAll('img')].map((image) => image.getBoundingClientRect().width));
      const isOne = (values: number[]): boolean => Math.max(...values) - Math.min(...values) < 1;
      const places = (): Promise<number[]> => page.locator('model-stability-pair-stage .stage').evaluate((stage: PageElement) => [...stage.querySelectorAll('img')].map((image) => image.getBoundingClientRect().x));

      it('zooms and moves all three pictures together, by keys and by the wheel', async () => {
        const [first] = await widths();
        await page.keyboard.press('+');
        await page.keyboard.press('+');
        const zoomed = await widths();
        assert.ok(isOne(zoomed), zoomed.join(' '));
        assert.ok(Math.abs(zoomed[0]! / first! - 2.25) < 0.02, `${String(zoomed[0])} of ${String(first)}`);
        const before = await places();
        await page.keyboard.press('Shift+ArrowRight');
        const moved = (await places()).map((place, index) => place - before[index]!);
        assert.ok(moved[0]! < 0 && isOne(moved), moved.join(' '));
        await page.keyboard.press('0');
        assert.ok(isOne([first!, ...await widths()]));
        await page.locator('.surface').nth(1).hover();
        await page.mouse.wheel(0, -100);
        await page.waitForFunction('true');
        assert.ok((await widths()).every((width) => width > first! * 1.15));
        assert.equal(await page.getByRole('heading', { name: 'Pair 1 of 2,880' }).count(), 1);
      });

      it('swipes, lays B over A, and turns from one to the other', async () => {
        await page.keyboard.press('2');
        await page.getByRole('slider', { name: 'Divider' }).fill('20');
        assert.equal(await page.locator('model-stability-pair-stage').evaluate((stage: PageElement) => stage.style.getPropertyValue('--mix')), '20%');
        await page.keyboard.press('Escape');
        await page.locator('.grid:focus, [role=grid]:focus').waitFor();
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: 'Onion skin' }).click();
        await page.getByRole('slider', { name: 'Opacity of B' }).waitFor();
        await page.getByRole('button', { name: 'Blink', exact: true }).click();
        // The test's browser asks for reduced motion: nothing moves by itself.
        await page.locator('.over.gone').waitFor({ state: 'attached' });
        await page.keyboard.press('b');
        await page.locator('.over:not(.gone)').waitFor();
        assert.equal(await page.locator('.corner').innerText(), 'B');
      });

      it('amplifies the difference by the slider, whose arrow keys stay its own', async () => {
        const slider = page.getByRole('slider', { name: 'Difference' });
        await slider.focus();
        await page.keyboard.press('ArrowRight');
        await page.getByText('|A − B| × 16').first().waitFor();
        assert.equal((host.asked('pairPictures') as PairPicturesQuery[]).at(-1)!.amplification, 16);
        await page.getByRole('heading', { name: 'Pair 1 of 2,880' }).waitFor();
      });

      it('reveals the file, copies its path and saves the pair', async () => {
        const { image, distortion, strength, line } = new GeneratedPairs(2880).page({ run: '', sort: 'featureDistance', start: 0, end: 1 }).rows[0]!;
        await page.getByRole('button', { name: 'Reveal in Explorer' }).click();
        await page.getByRole('button', { name: 'Copy Path' }).click();
        await page.getByText('Path copied.').waitFor();
        await page.getByRole('button', { name: 'Save Pair as PNG…' }).click();
        await page.getByText('Pair saved.').waitFor();
        assert.deepEqual(host.asked('revealFile'), [{ path: `/pictures/patches-test/${image}` }]);
        assert.deepEqual(host.asked('copyText'), [{ text: `/pictures/patches-test/${image}` }]);
        assert.deepEqual(host.asked('savePair'), [{ run: '/runs/two/before', line, amplification: 8, name: `${image.split('/')[1]!.replace('.png', '')}-${distortion}-${strength}.png` }]);
      });
    });
  });

  describe('the distances', () => {
    const onDistances: Partial<PanelState> = { ...stabilized, view: 'distances' };

    it('say what a threshold finds, which moves by keys and by dragging', async () => {
      const page = await open(new TestHost(onDistances, new GeneratedPairs(2880)));
      const slider = page.getByRole('slider', { name: 'Threshold' });
      await slider.waitFor();
      const recall = async (): Promise<number> => Number(/recall ([\d.]+)/.exec(plain(await page.locator('.found').first().innerText()))?.[1]);
      const atFirst = await recall();
      await slider.focus();
      for (let press = 0; press < 10; press++) await page.keyboard.press('ArrowRight');
      const later = await recall();
      assert.ok(later > atFirst, `${later} after ${atFirst}`);
      await page.getByRole('button', { name: 'Back to the best threshold' }).click();
      assert.equal(await recall(), atFirst);
      await page.getByText('tells them apart best').waitFor();
      await slider.focus();
      for (let press = 0; press < 10; press++) await page.keyboard.press('ArrowRight');
      const chart = (await page.locator('.chart').first().boundingBox())!;
      const [value, max] = await Promise.all([slider.inputValue(), slider.getAttribute('max')]);
      const x = chart.x + Number(value) / Number(max) * chart.width;
      await page.mouse.move(x, chart.y + 40);
      await page.mouse.down();
      await page.mouse.move(chart.x + chart.width * 0.9, chart.y + 40, { steps: 4 });
      await page.mouse.up();
      assert.ok(await recall() > later);
      assert.ok(Number(await slider.inputValue()) / Number(max) > 0.85);
    });

    it('open the pairs of a range that is dragged over a chart or typed', async () => {
      const host = new TestHost(onDistances, new GeneratedPairs(2880));
      const page = await open(host);
      const chart = page.locator('.chart').nth(1);
      const box = (await chart.boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.5, box.y + 30);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.75, box.y + 30, { steps: 3 });
      await page.mouse.up();
      await page.getByRole('spinbutton', { name: 'to' }).fill('0.9');
      await page.getByRole('spinbutton', { name: 'to' }).press('Enter');
      await page.getByRole('button', { name: /^Open [\d,]+ pairs?, stabilized$/ }).click();
      await page.locator('.grid .row img').first().waitFor();
      const { distance, run } = lastQuery(host);
      assert.equal(run, '/runs/two/after');
      assert.equal(distance!.to, 0.9);
      assert.ok(distance!.from > 0.5 && distance!.from < 0.9, String(distance!.from));
      await page.getByRole('button', { name: 'Do not filter by distance' }).click();
      await page.locator('.grid .row img').first().waitFor();
      assert.equal(lastQuery(host).distance, undefined);
    });

    it('have their recall at a given precision beside them, run by run', async () => {
      const page = await open(new TestHost(onDistances, new GeneratedPairs(2880)));
      const rows = page.locator('model-stability-distances table tbody tr');
      await rows.first().waitFor();
      // Control and stabilized have the same distances here, and are drawn as one.
      assert.equal(await rows.count(), DISTORTIONS.length * 2);
      assert.match(plain(await rows.nth(1).innerText()), /control = stabilized\s+92\.0 % below 0\.310\s+not reached/);
    });

    it('say what went wrong', async () => {
      const host = new TestHost(onDistances);
      host.failures.set('distances', 'the run in /runs/two/before has no pairs.jsonl');
      const page = await open(host);
      await page.getByRole('alert').getByText('has no pairs.jsonl').waitFor();
      host.failures.clear();
      await page.getByRole('button', { name: 'Try Again' }).click();
      await page.getByRole('slider', { name: 'Threshold' }).waitFor();
    });
  });

  describe('the comparison', () => {
    it('opens what is newly broken since before', async () => {
      const host = new TestHost({ ...stabilized, view: 'compare' }, new GeneratedPairs(2880));
      const page = await open(host);
      await page.getByRole('button', { name: 'Open the 20 newly broken pairs of gaussian-noise 0.04 in the gallery' }).click();
      await page.locator('.grid .row img').first().waitFor();
      assert.deepEqual(lastQuery(host), { run: '/runs/two/after', sort: 'featureDistance', distortion: { name: 'gaussian-noise', strength: 0.04 }, against: { run: '/runs/two/before', newly: 'broken' } });
    });

    it('names models as the rest of the program does where all their files are called the same', async () => {
      const two = comparison(evaluation(720), evaluation(720), { a: RUN, b: '/runs/other' }, 'No label changes more or less.');
      const named = { ...two, a: { ...two.a, model: '/models/patches-tfjs/model.json' }, b: { ...two.b, model: 'C:\\models\\flowers\\saved_model.pb' } };
      const page = await open(new TestHost({ runs, run: RUN, result: evaluation(720), comparison: named, view: 'compare' }, new GeneratedPairs(2880)));
      await page.locator('.legend').waitFor();
      assert.deepEqual((await page.locator('.legend span').allInnerTexts()).map(plain), ['A: patches-tfjs/model.json (one)', 'B: flowers (other)']);
    });

    it('warns where the runs were made differently, and opens pairs of either beside the other', async () => {
      const result = stabilization('/runs/two', 720);
      const two = { ...comparison(result.before, result.after, { a: RUN, b: '/runs/other' }, 'B changes fewer labels than A.'), differences: ['The seed differs: 0 and 1.'] };
      const host = new TestHost({ runs, run: RUN, result: evaluation(720), comparison: two, view: 'compare' }, new GeneratedPairs(2880));
      const page = await open(host);
      await page.getByRole('note').getByText('The seed differs: 0 and 1.').waitFor();
      await page.getByRole('button', { name: /^Open the \d+ newly stable pairs of jpeg 50/ }).click();
      await page.locator('.grid .row img').first().waitFor();
      assert.deepEqual(lastQuery(host), { run: '/runs/other', sort: 'featureDistance', distortion: { name: 'jpeg', strength: 50 }, against: { run: RUN, newly: 'stable' } });
    });
  });
});
