import { html, nothing, svg, type TemplateResult } from 'lit';
import type { EpochLosses } from '../../src/engine/results.ts';
import { measure } from '../format.ts';
import { strings } from '../strings.ts';
import { curveX } from './scale.ts';

type LossName = Exclude<keyof EpochLosses, 'epoch'>;

/** Losses over the epochs, two small charts side by side: the loss and its stability term, training and validation. */
export function lossChart(history: EpochLosses[], bestEpoch: number): TemplateResult {
  const chart = (names: LossName[]): TemplateResult | typeof nothing => {
    const values = history.flatMap((epoch) => names.map((name) => epoch[name])).filter((value): value is number => value !== null && Number.isFinite(value));
    if (values.length === 0) return nothing;
    const top = Math.max(...values);
    const bottom = Math.min(0, ...values);
    const y = (value: number): number => 76 - (value - bottom) / (top - bottom || 1) * 70;
    const best = history.findIndex(({ epoch }) => epoch === bestEpoch);
    const path = (name: LossName): string => history.map((epoch, index) => ({ value: epoch[name], x: curveX(index, history.length) }))
      .filter((point): point is { value: number; x: number } => point.value !== null && Number.isFinite(point.value)).map(({ value, x }) => `${x} ${y(value).toFixed(2)}`).join('L');
    return html`
      <figure class="loss">
        <svg viewBox="0 0 100 80" preserveAspectRatio="none" role="img" aria-label=${`${names.map((name) => strings.compareView.lossNames[name]).join(', ')}. ${strings.compareView.lossText(history.length, bestEpoch)}`}>
          <path class="axis" vector-effect="non-scaling-stroke" d="M0 76H100"/>
          ${best < 0 ? nothing : svg`<path class="best" vector-effect="non-scaling-stroke" d="M${curveX(best, history.length)} 2V76"/>`}
          ${names.map((name) => path(name) ? svg`<path class=${name.startsWith('validation') ? 'validation' : 'training'} vector-effect="non-scaling-stroke" d="M${path(name)}"/>` : nothing)}
        </svg>
        <figcaption>${names.map((name) => html`<span class="key"><svg viewBox="0 0 20 8" width="20" height="8" aria-hidden="true"><path class=${name.startsWith('validation') ? 'validation' : 'training'} d="M0 4H20"/></svg>${strings.compareView.lossNames[name]} ${lastValue(history, name)}</span>`)}</figcaption>
      </figure>`;
  };
  return html`<div class="losses">${chart(['loss', 'validationLoss'])}${chart(['stabilityLoss', 'validationStabilityLoss'])}</div>`;
}

function lastValue(history: EpochLosses[], name: LossName): string {
  const first = history[0]?.[name];
  const last = history.at(-1)?.[name];
  return first === null || first === undefined || last === null || last === undefined ? '' : `${measure(first)} → ${measure(last)}`;
}
