/** What the panel says where there are no numbers to show: always what is the matter, and what to do. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Run } from '../src/engine/results.ts';
import type { PanelState } from '../src/protocol.ts';
import { canStart } from './header.ts';
import type { CallHost } from './rpc.ts';
import { strings } from './strings.ts';

const text = strings.empty;

const block = (title: string, advice: string, buttons: TemplateResult | typeof nothing = nothing, role: 'alert' | 'status' = 'status'): TemplateResult =>
  html`<div class="message" role=${role}><h2>${title}</h2><p class="muted">${advice}</p>${buttons === nothing ? nothing : html`<div class="buttons">${buttons}</div>`}</div>`;

/** Whether a run holds what the screens draw; one that was cut short may lack all of it. */
export function isWhole(run: Run): boolean {
  const parts: Partial<Record<string, unknown>> = { ...run };
  if (run.kind === 'sequence') return parts['clips'] !== undefined;
  return run.kind === 'evaluation' ? Array.isArray(parts['distortions']) && run.distortions.length > 0 || run.state === 'done'
    : parts['before'] !== undefined && parts['control'] !== undefined && parts['after'] !== undefined && parts['comparison'] !== undefined && parts['overControl'] !== undefined;
}

/** What stands in the way of every view, or null where nothing does. */
export function gatekeeper(state: PanelState, host: CallHost): TemplateResult | null {
  const { model, info, modelError, result, comparison } = state;
  if (result || comparison) return null;
  if (!model) return block(text.noModel[0]!, text.noModel[1]!);
  if (modelError !== null) return block(text.modelError(model.name), modelError, html`<button class="secondary" @click=${() => void host('showLog')}>${strings.showLog}</button>`, 'alert');
  if (!info) return block(...(text.reading(model.name) as [string, string]));
  return null;
}

/** What the views say without a run: the first of the reasons that holds. */
export function message(state: PanelState, host: CallHost): TemplateResult {
  const log = html`<button class="secondary" @click=${() => void host('showLog')}>${strings.showLog}</button>`;
  if (state.runError !== null) return block(text.runError, state.runError, log, 'alert');
  if (state.result) {
    if (state.result.state === 'failed') return block(text.runFailed[0]!, text.runFailed[1]!, log);
    return state.result.state === 'cancelled' ? block(text.runCancelled[0]!, text.runCancelled[1]!) : block(text.runRunning[0]!, text.runRunning[1]!);
  }
  if (state.run !== null) return block(text.readingRun[0]!, text.readingRun[1]!);
  if (state.job) return block(...(text.running(state.job.kind) as [string, string]));
  if (!state.trusted) return block(text.untrusted[0]!, text.untrusted[1]!);
  if (state.images === null) return block(text.noPictures[0]!, text.noPictures[1]!, html`<button class="primary" name="chooseImages" @click=${() => void host('chooseImages')}>${strings.choosePictures}</button>`);
  if (state.runs.length > 0) return block(text.choose[0]!, text.choose[1]!);
  return block(text.noRun[0]!, text.noRun[1]!, html`<button class="primary" ?disabled=${!canStart(state)} @click=${() => void host('evaluate')}>${strings.evaluate}</button>
    <button class="link" name="chooseImages" @click=${() => void host('chooseImages')}>${state.images}</button>`);
}
