/** The panel's header: the model, its runs, what can be done, and how far the running job is. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Progress } from '../src/engine/results.ts';
import type { ModelInfo } from '../src/engine/results.ts';
import type { PanelState, RunListItem } from '../src/protocol.ts';
import { compact, distortionName, percent, shape, time } from './format.ts';
import { errorIcon } from './icons.ts';
import type { CallHost } from './rpc.ts';
import { said } from './said.ts';
import { strings } from './strings.ts';

/** "3×96×96 → 9 classes", parameters and feature layer of a model. */
export function modelFacts(info: ModelInfo): string[] {
  const input = info.inputs[0];
  const answer = info.classes !== null ? strings.classes(info.classes) : info.outputs.map((output) => shape(output.shape)).join(', ');
  return [`${input ? shape(input.shape) : '?'} → ${answer}`, strings.parameters(compact(info.parameters)), strings.featureLayer(info.featureLayer)];
}

/** A run of the picker: its name where it has one, when it began, what it is, what it came to. */
function runName({ name, kind, state, startedAt, summary, worst, accepted }: RunListItem): string {
  const what = accepted === undefined ? strings.kinds[kind] : `${strings.kinds[kind]}, ${accepted ? strings.outcomes.accepted : strings.outcomes.rejected}`;
  const figure = worst ? strings.worst(percent(worst.labelInstability), distortionName(worst)) : said(summary);
  return [name, time(startedAt), what, state === 'done' ? figure : strings.runStates[state]].filter(Boolean).join(' · ');
}

/** Whether a job may start: a readable model in a trusted workspace, and no job running. */
export const canStart = (state: PanelState): boolean => state.trusted && state.model !== null && state.info !== null && state.job === null;

/** Why the head cannot be stabilized, for the button's tooltip; empty where it can. */
const notTrainable = ({ info }: PanelState): string => info && info.trainable !== true ? info.trainable : '';

/** The buttons that start a job. */
export const jobButtons = (state: PanelState, host: CallHost): TemplateResult => html`
  <button class="secondary" name="evaluate" ?disabled=${!canStart(state)} @click=${() => void host('evaluate')}>${strings.evaluate}</button>
  <button class="primary" name="stabilize" ?disabled=${!canStart(state) || notTrainable(state) !== ''} title=${notTrainable(state) || nothing} @click=${() => void host('stabilize')}>${strings.stabilize}</button>`;

/** Name and facts of the model, the run picker and the buttons. One run is enough to compare: the other may be another model's. */
export function header(state: PanelState, host: CallHost): TemplateResult | typeof nothing {
  const { model, info, runs } = state;
  if (!model) return nothing;
  return html`
    <header class="top">
      <div class="model">
        <h1 title=${model.path}>${model.name}</h1>
        ${info ? html`<span class="format">${info.format}</span><span class="facts-line">${modelFacts(info).map((fact) => html`<span>${fact}</span>`)}</span>` : nothing}
      </div>
      <div class="actions">
        ${runs.length === 0 ? nothing : html`
          <label class="picker"><span>${strings.run}</span>
            <select name="run" @change=${(event: Event) => void host('openRun', { run: (event.target as HTMLSelectElement).value })}>
              ${state.run === null || !runs.some(({ run }) => run === state.run) ? html`<option value="" selected disabled>${strings.chooseRun}</option>` : nothing}
              ${runs.map((item) => html`<option value=${item.run} .selected=${item.run === state.run}>${runName(item)}</option>`)}
            </select>
          </label>
          <button class="secondary" name="compare" @click=${() => void host('compareRuns')}>${strings.compare}</button>`}
        ${jobButtons(state, host)}
      </div>
    </header>`;
}

const amounts = (progress: Progress): string[] => [
  strings.job.amount(progress),
  ...(progress.perSecond === undefined ? [] : [strings.job.speed(progress.perSecond)]),
  ...(progress.trainingSecondsLeft !== undefined ? [strings.job.leftOfTrainings(progress.trainingSecondsLeft)] : progress.secondsLeft === undefined ? [] : [strings.job.left(progress.secondsLeft)]),
];

/** Step, count, speed and time left of the running job, with a way to stop it. */
export function jobBar(state: PanelState, cancelling: boolean, cancel: () => void): TemplateResult | typeof nothing {
  const job = state.job;
  if (!job) return nothing;
  const { progress } = job;
  const title = strings.job.title(job.kind, job.model);
  const step = progress ? said(progress.step) : strings.job.starting;
  return html`
    <div class="job">
      <div><b role="status">${title}: ${step}</b>
        <span class="amounts numbers">${job.paused ? strings.job.paused : progress ? amounts(progress).join(' · ') : nothing}</span>
      </div>
      <button class="secondary" name="cancel" ?disabled=${cancelling} @click=${cancel}>${cancelling ? strings.cancelling : strings.cancel}</button>
      ${progress && progress.total > 0
        ? html`<progress aria-label=${title} max=${progress.total} .value=${progress.done}></progress>`
        : html`<div class="bar-unknown" role="progressbar" aria-label=${title}></div>`}
    </div>`;
}

/** The last job's failure as one sentence, with the way to the log. */
export const jobError = (state: PanelState, host: CallHost): TemplateResult | typeof nothing => state.jobError === null || state.job !== null ? nothing : html`
  <div class="banner error" role="alert">${errorIcon()}<p><b>${strings.job.failed}.</b> ${state.jobError}</p>
    <button class="secondary" name="showLog" @click=${() => void host('showLog')}>${strings.showLog}</button></div>`;
