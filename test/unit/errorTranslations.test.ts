import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errorTexts, type ErrorText } from '../../scripts/errorTexts.ts';
import { readConfig } from '../../src/engine/config.ts';
import { readModel } from '../../src/engine/formats/index.ts';
import { filled } from '../../src/engine/sentences.ts';
import { errorTables, translatedError } from '../../src/translation/errors.ts';

const tables = errorTables['de']!;
const german = new Map(tables.flatMap((table) => Object.entries(table)));

/** The places of a text in their order; those that touch, together: only their values tell them apart. */
const places = (text: string): string[] => (text.match(/(\{\d+\})+/g) ?? []).sort();

/** Names come without a space, and programs for other interpreters in several lines; the rest is said to a user. */
const isSaid = ({ text }: ErrorText): boolean => /\S \S|^ | $/.test(text) && !text.includes('\n');

/** A message of the engine, and what a German reads: by hand, from the sources of the engine. */
const messages: [english: string, german: string][] = [
  ['there is no run in /runs/1', 'In /runs/1 ist kein Lauf'],
  ['cannot write /m/new.onnx: the disk is full', '/m/new.onnx lässt sich nicht schreiben: Der Datenträger ist voll'],
  ['/m/a.tflite: operator 3, CONV_2D of y/z: its weights w of 3×3 do not fit 4 channels', '/m/a.tflite: Operator 3, CONV_2D von y/z: Die Gewichte w von 3×3 passen nicht zu 4 Kanälen'],
  ['/m/a.tflite: operator 3, CUSTOM: it has 0 outputs', '/m/a.tflite: Operator 3, CUSTOM: hat 0 Ausgaben'],
  ['/m/a.tflite: tensor x has a scale of 0; a computed value has one above 0', '/m/a.tflite: Tensor x hat eine Skala von 0; ein berechneter Wert hat eine Skala über 0'],
  ['unsupported operator: Foo of domain com.x at node n', 'nicht unterstützter Operator: Foo der Domäne com.x am Knoten n'],
  ['unsupported operator: Foo', 'nicht unterstützter Operator: Foo'],
  ['unsupported operator: BatchNormalization bn 1 has statistics for each place (spatial = 0)', 'nicht unterstützter Operator: BatchNormalization bn 1 hat Statistiken für jede Stelle (spatial = 0)'],
  ['unsupported layer: Lambda "l" in /m/a.keras: it holds code, and no code of a model is run', 'nicht unterstützte Schicht: Lambda „l“ in /m/a.keras: enthält Code, und Code eines Modells wird nicht ausgeführt'],
  ['layer Conv2D "c" in /m/a.keras: strides is "a", expected 2 whole numbers of at least 1', 'Schicht Conv2D „c“ in /m/a.keras: strides ist "a", erwartet: 2 ganze Zahlen von mindestens 1'],
  ['/m/a.h5 uses the filter 32001; save the model again with Keras', '/m/a.h5 benutzt den Filter 32001; speichern Sie das Modell mit Keras neu'],
  ['the run 1 failed: it was cut short: its process is gone', 'Der Lauf 1 scheiterte: Der Lauf wurde unterbrochen: Sein Prozess ist weg'],
  ['the run in /r is of video frames, which cannot be resumed', 'Der Lauf in /r ist einer von Videobildern, was sich nicht fortsetzen lässt'],
  ['none of the 12 pictures can be read: C:\\p\\a: b.jpg: the picture is cut short', 'Keines der 12 Bilder lässt sich lesen: C:\\p\\a: b.jpg: Das Bild ist abgeschnitten'],
  ['/m/a.onnx cannot be stabilized: the last layer is Relu r, which has no weights', '/m/a.onnx lässt sich nicht stabilisieren: Die letzte Schicht ist Relu r, und die hat keine Gewichte'],
  ['/m/a.onnx: Concat c: axes (2) differ (the size of the pictures is a guess, 224×224: --input-size gives another)', '/m/a.onnx: Concat c: axes (2) differ (Die Größe der Bilder ist geraten, 224×224: --input-size gibt eine andere an)'],
  ['the worker ended unexpectedly (exit code 7)', 'Der Arbeitsprozess endete unerwartet (Rückgabewert 7)'],
];

