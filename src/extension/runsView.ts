import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { modelName } from '../modelName.ts';
import type { RunListItem } from '../protocol.ts';
import { groupBy } from './groupBy.ts';
import type { Jobs } from './jobs.ts';
import { findModels } from './modelFiles.ts';
import { percent } from './percent.ts';
import type { Viewer } from './viewer.ts';

/** A model with its runs, newest first. */
export interface ModelNode {
  kind: 'model';
  /** Where the model is now: the path of its runs, or where a file of the same content lies. */
  file: string;
  missing: boolean;
  /** Whether it was found by its content at another place than its runs say. */
  moved: boolean;
  runs: RunNode[];
}

export interface RunNode {
  kind: 'run';
  item: RunListItem;
  /** The model's file, wherever it lies now. */
  model: string;
}

export type RunsNode = ModelNode | RunNode;

/** Changes of run folders that come within this time are looked at together, in milliseconds. */
const GATHER = 300;
const WATCHED = '**/.model-stability/runs/*/{run,state,name}.json';

const ICONS: Record<RunListItem['kind'], string> = { evaluation: 'beaker', stabilization: 'shield', sequence: 'device-camera-video' };

/** The tree of runs: models, and below each its runs. */
export class RunsView implements vscode.Disposable, vscode.TreeDataProvider<RunsNode> {
  readonly #viewer: Viewer;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<RunsNode>;
  readonly #subscriptions: { dispose(): unknown }[];
  /** Hashes of files that were looked through for a missing model, by path, with what tells that a file has changed. */
  readonly #hashes = new Map<string, { stamp: string; sha256: string | null }>();
  #timer: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(viewer: Viewer, jobs: Jobs, log: vscode.LogOutputChannel) {
    this.#viewer = viewer;
    this.#log = log;
    this.#view = vscode.window.createTreeView('modelStability.runs', { treeDataProvider: this, canSelectMany: true, showCollapseAll: true });
    const watcher = vscode.workspace.createFileSystemWatcher(WATCHED);
    const later = () => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.refresh();
      }, GATHER);
    };
    let running = 0;
    this.#subscriptions = [
      // The first run of a workspace makes the folder, which a watcher may learn of too late.
      jobs.onDidChange(() => {
        if (jobs.all.length !== running) later();
        running = jobs.all.length;
      }),
      this.#view, this.#changed, watcher, watcher.onDidCreate(later), watcher.onDidChange(later), watcher.onDidDelete(later),
      vscode.workspace.onDidChangeWorkspaceFolders(later), vscode.workspace.onDidRenameFiles(later), vscode.workspace.onDidDeleteFiles(later),
    ];
  }

  /** What is selected in the tree, for a key that is pressed there. */
  get selection(): readonly RunsNode[] {
    return this.#view.selection;
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    return node.kind === 'model' ? modelItem(node) : runItem(node);
  }

  getParent(): null {
    return null;
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    if (node) return node.kind === 'model' ? node.runs : [];
    const folders = vscode.workspace.workspaceFolders ?? [];
    const lists = await Promise.all(folders.map(({ uri }) => this.#viewer.call('listRuns', { folder: path.join(uri.fsPath, '.model-stability', 'runs') })));
    const runs = lists.flat();
    const places = await this.#places(runs);
    const byFile = groupBy(runs, (run) => places.get(run.modelSha256) ?? run.model);
    return [...byFile].map(([file, items]): ModelNode => {
      const newest = items.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
      return { kind: 'model', file, missing: !existsSync(file), moved: newest.every((item) => item.model !== file), runs: newest.map((item) => ({ kind: 'run', item, model: file })) };
    }).sort((a, b) => (b.runs[0]?.item.startedAt ?? '').localeCompare(a.runs[0]?.item.startedAt ?? ''));
  }

  /** Where models lie that are no longer where their runs say, by the hash of their content. */
  async #places(runs: readonly RunListItem[]): Promise<Map<string, string>> {
    const missing = new Set(runs.filter((run) => !existsSync(run.model)).map((run) => run.modelSha256));
    const places = new Map<string, string>();
    if (missing.size === 0) return places;
    const files = (await findModels()).map((uri) => uri.fsPath);
    const stamps = new Map(files.map((file) => [file, stampOf(file)]));
    const unknown = files.filter((file) => this.#hashes.get(file)?.stamp !== stamps.get(file));
    try {
      const hashes = unknown.length > 0 ? await this.#viewer.call('hashModels', { files: unknown }) : {};
      for (const file of unknown) this.#hashes.set(file, { stamp: stamps.get(file)!, sha256: hashes[file] ?? null });
    } catch (error) {
      this.#log.warn(error instanceof Error ? error.message : String(error));
    }
    for (const file of files) {
      const sha256 = this.#hashes.get(file)?.sha256;
      if (sha256 && missing.has(sha256) && !places.has(sha256)) places.set(sha256, file);
    }
    return places;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

/** Time of change and size of a file; a file that is gone has none. */
function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats ? `${stats.mtimeMs} ${stats.size}` : '';
}

function modelItem({ file, missing, moved, runs }: ModelNode): vscode.TreeItem {
  const item = new vscode.TreeItem(modelName(file), vscode.TreeItemCollapsibleState.Expanded);
  const place = vscode.workspace.asRelativePath(path.dirname(file));
  item.id = `model ${file}`;
  item.description = missing ? vscode.l10n.t('{0}, missing', place) : moved ? vscode.l10n.t('{0}, moved', place) : place;
  item.tooltip = missing ? vscode.l10n.t('{0} is gone; no file of the same content is in this workspace.', file) : file;
  item.iconPath = new vscode.ThemeIcon(missing ? 'warning' : 'circuit-board');
  item.contextValue = missing ? 'missingModel' : 'model';
  item.accessibilityInformation = { label: `${modelName(file)}, ${item.description}, ${vscode.l10n.t('{0} runs', runs.length)}` };
  return item;
}

function runItem({ item: run, model }: RunNode): vscode.TreeItem {
  const { startedAt, kind, state, summary, name } = run;
  const date = new Date(startedAt).toLocaleString(vscode.env.language, { dateStyle: 'short', timeStyle: 'short' });
  const figure = state === 'done' ? figureText(run) : stateText(run);
  const title = name ?? figure;
  const item = new vscode.TreeItem(title);
  item.id = `run ${run.run}`;
  item.description = name === undefined ? date : `${figure}, ${date}`;
  item.tooltip = [name, kindText(run), summary, date, path.basename(run.run)].filter((line) => line !== undefined).join('\n');
  item.iconPath = state === 'done' ? new vscode.ThemeIcon(ICONS[kind])
    : state === 'running' ? new vscode.ThemeIcon('sync~spin')
      : new vscode.ThemeIcon(state === 'cancelled' ? 'circle-slash' : 'error', new vscode.ThemeColor(state === 'cancelled' ? 'disabledForeground' : 'list.errorForeground'));
  item.contextValue = `run.${state === 'done' || state === 'running' ? state : 'cutShort'}.${kind}`;
  item.command = state === 'done' ? { title: vscode.l10n.t('Open Run'), command: 'modelStability.openRun', arguments: [{ kind: 'run', item: run, model } satisfies RunNode] } : undefined;
  item.accessibilityInformation = { label: `${title}, ${kindText(run)}, ${item.description}` };
  return item;
}

/** The key figure as short as a side bar is narrow; the whole sentence is in the tooltip. */
function figureText({ worst, accepted, summary }: RunListItem): string {
  if (!worst) return summary;
  const figure = vscode.l10n.t('{0} at {1}', percent(worst.labelInstability), `${worst.name} ${worst.strength}`);
  if (accepted === undefined) return figure;
  return accepted ? vscode.l10n.t('accepted, {0}', figure) : vscode.l10n.t('rejected, {0}', figure);
}

function kindText({ kind }: RunListItem): string {
  switch (kind) {
    case 'evaluation': return vscode.l10n.t('evaluation');
    case 'stabilization': return vscode.l10n.t('stabilization');
    case 'sequence': return vscode.l10n.t('video frames');
  }
}

function stateText({ state, kind }: RunListItem): string {
  const what = kindText({ kind } as RunListItem);
  switch (state) {
    case 'running': return vscode.l10n.t('{0}, running', what);
    case 'cancelled': return vscode.l10n.t('{0}, cancelled', what);
    case 'failed': return vscode.l10n.t('{0}, failed', what);
    case 'done': return vscode.l10n.t('{0}, done', what);
  }
}
