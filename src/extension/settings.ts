import * as vscode from 'vscode';
import { UserError } from '../engine/job.ts';
import type { JobOptions, PreprocessingOptions, StabilizeOptions } from '../engine/options.ts';
import type { DistortionSpec } from '../engine/results.ts';

/** The setting `modelStability.<key>` where the user has set it, for a file; undefined otherwise. */
function chosen(key: string, scope: vscode.Uri): unknown {
  const value: unknown = vscode.workspace.getConfiguration('modelStability', scope).get(key);
  return value === null || value === '' ? undefined : value;
}

/** Leaves out what is undefined, so that the engine's defaults hold. Types are those of the schema in `package.json`. */
function present<T extends object>(options: { [K in keyof T]: unknown }): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** `name:strength` as a distortion. */
function parseDistortion(text: string): DistortionSpec {
  const [name, strength, ...rest] = text.split(':');
  const value = Number(strength);
  if (!name || !strength || rest.length > 0 || !Number.isFinite(value)) {
    throw new UserError(vscode.l10n.t('modelStability.distortions: not NAME:STRENGTH: {0}', text));
  }
  return { name, strength: value };
}

/** Preprocessing chosen in the settings; undefined where nothing is, so that the model's own is used. */
function preprocessingSettings(model: vscode.Uri): PreprocessingOptions | undefined {
  const options = present<PreprocessingOptions>({
    resize: chosen('preprocessing.resize', model),
    interpolation: chosen('preprocessing.interpolation', model),
    range: chosen('preprocessing.range', model),
    mean: chosen('preprocessing.mean', model),
    std: chosen('preprocessing.std', model),
    channels: chosen('preprocessing.channels', model),
  });
  return Object.keys(options).length > 0 ? options : undefined;
}

/** Settings that hold for both kinds of job. */
export function jobSettings(model: vscode.Uri): Pick<JobOptions, 'distortions' | 'engine' | 'threads' | 'preprocessing'> {
  const threads = chosen('threads', model);
  const distortions = chosen('distortions', model) as string[] | undefined;
  return present<Pick<JobOptions, 'distortions' | 'engine' | 'threads' | 'preprocessing'>>({
    engine: chosen('engine', model),
    distortions: distortions?.map(parseDistortion),
    threads: threads === 0 ? undefined : threads,
    preprocessing: preprocessingSettings(model),
  });
}

/** Settings of stability training; what is absent is searched or has the engine's default. */
export function stabilizeSettings(model: vscode.Uri): Pick<StabilizeOptions, 'alpha' | 'sigma' | 'divergence'> {
  return present<Pick<StabilizeOptions, 'alpha' | 'sigma' | 'divergence'>>({
    alpha: chosen('stabilize.alpha', model),
    sigma: chosen('stabilize.sigma', model),
    divergence: chosen('stabilize.divergence', model),
  });
}

/** Folder of pictures named in the settings, absolute or relative to the workspace folder; empty where none is. */
export function imagesSetting(model: vscode.Uri): string {
  return (chosen('images', model) as string | undefined) ?? '';
}

/** The real Node that shall run the workers; undefined where VS Code's own does. */
export function nodePathSetting(): string | undefined {
  const value = vscode.workspace.getConfiguration('modelStability').get<string>('nodePath');
  return value === undefined || value === '' ? undefined : value;
}