describe('errors of the engine in German', function () {
  this.timeout(120_000);
  let texts: ErrorText[];

  before(() => {
    texts = errorTexts();
  });

  it('has every text that can be part of an error, and no other', () => {
    const inSource = new Set(texts.map(({ text }) => text));
    assert.deepEqual({
      missing: texts.filter((each) => isSaid(each) && !german.has(each.text)).map(({ at, text }) => `${at} ${text}`),
      unknown: [...german.keys()].filter((text) => !inSource.has(text)),
    }, { missing: [], unknown: [] });
  });

  it('has no text in two tables', () => assert.equal(german.size, tables.reduce((sum, table) => sum + Object.keys(table).length, 0)));

  it('keeps the places of every text', () => {
    for (const [text, translation] of german) assert.deepEqual(places(translation), places(text), text);
  });

  it('knows every text again with its values', () => {
    for (const [text, translation] of german) {
      // What is added to another text is known where it stands behind one.
      if (text.startsWith(' ')) continue;
      const values = Object.fromEntries(places(text).flatMap((group) => [...group.matchAll(/\d+/g)]).map(([place], index) => [place, `/x${index}`]));
      assert.equal(translatedError(filled(text, values), 'de'), filled(translation, values));
    }
  });

  for (const [message, wanted] of messages) it(`says “${message}”`, () => assert.equal(translatedError(message, 'de-AT'), wanted));

  it('says what a damaged file is refused with', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'errors-'));
    try {
      const cases: [name: string, content: string | Uint8Array, wanted: (file: string) => string][] = [
        ['empty.onnx', '', (file) => `${file} ist leer`],
        ['cut.onnx', new Uint8Array([8, 7, 18]), (file) => `${file} ist kein ONNX-Modell, oder beschädigt oder abgeschnitten`],
        ['model.json', '{"modelTopology": {"class_name": "Sequential", "config": {"layers": []}}}', (file) => `Schicht Sequential „sequential“ in ${file}: hat keine Schichten`],
      ];
      for (const [name, content, wanted] of cases) {
        const file = path.join(folder, name);
        writeFileSync(file, content);
        await assert.rejects(readModel(file), (error: Error) => {
          assert.equal(translatedError(error.message, 'de'), wanted(file));
          return true;
        });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says what libraries refuse', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'errors-'));
    const file = path.join(folder, 'model-stability.json');
    try {
      const cases: [content: string, wanted: string][] = [
        ['{"seed": "a"}', `${file}: seed: Ungültig: Erwartet ist number, angegeben ist "a"`],
        ['{"seed": 1.5}', `${file}: seed: Ungültig: 1.5`],
        ['{"validationShare": 7}', `${file}: validationShare: Ungültig: Erwartet ist <1, angegeben ist 7`],
        ['{', `Die Konfiguration ${file} lässt sich nicht lesen: Erwartet: property name or '}' in JSON an Position 1`],
        ['', `Die Konfiguration ${file} lässt sich nicht lesen: Der JSON-Text endet zu früh`],
        ['no', `Die Konfiguration ${file} lässt sich nicht lesen: Unerwartetes Zeichen 'o', "no" ist kein gültiges JSON`],
      ];
      for (const [content, wanted] of cases) {
        writeFileSync(file, content);
        await assert.rejects(readConfig(file), (error: Error) => {
          assert.equal(translatedError(error.message, 'de').slice(0, wanted.length), wanted);
          return true;
        });
      }
      await assert.rejects(readConfig(folder), (error: Error) => {
        assert.match(translatedError(error.message, 'de'), /EISDIR: Das ist ein Ordner, read$/);
        return true;
      });
      await assert.rejects(readConfig(path.join(folder, 'none')), (error: Error) => {
        assert.match(translatedError(error.message, 'de'), /ENOENT: Das gibt es nicht, open /);
        return true;
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('leaves what it does not know, and languages that it does not speak', () => {
    for (const message of ['Nobody wrote this: at all.', 'a set of pictures', '']) assert.equal(translatedError(message, 'de'), message);
    for (const language of ['en', 'en-US', 'fr']) assert.equal(translatedError('it is a folder', language), 'it is a folder');
  });

  it('takes no long time for a text made to be read in many ways', () => {
    const start = performance.now();
    for (const part of ['a: ', 'the run ', 'x has x has no x: x ', 'its input of x does not fit the shape ', 'unsupported operator: x at node x of domain y', ' at node x of domain y', 'a (is (the ', '{0} is {1}, expected ']) {
      const text = part.repeat(4000 / part.length);
      assert.equal(typeof translatedError(text, 'de'), 'string');
      assert.equal(translatedError(`${text}${text}`, 'de'), `${text}${text}`);
    }
    assert.ok(performance.now() - start < 10_000);
  });
});
