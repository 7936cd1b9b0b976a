import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../engine/job.ts';
import type { DistortionChange, DistortionSpec, Share } from '../engine/results.ts';
import { modelName } from '../modelName.ts';
import type { CommandServices } from './commandServices.ts';
import { asModelFile } from './modelFiles.ts';
import { newRunFolder, runsFolder } from './runFolders.ts';

interface EvaluateInput { model: string; images?: string; distortions?: string[] }
interface WorstInput { run?: string; model?: string; changedOnly?: boolean; count?: number }
interface CompareInput { a: string; b: string }

/** How a tool asks before it runs, and what it then says. */
interface Tool<T> {
  question(input: T): { invocationMessage: string; title: string; message: string };
  answer(input: T, token: vscode.CancellationToken): Promise<string>;
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const shareText = ({ value, low, high, of }: Share): string => `${percent(value)} (95 % interval ${percent(low)} to ${percent(high)}, n = ${of})`;

/** Tools by which an assistant evaluates models and reads runs; none where this VS Code has no such tools. */
export function registerLanguageModelTools(services: CommandServices): vscode.Disposable[] {
  const lm = vscode.lm as typeof vscode.lm | undefined;
  if (typeof lm?.registerTool !== 'function') return [];
  return [
    lm.registerTool('modelStability_evaluate', asTool(evaluate(services))),
    lm.registerTool('modelStability_worstPictures', asTool(worstPictures(services))),
    lm.registerTool('modelStability_compareRuns', asTool(compare(services))),
  ];
}

function asTool<T>(tool: Tool<T>): vscode.LanguageModelTool<T> {
  return {
    prepareInvocation: ({ input }) => {
      const { invocationMessage, title, message } = tool.question(input);
      return { invocationMessage, confirmationMessages: { title, message: new vscode.MarkdownString(message) } };
    },
    invoke: async ({ input }, token) => {
      if (!vscode.workspace.isTrusted) throw new UserError('Models of an untrusted workspace are shown, but not run.');
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(await tool.answer(input, token))]);
    },
  };
}

function evaluate({ jobs, images, options, gates, sessions }: CommandServices): Tool<EvaluateInput> {
  return {
    question: ({ model, images: folder }) => ({
      invocationMessage: vscode.l10n.t('Evaluating {0}', modelName(model)),
      title: vscode.l10n.t('Evaluate the stability of {0}?', modelName(model)),
      message: vscode.l10n.t('Runs the model `{0}` on the pictures in `{1}`, on this machine. This can take minutes; nothing is sent anywhere by the evaluation, its figures go to the assistant.', model, folder ?? images.known(vscode.Uri.file(absolute(model))) ?? vscode.l10n.t('the folder known for it')),
    }),
    answer: async ({ model, images: folder, distortions }, token) => {
      const uri = modelUri(model);
      const pictures = folder === undefined ? images.known(uri) : absolute(folder);
      if (pictures === null) throw new UserError(`no pictures are known for ${model}: name a folder`);
      const run = newRunFolder(uri);
      const cancel = token.onCancellationRequested(() => jobs.cancel(uri.fsPath));
      try {
        const chosen = distortions === undefined ? {} : { distortions: distortions.map(parseDistortion) };
        const { images: read, clean, distortions: results, warnings } = await jobs.run('evaluate', { ...await options.evaluate(uri), ...chosen, model: uri.fsPath, images: pictures, run });
        await gates.check(uri, run);
        await sessions.get(uri).refreshRuns();
        return [
          `Run: ${run}`, `Pictures: ${read.evaluated} of ${read.total} in ${pictures}`, ...(clean ? [`Clean precision@1: ${shareText(clean.precisionAt1)}`] : []),
          ...results.map(({ name, strength, labelInstability, precisionAt1 }) => `${name} ${strength}: ${labelInstability ? `labels changed ${shareText(labelInstability)}` : 'no labels'}${precisionAt1 ? `, precision@1 ${percent(precisionAt1.value)}` : ''}`),
          ...warnings.map((warning) => `Warning: ${warning}`),
        ].join('\n');
      } finally {
        cancel.dispose();
      }
    },
  };
}

