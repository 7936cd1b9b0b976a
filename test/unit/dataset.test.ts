import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileHash, openDataset, splitDataset, type DatasetOptions, type Split } from '../../src/engine/dataset.ts';
import { UserError } from '../../src/engine/job.ts';

describe('dataset', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'dataset-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** Files below `images/` with their own path as content, which a data set does not look at. */
  async function images(paths: string[]): Promise<string> {
    const root = join(folder, 'images');
    await mkdir(root, { recursive: true });
    for (const path of paths) await file(join('images', path), path);
    return root;
  }

  async function file(path: string, content: string): Promise<string> {
    const absolute = join(folder, path);
    await mkdir(dirname(absolute), { recursive: true });
    await writeFile(absolute, content);
    return absolute;
  }

  const open = async (paths: string[], options: Partial<DatasetOptions> = {}) => openDataset({ images: await images(paths), seed: 0, ...options });
  const digits = ['0', '1', '2', '9', '10'].map((name) => `${name}/a.png`);

  type Layout = [
    name: string, paths: string[], options: Partial<DatasetOptions>, labels: Record<string, number | null>, classNames: string[] | null,
    from: 'folders' | null,
  ];
  const layouts: Layout[] = [
    ['a plain folder', ['b.png', 'a.JPG', 'note.txt'], {}, { 'a.JPG': null, 'b.png': null }, null, null],
    ['every ending, and no other', ['a.jpeg', 'b.webp', 'c.avif', 'd.TIFF', 'e.gif', 'f.bmp.txt', 'g'], {}, { 'a.jpeg': null, 'b.webp': null, 'c.avif': null, 'd.TIFF': null, 'e.gif': null }, null, null],
    ['class folders', ['cat/1.png', 'cat/2.png', 'ant/1.png'], {}, { 'ant/1.png': 0, 'cat/1.png': 1, 'cat/2.png': 1 }, ['ant', 'cat'], 'folders'],
    ['class folders that are numbers', digits, {}, { '0/a.png': 0, '1/a.png': 1, '10/a.png': 4, '2/a.png': 2, '9/a.png': 3 }, ['0', '1', '2', '9', '10'], 'folders'],
    ['folders in class folders', ['a/x/1.png', 'b/2.png'], {}, { 'a/x/1.png': 0, 'b/2.png': 1 }, ['a', 'b'], 'folders'],
    ['hidden files and folders', ['a/1.png', 'b/2.png', '.trash/3.png', 'a/._1.png', '.x.png'], {}, { 'a/1.png': 0, 'b/2.png': 1 }, ['a', 'b'], 'folders'],
    ['empty folders', ['a/1.png', 'b/2.png', 'c/none.txt'], {}, { 'a/1.png': 0, 'b/2.png': 1 }, ['a', 'b'], 'folders'],
    ['pictures beside folders', ['a/1.png', 'b/2.png', 'c.png'], {}, { 'a/1.png': null, 'b/2.png': null, 'c.png': null }, null, null],
    ['one folder', ['a/1.png'], {}, { 'a/1.png': null }, null, null],
    ['folders named as classes, in the order of these', ['cat/1.png', 'ant/1.png'], { modelClassNames: ['cat', 'dog', 'ant'] }, { 'ant/1.png': 2, 'cat/1.png': 0 }, ['cat', 'dog', 'ant'], 'folders'],
    ['one folder named as a class', ['Sea_Lion/1.png'], { modelClassNames: ['dog', 'sea lion'] }, { 'Sea_Lion/1.png': 1 }, ['dog', 'sea lion'], 'folders'],
    ['as many folders as classes', ['n02/1.png', 'n01/1.png'], { modelClassNames: ['tench', 'goldfish'] }, { 'n01/1.png': 0, 'n02/1.png': 1 }, ['tench', 'goldfish'], 'folders'],
    ['as many folders as answers', ['a/1.png', 'b/1.png'], { classes: 2 }, { 'a/1.png': 0, 'b/1.png': 1 }, ['a', 'b'], 'folders'],
  ];
  for (const [name, paths, options, labels, classNames, from] of layouts) {
    it(`reads ${name}`, async () => {
      const dataset = await open(paths, options);
      assert.deepEqual(dataset.items, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, label]) => ({ path, absolute: join(folder, 'images', path), label })));
      assert.deepEqual([dataset.root, dataset.classNames, dataset.labels, dataset.warnings], [join(folder, 'images'), classNames, from, []]);
    });
  }

  it('warns where folders cannot be told to be classes', async () => {
    const strangers = await open(['a/1.png', 'b/1.png', 'cat/1.png'], { modelClassNames: ['cat', 'dog'] });
    assert.deepEqual([strangers.labels, strangers.warnings], [null, ['the pictures count as unlabelled: the folder "a" is none of the model\'s 2 classes']]);
    const tooFew = await open(['a/1.png', 'b/1.png'], { classes: 10 });
    assert.equal(tooFew.labels, null);
    assert.deepEqual(tooFew.warnings, [
      `the pictures count as unlabelled: ${join(folder, 'images')} has 3 folders, the model has 10 classes, and no class names tell which are which`,
    ]);
  });

  it('takes class names from a file before those of the model', async () => {
    const classNamesFile = await file('names.txt', '\uFEFFcat\r\n\r\n ant \r\n');
    const { items, classNames } = await open(['ant/1.png', 'cat/1.png'], { classNamesFile, modelClassNames: ['ant', 'cat'], classes: 2 });
    assert.deepEqual([items.map((item) => item.label), classNames], [[1, 0], ['cat', 'ant']]);
  });

  it('follows links, and does not follow a circle for ever', async function () {
    if (process.platform === 'win32') return;
    const root = await images(['a/1.png', 'b/2.png']);
    await symlink(root, join(root, 'a', 'circle'));
    await symlink(join(root, 'b', '2.png'), join(root, 'b', '3.png'));
    await symlink(join(root, 'nowhere.png'), join(root, 'b', '4.png'));
    const { items } = await openDataset({ images: root, seed: 0 });
    assert.deepEqual(items.map((item) => item.path), ['a/1.png', 'b/2.png', 'b/3.png']);
  });

  type Csv = [name: string, text: string, options: Partial<DatasetOptions>, labels: Record<string, number | null>, classNames: string[] | null];
  const pictures = ['a.png', 'b/c.png', 'd, e.png', 'f.png'];
  const csvs: Csv[] = [
    ['names without a header', 'f.png,dog\na.png,cat\n', {}, { 'a.png': 0, 'f.png': 1 }, ['cat', 'dog']],
    ['a header', 'path,label\na.png,cat\nf.png,ant\n', {}, { 'a.png': 1, 'f.png': 0 }, ['ant', 'cat']],
    ['columns in another order', 'Class,id,File\ncat,7,a.png\nant,8,f.png\n', {}, { 'a.png': 1, 'f.png': 0 }, ['ant', 'cat']],
    ['a second column of any name', 'image,animal\na.png,cat\n', {}, { 'a.png': 0 }, ['cat']],
    ['indices', 'a.png,3\nf.png,0\n', {}, { 'a.png': 3, 'f.png': 0 }, null],
    ['indices of known classes', 'a.png,1\nf.png,0\n', { modelClassNames: ['x', 'y'] }, { 'a.png': 1, 'f.png': 0 }, ['x', 'y']],
    ['names that are numbers', 'a.png,7\nf.png,3\n', { modelClassNames: ['7', '3'] }, { 'a.png': 0, 'f.png': 1 }, ['7', '3']],
    ['names of known classes', 'a.png,Sea lion\n', { modelClassNames: ['dog', 'sea_lion'] }, { 'a.png': 1 }, ['dog', 'sea_lion']],
    ['quotes, empty lines, a mark, Windows', '\uFEFF"d, e.png","cat"\r\n\r\nb\\c.png,dog\r\n', {}, { 'b/c.png': 1, 'd, e.png': 0 }, ['cat', 'dog']],
    ['pictures without a label', 'a.png,cat\nf.png,\n./b/c.png\n', {}, { 'a.png': 0, 'b/c.png': null, 'f.png': null }, ['cat']],
    ['paths from the file\'s own folder', 'images/a.png,cat\n', {}, { 'a.png': 0 }, ['cat']],
  ];
  for (const [name, text, options, labels, classNames] of csvs) {
    it(`reads a CSV file with ${name}`, async () => {
      const dataset = await open(pictures, { labelsFile: await file('labels.csv', text), ...options });
      assert.deepEqual(Object.fromEntries(dataset.items.map((item) => [item.path, item.label])), labels);
      assert.deepEqual([dataset.classNames, dataset.labels], [classNames, 'file']);
      for (const item of dataset.items) assert.equal(item.absolute, join(folder, 'images', item.path));
    });
  }

  it('reads absolute paths of pictures elsewhere', async () => {
    const elsewhere = await file('other/z.png', '');
    const { items } = await open(pictures, { labelsFile: await file('labels.csv', `${elsewhere},1\n`) });
    assert.deepEqual(items, [{ path: '../other/z.png', absolute: resolve(elsewhere), label: 1 }]);
  });

  type Wrong = [name: string, paths: string[], files: Record<string, string>, options: Partial<DatasetOptions>, message: string];
  const wrong: Wrong[] = [
    ['no such folder', [], {}, { images: 'gone' }, 'there is no folder FOLDER/gone'],
    ['a file for a folder', ['a.png'], {}, { images: 'images/a.png' }, 'FOLDER/images/a.png is not a folder'],
    ['a folder without pictures', ['a.txt', 'b/c.csv'], {}, {}, 'FOLDER/images holds no pictures (.jpg .jpeg .jpe .jfif .png .webp .avif .tif .tiff .gif)'],
    ['no such class-names file', ['a.png'], {}, { classNamesFile: 'names.txt' }, 'there is no file FOLDER/names.txt'],
    ['an empty class-names file', ['a.png'], { 'names.txt': '\n \n' }, { classNamesFile: 'names.txt' }, 'FOLDER/names.txt holds no class names'],
    ['class names that do not fit the model', ['a.png'], { 'names.txt': 'x\ny\n' }, { classNamesFile: 'names.txt', classes: 3 }, 'FOLDER/names.txt names 2 classes, but the model has 3'],
    [
      'class names that do not fit the folders', ['a/1.png', 'b/1.png', 'x/1.png'], { 'names.txt': 'x\ny\n' }, { classNamesFile: 'names.txt' },
      'FOLDER/names.txt names 2 classes, but FOLDER/images has 3 class folders, and "a" is none of the names',
    ],
    ['no such labels file', ['a.png'], {}, { labelsFile: 'labels.csv' }, 'there is no file FOLDER/labels.csv'],
    ['an empty labels file', ['a.png'], { 'labels.csv': 'path,label\n' }, { labelsFile: 'labels.csv' }, 'FOLDER/labels.csv lists no pictures'],
    ['no label column', ['a.png'], { 'labels.csv': 'path,x,y\na.png,1,2\n' }, { labelsFile: 'labels.csv' }, 'FOLDER/labels.csv has no column "label"'],
    ['an unknown picture', ['a.png'], { 'labels.csv': 'path,label\na.png,1\nb.png,1\n' }, { labelsFile: 'labels.csv' }, 'FOLDER/labels.csv line 3: there is no picture b.png'],
    ['a picture twice', ['a.png'], { 'labels.csv': 'a.png,1\n./a.png,2\n' }, { labelsFile: 'labels.csv' }, 'FOLDER/labels.csv line 2: ./a.png stands in line 1 already'],
    ['an unknown class', ['a.png'], { 'labels.csv': '\na.png,cat\n' }, { labelsFile: 'labels.csv', modelClassNames: ['dog'] }, 'FOLDER/labels.csv line 2: unknown class: cat'],
    ['an index out of range', ['a.png'], { 'labels.csv': 'a.png,10\n' }, { labelsFile: 'labels.csv', classes: 10 }, 'FOLDER/labels.csv line 1: class 10 is not from 0 to 9'],
    [
      'names of another number of classes', ['a.png'], { 'labels.csv': 'a.png,cat\n' }, { labelsFile: 'labels.csv', classes: 10 },
      'FOLDER/labels.csv names 1 classes, but the model has 10: a file of class names must tell their order',
    ],
  ];
  for (const [name, paths, files, options, message] of wrong) {
    it(`refuses ${name}`, async () => {
      for (const [path, content] of Object.entries(files)) await file(path, content);
      const absolute = Object.fromEntries((['images', 'labelsFile', 'classNamesFile'] as const).flatMap((key) => (options[key] ? [[key, join(folder, options[key])]] : [])));
      await assert.rejects(open(paths, { ...options, ...absolute }), new UserError(message.replaceAll('FOLDER', folder)));
    });
  }

  describe('with a limit', () => {
    const paths = [...many('a', 50), ...many('b', 5), ...many('c', 20)];

    it('takes evenly from the classes, as far as these go', async () => {
      const { items } = await open(paths, { limit: 30 });
      const counts = [0, 1, 2].map((label) => items.filter((item) => item.label === label).length);
      assert.equal(counts[1], 5);
      assert.deepEqual([counts[0], counts[2]].sort(), [12, 13]);
      assert.deepEqual(items.map((item) => item.path), items.map((item) => item.path).sort());
    });

    it('takes the same pictures for a seed and others for another', async () => {
      const chosen = async (seed: number, order: string[]) => (await open(order, { limit: 20, seed })).items.map((item) => item.path);
      const first = await chosen(1, paths);
      assert.deepEqual(await chosen(1, paths.toReversed()), first);
      assert.notDeepEqual(await chosen(2, paths), first);
    });

    it('takes all where there are no more', async () => assert.equal((await open(paths, { limit: 75 })).items.length, 75));

    it('takes some classes where it is below their number', async () => {
      const { items } = await open(paths, { limit: 2 });
      assert.equal(new Set(items.map((item) => item.label)).size, 2);
    });
  });

  describe('split', () => {
    const paths = [...many('a', 50), ...many('b', 10), ...many('c', 3), ...many('d', 1)];
    const shares = { validationShare: 0.2, testShare: 0.2, seed: 0 };
    const names = (split: Split) => (['training', 'validation', 'test'] as const).map((part) => split[part].map((item) => item.path));

    it('divides every class by the shares', async () => {
      const { items } = await open(paths);
      const split = await splitDataset(items, shares);
      const counts = (['training', 'validation', 'test'] as const).map((part) => [0, 1, 2, 3].map((label) => split[part].filter((item) => item.label === label).length));
      assert.deepEqual(counts, [[30, 6, 1, 1], [10, 2, 1, 0], [10, 2, 1, 0]]);
      assert.deepEqual(names(split).flat().sort(), items.map((item) => item.path));
    });

    it('depends on the seed alone', async () => {
      const { items } = await open(paths);
      const first = names(await splitDataset(items, shares));
      assert.deepEqual(names(await splitDataset(items, shares)), first);
      assert.notDeepEqual(names(await splitDataset(items, { ...shares, seed: 1 })), first);
    });

    it('never puts the same content on two sides, also across classes', async () => {
      const root = await images([...many('a', 40), ...many('b', 40)]);
      // Pictures 0 to 9 of both classes are four times the same content of equal length, the rest differ.
      for (const name of ['a', 'b']) for (let i = 0; i < 20; i++) await file(`images/${name}/${i}.png`, `content ${i % 5}`);
      const { items } = await openDataset({ images: root, seed: 0 });
      const hashes = new Map<string, string>();
      for (const { absolute } of items) hashes.set(absolute, await fileHash(absolute));
      for (let seed = 0; seed < 10; seed++) {
        const split = await splitDataset(items, { ...shares, seed }, (absolute) => Promise.resolve(hashes.get(absolute)!));
        const side = new Map<string, string>();
        for (const part of ['training', 'validation', 'test'] as const) {
          for (const item of split[part]) {
            const hash = hashes.get(item.absolute)!;
            assert.equal(side.get(hash) ?? part, part);
            side.set(hash, part);
          }
        }
        assert.ok(Math.abs(split.test.length - 16) <= 8 && Math.abs(split.validation.length - 16) <= 8, names(split).map((part) => part.length).join());
      }
    });

    it('asks for hashes only where sizes are the same', async () => {
      const { items } = await open(['a/1.png', 'a/22.png', 'b/4.png']);
      const asked: string[] = [];
      await splitDataset(items, shares, (path) => {
        asked.push(path);
        return fileHash(path);
      });
      assert.deepEqual(asked.map((path) => path.slice(-5)).sort(), ['1.png', '4.png'].map((name) => `/${name}`).map((name) => name.slice(-5)).sort());
    });

    it('leaves a file that is gone to whoever reads it', async () => {
      const { items } = await open(paths);
      await rm(items[0]!.absolute);
      const split = await splitDataset(items, shares);
      assert.equal(names(split).flat().length, items.length);
    });

    it('divides small classes together, and unlabelled pictures too', async () => {
      const small = await openDataset({ images: await images(['a', 'b', 'c', 'd', 'e'].flatMap((name) => many(name, 2))), seed: 0 });
      const split = await splitDataset(small.items, shares);
      assert.deepEqual([split.training.length, split.validation.length, split.test.length], [6, 2, 2]);
      const unlabelled = await splitDataset(small.items.map((item) => ({ ...item, label: null })), shares);
      assert.deepEqual([unlabelled.training.length, unlabelled.validation.length, unlabelled.test.length], [6, 2, 2]);
    });

    for (const [validationShare, testShare] of [[0.5, 0.5], [-0.1, 0.2], [0.2, Number.NaN], [0, 1]] as const) {
      it(`refuses shares of ${validationShare} and ${testShare}`, async () => {
        const message = `a validation share of ${validationShare} and a test share of ${testShare} leave nothing for training`;
        await assert.rejects(splitDataset([], { validationShare, testShare, seed: 0 }), new UserError(message));
      });
    }
  });
});

function many(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${folder}/${i}.png`);
}
