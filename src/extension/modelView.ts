import * as vscode from 'vscode';
import type { Comparison } from '../engine/results.ts';
import { modelName } from '../modelName.ts';
import type { HostMethods, PairPictures, PanelState, PanelView } from '../protocol.ts';
import type { ImageFolders } from './imageFolders.ts';
import type { Jobs } from './jobs.ts';
import type { ChosenParts } from './modelChoices.ts';
import type { ModelSession } from './modelSessions.ts';
import { mayRunModels } from './trust.ts';
import type { Viewer } from './viewer.ts';
import { answerCalls, eventsOf } from './webviewCalls.ts';
import { revealFile } from './revealFile.ts';
import { writePoint } from './writePoint.ts';

/** What a view of a model asks for what it shows. */
export interface ViewServices {
  viewer: Viewer;
  jobs: Jobs;
  images: ImageFolders;
  parts: ChosenParts;
  log: vscode.LogOutputChannel;
}

/** Changes that come within this time reach the webview together, in milliseconds. */
const GATHER = 50;

/** A webview that shows one model at a time: the panel's, which follows the editor, and the editor's own. */
export class ModelView implements vscode.Disposable {
  readonly #webview: vscode.Webview;
  readonly #services: ViewServices;
  readonly #subscriptions: vscode.Disposable[];
  #sessionChanges: vscode.Disposable | null = null;
  #session: ModelSession | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** What the panel shows of the model. */
  #view: PanelView = 'overview';
  #comparison: Comparison | null = null;

  constructor(webview: vscode.Webview, services: ViewServices, session: ModelSession | null) {
    this.#webview = webview;
    this.#services = services;
    const push = () => this.#push();
    this.#subscriptions = [
      answerCalls(webview, this.#methods()),
      services.jobs.onDidChange(push),
      services.images.onDidChange(push),
      services.parts.onDidChange(push),
      vscode.workspace.onDidGrantWorkspaceTrust(push),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('modelStability')) push();
      }),
    ];
    this.show(session);
  }

  get session(): ModelSession | null {
    return this.#session;
  }

  /** Shows a model, or, with null, that none is open. */
  show(session: ModelSession | null): void {
    if (session !== this.#session) {
      this.#sessionChanges?.dispose();
      this.#sessionChanges = session?.onDidChange(() => this.#push()) ?? null;
      this.#session = session;
      this.#comparison = null;
    }
    void session?.open();
    this.#push();
  }

  /** Changes what is shown of the model; two compared runs stay until others are, or none (null). */
  switchTo(view: PanelView, comparison: Comparison | null = this.#comparison): void {
    this.#view = view;
    this.#comparison = comparison;
    this.#push();
  }

  #state(): PanelState {
    const { jobs, images, parts } = this.#services;
    const session = this.#session;
    const file = session?.uri.fsPath ?? '';
    return {
      model: session && { path: file, name: modelName(file) },
      info: session?.info ?? null,
      modelError: session?.modelError ?? null,
      trusted: vscode.workspace.isTrusted,
      images: session && images.known(session.uri),
      choices: session && parts.of(session.uri),
      job: jobs.running(file),
      jobError: jobs.failure(file),
      runs: session?.runs ?? [],
      run: session?.run ?? null,
      result: session?.result ?? null,
      runError: session?.runError ?? null,
      comparison: this.#comparison,
      view: this.#view,
    };
  }

  #push(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      eventsOf(this.#webview).state(this.#state());
    }, GATHER);
  }

  #methods(): HostMethods {
    const { viewer, jobs, images, parts, log } = this.#services;
    const model = () => this.#session?.uri;
    const command = async (name: string, ...parameters: unknown[]) => {
      await vscode.commands.executeCommand(`modelStability.${name}`, ...parameters);
    };
    return {
      ready: () => Promise.resolve(this.#state()),
      evaluate: () => command('evaluate', model()),
      stabilize: () => command('stabilize', model()),
      evaluateFrames: () => command('evaluateFrames', model()),
      findPreprocessing: () => command('findPreprocessing', model()),
      chooseImages: async () => {
        if (this.#session) await images.ask(this.#session.uri);
      },
      layers: () => Promise.resolve(this.#session?.layers ?? null),
      chooseParts: async (choice) => {
        if (this.#session) await parts.choose(this.#session.uri, choice);
      },
      cancel: () => {
        if (this.#session) jobs.cancel(this.#session.uri.fsPath);
        return Promise.resolve();
      },
      steer: ({ steering }) => {
        if (this.#session) jobs.steer(this.#session.uri.fsPath, steering);
        return Promise.resolve();
      },
      showLog: () => {
        log.show();
        return Promise.resolve();
      },
      openRun: async ({ run }) => {
        await this.#session?.showRun(run);
        this.switchTo(this.#view, null);
      },
      compareRuns: () => command('compareRuns', model()),
      openPanel: ({ view }) => command('openPanel', model(), view),
      copyText: async ({ text }) => {
        await vscode.env.clipboard.writeText(text);
      },
      revealFile: ({ path: file }) => revealFile(vscode.Uri.file(file)),
      pairs: (query) => viewer.call('pairs', query),
      pairPictures: async (query) => compact(await viewer.call('pairPictures', query)),
      distances: (query) => viewer.call('distances', query),
      savePair: async ({ name, ...request }) => {
        const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(request.run);
        const file = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.joinPath(folder, name), filters: { PNG: ['png'] } });
        if (file) await viewer.call('savePair', { ...request, file: file.fsPath });
        return file !== undefined;
      },
      clipCurves: (query) => viewer.call('clipCurves', query),
      frames: (query) => viewer.call('frames', query),
      framePicture: async (query) => {
        const file = await viewer.call('framePicture', query);
        return { ...file, picture: new Uint8Array(file.picture) };
      },
      writePoint: async (query) => {
        if (this.#session && mayRunModels()) await writePoint(viewer, this.#session.uri, query);
      },
    };
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#sessionChanges?.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}


/** Plain arrays that own their bytes: a webview receives whole buffers, and a `Buffer` only as JSON. */
function compact({ a, b, difference, width, height }: PairPictures): PairPictures {
  return { a: new Uint8Array(a), b: new Uint8Array(b), difference: new Uint8Array(difference), width, height };
}
