import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hostStrings } from '../../scripts/l10nKeys.ts';
import { german } from '../../webview-ui/strings.de.ts';
import { english } from '../../webview-ui/strings.en.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): Record<string, string> => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Record<string, string>;
const manifest = readFileSync(path.join(root, 'package.json'), 'utf8');

/** `{0}`, `{1}` … of a sentence, sorted: a translation that loses one loses a figure. */
const places = (text: string): string[] => (text.match(/\{\d+\}/g) ?? []).sort();
/** Commands that a text offers as links. */
const links = (text: string): string[] => (text.match(/\(command:[^)]*\)/g) ?? []).sort();

describe('translations', () => {
  it('into German has every sentence of the extension host, and no other', () => {
    assert.deepEqual(Object.keys(read('l10n/bundle.l10n.de.json')).sort(), hostStrings());
  });

  it('into German keeps the places of every sentence', () => {
    for (const [english, german] of Object.entries(read('l10n/bundle.l10n.de.json'))) {
      assert.ok(german.length > 0, english);
      assert.deepEqual(places(german), places(english), english);
    }
  });

  it('of the manifest have the keys that it names, in both languages', () => {
    const named = [...new Set([...manifest.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key!))].sort();
    for (const file of ['package.nls.json', 'package.nls.de.json']) assert.deepEqual(Object.keys(read(file)).sort(), named, file);
  });

  it('of the manifest keep their links', () => {
    const german = read('package.nls.de.json');
    for (const [key, english] of Object.entries(read('package.nls.json'))) assert.deepEqual(links(german[key]!), links(english), key);
  });

  it('are made of all that the manifest says to a user', () => {
    const { contributes } = JSON.parse(manifest) as { contributes: { commands: { title: string }[]; configuration: { properties: Record<string, { markdownDescription: string }> } } };
    const plain = [...contributes.commands.map(({ title }) => title), ...Object.values(contributes.configuration.properties).map((property) => property.markdownDescription)].filter((text) => !/^%[\w.]+%$/.test(text));
    assert.deepEqual(plain, []);
  });
});

/** The paths of all sentences of a table. */
function sentences(table: object, path_ = ''): string[] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? sentences(value, `${path_}${key}.`) : [`${path_}${key}`]);
}

describe('the webviews in German', () => {
  it('have every sentence', () => {
    const [own, wanted] = [sentences(german), sentences(english)];
    assert.deepEqual({ missing: wanted.filter((key) => !own.includes(key)), unknown: own.filter((key) => !wanted.includes(key)) }, { missing: [], unknown: [] });
  });
});
