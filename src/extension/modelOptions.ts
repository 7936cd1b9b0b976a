import type * as vscode from 'vscode';
import type { EvaluateOptions, InspectOptions, JobOptions, StabilizeOptions } from '../engine/options.ts';
import type { Configs } from './configs.ts';
import type { ChosenParts } from './modelChoices.ts';
import { jobSettings, stabilizeSettings } from './settings.ts';

/** What a job is told beside its model, pictures and run. */
type Without<T> = Partial<Omit<T, 'model' | 'run'>>;

/**
 * The options of a model's jobs. What was chosen in the list of its layers wins over `model-stability.json`, and that over the
 * settings, since it says what the project wants whoever works on it.
 */
export class ModelOptions {
  readonly #configs: Configs;
  readonly #parts: ChosenParts;

  constructor(configs: Configs, parts: ChosenParts) {
    this.#configs = configs;
    this.#parts = parts;
  }

  /** What says how the model itself is read. Throws where the configuration cannot be read. */
  async inspect(model: vscode.Uri): Promise<Without<InspectOptions>> {
    const { preprocessing, classNamesFile, featureLayer } = await this.job(model);
    return {
      ...(preprocessing === undefined ? {} : { preprocessing }), ...(classNamesFile === undefined ? {} : { classNamesFile }),
      ...(featureLayer === undefined ? {} : { featureLayer }),
    };
  }

  /** What every job on pictures takes. */
  async job(model: vscode.Uri): Promise<Without<JobOptions>> {
    const config = await this.#configs.read(model);
    const { featureLayer } = this.#parts.of(model);
    const settings = jobSettings(model);
    const preprocessing = { ...settings.preprocessing, ...config?.job.preprocessing };
    return {
      ...settings, ...config?.job, ...(Object.keys(preprocessing).length > 0 ? { preprocessing } : {}), ...(featureLayer === null ? {} : { featureLayer }),
    };
  }

  async evaluate(model: vscode.Uri): Promise<Without<EvaluateOptions>> {
    return { ...await this.job(model), ...(await this.#configs.read(model))?.evaluation };
  }

  async stabilize(model: vscode.Uri): Promise<Without<StabilizeOptions>> {
    const { train } = this.#parts.of(model);
    return { ...await this.job(model), ...stabilizeSettings(model), ...(await this.#configs.read(model))?.training, ...(train === null ? {} : { train }) };
  }
}
