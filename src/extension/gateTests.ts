import path from 'node:path';
import * as vscode from 'vscode';
import type { GateResult, Gates } from '../engine/gates.ts';
import { CancelledError } from '../engine/job.ts';
import { modelName } from '../modelName.ts';
import type { RunListItem } from '../protocol.ts';
import type { CommandServices } from './commandServices.ts';
import type { KnownConfig } from './configs.ts';
import { groupBy } from './groupBy.ts';
import { findModels } from './modelFiles.ts';
import { newRunFolder, runsFolder } from './runFolders.ts';
import { said } from './said.ts';
import { mayRunModels } from './trust.ts';

/** Models of one configuration that are listed at most. */
const MOST_MODELS = 100;

const CLEAN = 'clean';

/** The Test Explorer's items: each model that has gates, below it one item for each distortion and strength that has a limit. */
export class GateTests implements vscode.Disposable {
  readonly #services: CommandServices;
  readonly #controller: vscode.TestController;
  readonly #subscriptions: { dispose(): unknown }[];
  #newestListing = 0;

  constructor(services: CommandServices) {
    this.#services = services;
    this.#controller = vscode.tests.createTestController('modelStability', 'Model Stability');
    this.#controller.createRunProfile(vscode.l10n.t('Evaluate'), vscode.TestRunProfileKind.Run, (request, token) => this.#run(request, token), true);
    this.#controller.refreshHandler = () => this.#list();
    this.#subscriptions = [this.#controller, services.configs.onDidChange(() => void this.#list())];
    void this.#list();
  }

  /** Makes the items anew and shows how the newest runs stand to the gates. */
  async #list(): Promise<void> {
    const listing = ++this.#newestListing;
    const items: vscode.TestItem[] = [];
    for (const config of this.#services.configs.all) {
      if (!config.options || Object.keys(config.options.gates).length === 0) continue;
      const { gates, job } = config.options;
      const distortions = job.distortions?.map(({ name, strength }) => `${name}:${strength}`) ?? settingsOf(config);
      for (const model of await modelsOf(config)) items.push(this.#item(model, namesWithLimits(gates, distortions)));
    }
    if (listing !== this.#newestListing) return;
    this.#controller.items.replace(items);
    for (const item of items) await this.#showNewest(item.uri!);
  }

  #item(model: vscode.Uri, names: string[]): vscode.TestItem {
    const item = this.#controller.createTestItem(model.fsPath, modelName(model.fsPath), model);
    item.description = vscode.workspace.asRelativePath(path.dirname(model.fsPath));
    item.children.replace(names.map((name) => this.#controller.createTestItem(`${model.fsPath} ${name}`, name === CLEAN ? vscode.l10n.t('clean pictures') : name.replace(':', ' '), model)));
    return item;
  }

  /** Problems that the newest finished run leaves, without running anything. */
  async #showNewest(model: vscode.Uri): Promise<void> {
    const { viewer, gates, log } = this.#services;
    try {
      const runs = await viewer.call('listRuns', { folder: runsFolder(model) });
      const newest = runs.find((run) => isEvaluationOf(run, model));
      if (newest) await gates.check(model, newest.run);
    } catch (error) {
      log.warn(error instanceof Error ? error.message : String(error));
    }
  }

  async #run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.#controller.createTestRun(request);
    const wanted = request.include ?? [...this.#controller.items].map(([, item]) => item);
    const excluded = new Set(request.exclude);
    const byModel = groupBy(wanted.flatMap((item) => item.children.size > 0 ? [...item.children].map(([, child]) => child) : [item]).filter((item) => !excluded.has(item)), (item) => item.uri!.fsPath);
    for (const items of byModel.values()) items.forEach((item) => run.enqueued(item));
    try {
      for (const [model, items] of byModel) {
        if (token.isCancellationRequested) break;
        await this.#runModel(vscode.Uri.file(model), items, run, token);
      }
    } finally {
      run.end();
    }
  }

  /** One evaluation answers all items of a model. */
  async #runModel(model: vscode.Uri, items: vscode.TestItem[], run: vscode.TestRun, token: vscode.CancellationToken): Promise<void> {
    const { jobs, images, options, gates, sessions } = this.#services;
    const started = Date.now();
    items.forEach((item) => run.started(item));
    const cancel = token.onCancellationRequested(() => jobs.cancel(model.fsPath));
    try {
      if (!mayRunModels()) throw new Error(vscode.l10n.t('Models of an untrusted workspace are shown, but not run.'));
      const folder = await images.knownOrAsk(model);
      if (folder === null) throw new Error(vscode.l10n.t('no pictures are known for {0}', modelName(model.fsPath)));
      const runFolder = newRunFolder(model);
      await jobs.run('evaluate', { ...await options.evaluate(model), model: model.fsPath, images: folder, run: runFolder });
      const results = await gates.check(model, runFolder);
      await sessions.get(model).refreshRuns();
      for (const item of items) report(run, item, results.filter((result) => item.id === `${model.fsPath} ${result.on}`), Date.now() - started);
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      for (const item of items) {
        if (error instanceof CancelledError) run.skipped(item);
        else run.errored(item, new vscode.TestMessage(sentence));
      }
    } finally {
      cancel.dispose();
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

function report(run: vscode.TestRun, item: vscode.TestItem, results: GateResult[], milliseconds: number): void {
  for (const { sentence } of results) run.appendOutput(`${said(sentence)}\r\n`, undefined, item);
  const unmet = results.filter(({ met }) => !met);
  if (unmet.length === 0) run.passed(item, milliseconds);
  else run.failed(item, unmet.map(({ sentence }) => new vscode.TestMessage(said(sentence))), milliseconds);
}

const isEvaluationOf = (run: RunListItem, model: vscode.Uri): boolean => run.kind === 'evaluation' && run.state === 'done' && run.model === model.fsPath;

async function modelsOf(config: KnownConfig): Promise<vscode.Uri[]> {
  const named = config.options?.models;
  if (named) return named.map((file) => vscode.Uri.file(file));
  const found = await findModels(MOST_MODELS, vscode.Uri.file(path.dirname(config.file)));
  return found.filter((uri) => !/\.rejected(\.|$)/.test(path.basename(uri.fsPath)));
}

function settingsOf(config: KnownConfig): string[] {
  return vscode.workspace.getConfiguration('modelStability', vscode.Uri.file(config.file)).get<string[]>('distortions') ?? [];
}

/** The distortions that have a limit, those that are named in one, and the clean pictures where precision has one. */
function namesWithLimits({ maxLabelInstability, minPrecision }: Gates, distortions: readonly string[]): string[] {
  const limits = [maxLabelInstability, minPrecision].filter((limit) => limit !== undefined);
  const hasLimit = (name: string): boolean => limits.some((limit) => typeof limit === 'number' || [name, name.split(':')[0]!, '*'].some((key) => Object.hasOwn(limit, key)));
  const named = limits.flatMap((limit) => typeof limit === 'number' ? [] : Object.keys(limit)).filter((name) => name !== '*' && name !== CLEAN && !distortions.some((each) => each === name || each.startsWith(`${name}:`)));
  const clean = typeof minPrecision === 'number' || (minPrecision !== undefined && (Object.hasOwn(minPrecision, CLEAN) || Object.hasOwn(minPrecision, '*')));
  return [...new Set([...distortions.filter(hasLimit), ...named, ...(clean ? [CLEAN] : [])])];
}
