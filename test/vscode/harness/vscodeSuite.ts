import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { exampleWorkspace } from './exampleWorkspace.ts';
import type { TestWorkspace } from './exampleWorkspace.ts';
import { root } from './paths.ts';
import { SideViews } from './sideViews.ts';
import { openVscode } from './vscodeSession.ts';
import type { SessionOptions, VscodeSession } from './vscodeSession.ts';
import type { Workbench } from './workbench.ts';

/** What the tests of a suite start from. */
export interface SuiteOptions extends SessionOptions {
  /** Called what its screenshots are. */
  name: string;
  /** Pictures of each of the nine classes. */
  perClass: number;
  /** What else the workspace holds when VS Code opens it. */
  prepare?: (suite: VscodeSuite) => void;
  /** What the tests find done in VS Code. */
  begin?: (suite: VscodeSuite) => Promise<unknown>;
}

/** A VS Code on a copy of the example workspace that the tests of a suite share, one after the other. */
export class VscodeSuite {
  #workspace: TestWorkspace | undefined;
  #session: VscodeSession | undefined;

  /**
   * Opens it before the tests of the `describe` that calls this and closes it after them; a test that fails leaves a screenshot.
   * What it has is there within the tests only.
   */
  constructor({ name, perClass, prepare, begin, ...session }: SuiteOptions) {
    before(async () => {
      this.#workspace = exampleWorkspace(perClass);
      prepare?.(this);
      this.#session = await openVscode(this.folder, session);
      await begin?.(this).catch(async (error: unknown) => {
        await this.workbench.screenshot(`failed-${name}-begin`);
        throw error;
      });
    });
    after(async () => {
      await this.#session?.close();
      this.#workspace?.remove();
    });
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- mocha's own `this` says which test it was.
    const suite = this;
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') await suite.workbench.screenshot(`failed-${name}-${this.currentTest.title.replace(/\W+/g, '-')}`);
    });
  }

  /** The workspace's folder. */
  get folder(): string {
    if (!this.#workspace) throw new Error('the workspace is there within tests only');
    return this.#workspace.folder;
  }

  get vscode(): VscodeSession {
    if (!this.#session) throw new Error('VS Code is open within tests only');
    return this.#session;
  }

  get workbench(): Workbench {
    return this.vscode.workbench;
  }

  get page(): Page {
    return this.vscode.page;
  }

  get side(): SideViews {
    return new SideViews(this.workbench);
  }

  /** A path in the workspace. */
  readonly file = (...parts: string[]): string => path.join(this.folder, ...parts);

  /** A file of the workspace, read as JSON. */
  readonly readJson = (...parts: string[]): unknown => JSON.parse(readFileSync(this.file(...parts), 'utf8'));

  /** Writes a JSON file into the workspace, with its folders. */
  readonly writeJson = (content: object, ...parts: string[]): void => {
    mkdirSync(path.dirname(this.file(...parts)), { recursive: true });
    writeFileSync(this.file(...parts), `${JSON.stringify(content, null, 4)}\n`);
  };

  /** Names of the run folders, oldest first. */
  get runs(): string[] {
    return readdirSync(this.file('.model-stability', 'runs')).sort();
  }

  /** What a run came to. */
  readonly readRun = (run: string): unknown => this.readJson('.model-stability', 'runs', run, 'run.json');

  /** Makes a run of the patch classifier by the command line, on the workspace's pictures. */
  readonly evaluate = (run: string, distortions: readonly string[], options: readonly string[] = []): void => {
    this.commandLine(['evaluate', this.file('models', 'patches.onnx'), '--images', this.file('pictures'), '--run', this.file('.model-stability', 'runs', run), ...distortions.flatMap((distortion) => ['--distortion', distortion]), ...options]);
  };

  /** Runs the command line in the workspace; what it prints. Throws where it fails. */
  readonly commandLine = (args: readonly string[]): string =>
    execFileSync(process.execPath, [path.join(root, 'dist', 'cli.js'), ...args], { cwd: this.folder, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
}
