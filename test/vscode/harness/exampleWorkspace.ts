import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './paths.ts';

/** A folder that a test may write to. */
export interface TestWorkspace {
  folder: string;
  remove(): void;
}

/** The models that the examples' script makes; whoever tries the workspace may leave others there. */
const MODELS = ['digits.onnx', 'digits-tfjs', 'patches.onnx', 'patches-tfjs'];

const examples = path.join(root, 'examples', 'workspace');

/**
 * A copy of the example workspace's models with pictures: at most `perClass` of each class of the patches' test set, in
 * `pictures/CLASS`; and a `notes.md`, which is no model.
 */
export function exampleWorkspace(perClass = Infinity): TestWorkspace {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'model-stability-workspace-'));
  const folder = path.join(parent, 'example');
  for (const model of MODELS) cpSync(path.join(examples, 'models', model), path.join(folder, 'models', model), { recursive: true });
  const patches = path.join(examples, 'patches', 'test');
  for (const name of readdirSync(patches)) {
    mkdirSync(path.join(folder, 'pictures', name), { recursive: true });
    for (const file of readdirSync(path.join(patches, name)).sort().slice(0, perClass)) {
      cpSync(path.join(patches, name, file), path.join(folder, 'pictures', name, file));
    }
  }
  writeFileSync(path.join(folder, 'notes.md'), '# Notes\n');
  return { folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}
