import assert from 'node:assert/strict';
import { englishSentences, filled, say, type SentenceKey } from '../../src/engine/sentences.ts';
import { germanSentences } from '../../src/translation/sentences.de.ts';
import { translated } from '../../src/translation/translate.ts';

const placesOf = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();

/** Values as they come: shares, counts, lists of distortions, paths. */
const samples: Record<string, string | number> = {
  precision: '10.4 %', chance: '11.1 %', before: '98.2 %', after: '97.0 %', allowed: '0.5 %', moved: '2.5 %', present: '12.0 %', confidence: '41.0 %', presentConfidence: '39.5 %',
  names: 'jpeg 10 (3.0 % → 2.0 %), gaussian-noise 0.04 (1.0 % → 0.5 %)', name: 'range 0-255, bgr', point: 'α = 0.1, σ = 0.04', rate: 0.001, folder: 'cats. And dogs', images: '/pictures/My set',
  a: 'jpeg:50 crop:10', b: 'none', on: 'jpeg:50', value: '0.1234', limit: 0.05,
};
const valuesOf = (text: string): Record<string, string | number> => Object.fromEntries(placesOf(text).map((place) => [place, samples[place] ?? 7]));
const german = (text: string): string => text.replace(/(\d)\.(\d+ %)/g, '$1,$2');

describe('sentences of the engine in another language', () => {
  for (const [key, text] of Object.entries(englishSentences)) {
    it(`${key} has the same places in German`, () => assert.deepEqual(placesOf(germanSentences[key as SentenceKey]), placesOf(text)));

    it(`${key} is known again with its values`, () => {
      const values = valuesOf(text);
      const wanted = filled(germanSentences[key as SentenceKey], Object.fromEntries(Object.entries(values).map(([name, value]) => [name, german(String(value))])));
      assert.equal(translated(filled(text, values), 'de'), wanted);
    });
  }

  it('says a row of sentences one by one, with the decimal sign of the language', () => {
    const reason = [say('clearlyFewer', { names: 'jpeg 10, gaussian-noise 0.04' }), say('moreLabels', { names: 'thumbnail 1000' }), say('precisionSame', { before: '98.2 %', after: '98.0 %' })].join(' ');
    assert.equal(translated(reason, 'de-AT'), 'Deutlich weniger Labels ändern sich bei jpeg 10, gaussian-noise 0.04. Mehr Labels ändern sich bei thumbnail 1000. Die saubere Präzision ist etwa gleich (98,2 % → 98,0 %).');
  });

  it('leaves what it does not know, and languages that it does not speak', () => {
    assert.equal(translated('Nobody wrote this.', 'de'), 'Nobody wrote this.');
    assert.equal(translated(`${say('keep')} Nobody wrote this.`, 'de'), 'Keep it. Nobody wrote this.');
    assert.equal(translated(say('keep'), 'fr'), 'Keep it.');
    assert.equal(translated(say('keep'), 'en'), 'Keep it.');
  });

  it('takes no long time for a text that is nearly a sentence', () => {
    const text = `${say('precisionFalls', { before: '1', after: '2' }).slice(0, -1)} from `.repeat(200);
    const start = performance.now();
    assert.equal(translated(text, 'de'), text);
    assert.ok(performance.now() - start < 2000);
  });
});
