/** How is training going? */
import { html, nothing, type TemplateResult } from 'lit';
import { trainingCurves } from '../charts/trainingCurves.ts';
import { duration } from '../format.ts';
import { trainingIcon } from '../icons.ts';
import { isWhole, message } from '../messages.ts';
import { said } from '../said.ts';
import { strings } from '../strings.ts';
import { lineChartStyles } from '../styles/lineChart.ts';
import { trainingStyles } from '../styles/training.ts';
import type { JobView } from '../../src/protocol.ts';
import type { View, ViewContext } from './view.ts';

const text = strings.training;

/** A training under way: what is trained, how far it is, and the ways to steer it. */
function live({ call }: ViewContext, { progress, paused, finishing }: JobView): TemplateResult {
  const training = progress?.training;
  const steer = (steering: 'pause' | 'resume' | 'finishEarly') => () => void call('steer', { steering });
  return html`
    <div class="view">
      <h2 class="verdict">${training ? text.title(training.number, training.of) : text.notYet}</h2>
      ${training ? html`
        <p class="details">${text.point(training.point)}</p>
        <p class="details">${[text.epochOf(training.epoch, training.epochs), ...(progress.secondsLeft === undefined || paused ? [] : [text.left(duration(progress.secondsLeft))]), ...(training.of > training.number ? [text.more(training.of - training.number)] : [])].join(' · ')}</p>
        ${progress.trainingSecondsLeft === undefined || training.of === training.number && progress.trainingSecondsLeft === progress.secondsLeft || paused ? nothing : html`<p class="details">${text.leftOfAll(duration(progress.trainingSecondsLeft))}</p>`}
        <p class="hidden" role="status">${text.status(training.history.length, training.epochs, training.bestEpoch)}</p>`
        : html`<p class="details">${text.before(progress ? said(progress.step) : strings.job.starting)}</p>`}
      <div class="training-buttons">
        ${paused
          ? html`<button class="primary" name="resume" @click=${steer('resume')}>${text.resume}</button>`
          : html`<button class="secondary" name="pause" @click=${steer('pause')}>${text.pause}</button>`}
        <button class="secondary" name="finishEarly" ?disabled=${finishing} title=${text.finishMeans} @click=${steer('finishEarly')}>${finishing ? text.finishing : text.finish}</button>
        <button class="secondary" name="cancelTraining" title=${text.cancelMeans} @click=${() => void call('cancel')}>${text.cancel}</button>
      </div>
      <p class="details">${paused ? text.pausedMeans : text.closeMeans}</p>
      ${training ? trainingCurves(training.history, training.epochs, training.bestEpoch) : nothing}
    </div>`;
}

export const trainingView: View = {
  name: 'training',
  title: strings.views.training,
  icon: trainingIcon,
  isAvailable: ({ job, result }) => job?.kind === 'stabilize' || result?.kind === 'stabilization',
  fills: false,
  styles: [lineChartStyles, trainingStyles],
  render(context) {
    const { job, result } = context.state;
    if (job?.kind === 'stabilize') return live(context, job);
    if (result?.kind !== 'stabilization' || !isWhole(result)) return message(context.state, context.call);
    const { trained, options, history } = result;
    return html`
      <div class="view">
        <h2 class="verdict">${text.done(trained.epochs, trained.bestEpoch)}</h2>
        <p class="details">${text.point(options)} ${text.stopped[trained.stopped]}</p>
        ${history.length === 0 ? nothing : trainingCurves(history, trained.epochs, trained.bestEpoch)}
      </div>`;
  },
};
