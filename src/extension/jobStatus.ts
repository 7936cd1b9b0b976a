import * as vscode from 'vscode';
import { describeProgress } from './describeProgress.ts';
import type { JobView } from '../protocol.ts';
import type { Jobs } from './jobs.ts';
import { jobTitle } from './jobTitle.ts';

/** Keeps the item of the status bar that shows the running job, for as long as there is one; a click opens the panel on it. */
export class JobStatus implements vscode.Disposable {
  readonly #jobs: Jobs;
  readonly #item: vscode.StatusBarItem;
  readonly #subscription: vscode.Disposable;
  #drawn: JobView | null = null;

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
    this.#item = vscode.window.createStatusBarItem('modelStability.job', vscode.StatusBarAlignment.Left, 10);
    this.#item.name = vscode.l10n.t('Model Stability: running job');
    this.#subscription = jobs.onDidChange(() => this.#draw());
  }

  #draw(): void {
    const { all } = this.#jobs;
    const [first] = all;
    if (!first) {
      this.#item.hide();
      return;
    }
    const { kind, model, progress, paused } = first.view;
    const title = jobTitle(kind, model);
    const more = all.length > 1 ? ` +${all.length - 1}` : '';
    this.#item.text = `$(${paused ? 'debug-pause' : 'sync~spin'}) ${title}${share(progress)}${more}`;
    this.#item.tooltip = paused ? vscode.l10n.t('Paused. Click to open the panel.') : (progress ? describeProgress(progress) : title);
    this.#item.accessibilityInformation = { label: `${title}. ${progress ? describeProgress(progress) : ''}`, role: 'button' };
    // Set once a job: an item whose command changes under the mouse loses the click.
    if (first.view !== this.#drawn) {
      this.#item.command = {
        title, command: 'modelStability.openPanel',
        arguments: [vscode.Uri.file(first.model), kind === 'stabilize' ? 'training' : 'overview'],
      };
      this.#drawn = first.view;
    }
    this.#item.show();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#item.dispose();
  }
}

/** `, epoch 3 of 50` while a network is trained, `, 40 %` elsewhere, nothing where it is not known. */
function share(progress: Parameters<typeof describeProgress>[0] | null): string {
  if (!progress) return '';
  const { training, done, total } = progress;
  if (training) return `, ${vscode.l10n.t('epoch {0} of {1}', training.epoch, training.epochs)}`;
  return total > 0 ? `, ${Math.floor((100 * done) / total)} %` : '';
}