function worstPictures({ viewer }: CommandServices): Tool<WorstInput> {
  return {
    question: ({ run, model }) => ({
      invocationMessage: vscode.l10n.t('Reading the most unstable pictures'),
      title: vscode.l10n.t('List the most unstable pictures?'),
      message: vscode.l10n.t('Reads the run `{0}` and gives paths, labels and probabilities of its pictures to the assistant; not the pictures.', run ?? model ?? ''),
    }),
    answer: async ({ run, model, changedOnly = true, count = 10 }) => {
      const folder = run === undefined ? await newestRun(model) : absolute(run);
      const result = await viewer.call('openRun', { run: folder });
      const evaluation = result.kind === 'stabilization' ? path.join(folder, 'before') : folder;
      const end = Math.min(50, Math.max(1, Math.floor(count)));
      const page = await viewer.call('pairs', { run: evaluation, sort: 'featureDistance', start: 0, end, ...(changedOnly ? { changed: true } : {}) });
      const images = result.kind === 'stabilization' ? result.before.method.images : result.method.images;
      return [
        `Run: ${folder}`, `Pictures are relative to ${images}`, `${page.total} of ${page.all} pairs${changedOnly ? ' changed their label' : ''}; the farthest:`,
        ...page.rows.map(({ image, distortion, strength, featureDistance, topA, topB }) => `${image}, ${distortion} ${strength}: distance ${featureDistance.toFixed(4)}, ${answerText(topA)} → ${answerText(topB)}`),
      ].join('\n');
    },
  };
  async function newestRun(model: string | undefined): Promise<string> {
    if (model === undefined) throw new UserError('name a run folder or a model file');
    const uri = modelUri(model);
    const newest = (await viewer.call('listRuns', { folder: runsFolder(uri) })).find((run) => run.model === uri.fsPath && run.state === 'done' && run.kind !== 'sequence');
    if (!newest) throw new UserError(`${model} has no finished run: evaluate it first`);
    return newest.run;
  }
}

function compare({ viewer }: CommandServices): Tool<CompareInput> {
  return {
    question: ({ a, b }) => ({
      invocationMessage: vscode.l10n.t('Comparing two runs'),
      title: vscode.l10n.t('Compare two runs?'),
      message: vscode.l10n.t('Reads the runs `{0}` and `{1}` and gives their figures to the assistant.', a, b),
    }),
    answer: async ({ a, b }) => {
      const { verdict, differences, distortions, clean } = await viewer.call('compare', { a: absolute(a), b: absolute(b) });
      return [
        verdict, ...differences.map((difference) => `The runs differ: ${difference}`),
        ...(clean ? [`Clean precision@1: ${percent(clean.precisionAt1.a.value)} → ${percent(clean.precisionAt1.b.value)}, p = ${clean.precisionAt1.p.toPrecision(2)}`] : []),
        ...distortions.map(changeText),
      ].join('\n');
    },
  };
}

function changeText({ name, strength, labelInstability, pairs }: DistortionChange): string {
  if (!labelInstability) return `${name} ${strength}: no labels`;
  const { a, b, low, high, p } = labelInstability;
  const moved = `, ${pairs.newlyStable} newly stable, ${pairs.newlyBroken} newly broken`;
  return `${name} ${strength}: ${percent(a.value)} → ${percent(b.value)} of labels changed (difference ${percent(low)} to ${percent(high)}, p = ${p.toPrecision(2)})${moved}`;
}

const answerText = ([first]: readonly [label: string, probability: number][]): string => first ? `${first[0]} ${first[1].toFixed(2)}` : 'no answer';

/** An assistant names files as it sees them: absolute, or from a workspace folder on. */
function absolute(file: string): string {
  if (path.isAbsolute(file)) return file;
  const folders = vscode.workspace.workspaceFolders?.map(({ uri }) => path.join(uri.fsPath, file)) ?? [];
  return folders.find((candidate) => existsSync(candidate)) ?? folders[0] ?? file;
}

function modelUri(file: string): vscode.Uri {
  const uri = asModelFile(vscode.Uri.file(absolute(file)));
  if (!uri || !existsSync(uri.fsPath)) throw new UserError(`no such model file: ${file}`);
  return uri;
}

function parseDistortion(text: string): DistortionSpec {
  const [name, strength] = text.split(':');
  if (!name || strength === undefined || !Number.isFinite(Number(strength))) throw new UserError(`not NAME:STRENGTH: ${text}`);
  return { name, strength: Number(strength) };
}
