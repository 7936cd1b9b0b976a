/** Did stabilizing help? */
import { html, type TemplateResult } from 'lit';
import type { Stabilization } from '../../src/engine/results.ts';
import { compareRuns, compareStabilization, type ComparePart } from '../comparison/comparison.ts';
import { PARTS } from '../gallery/sources.ts';
import { compareIcon } from '../icons.ts';
import { isWhole, message } from '../messages.ts';
import { strings } from '../strings.ts';
import { compareStyles } from '../styles/compare.ts';
import type { View, ViewContext } from './view.ts';

const stabilizationParts = (run: string): ComparePart[] => PARTS.map((part) => ({ name: strings.gallery.parts[part], run: `${run}/${part}` }));

/** Where two runs were compared and the run on screen is a stabilization, the user chooses which to see. */
function comparisonChoice({ kept, keep }: ViewContext): TemplateResult {
  const names = { runs: strings.compareView.two, stabilization: strings.compareView.stabilization };
  return html`<fieldset class="choices choose-comparison"><legend class="hidden">${strings.views.compare}</legend>${(['runs', 'stabilization'] as const).map((name) => html`
    <label><input type="radio" name="comparing" .checked=${kept.comparing === name} @change=${() => keep({ comparing: name })}>${names[name]}</label>`)}</fieldset>`;
}

function nothingToCompare({ state, call }: ViewContext): TemplateResult {
  const [title, advice] = strings.empty.noComparison;
  return html`<div class="message"><h2>${title}</h2><p class="muted">${advice}</p><div class="buttons">
    <button class="primary" ?disabled=${state.job !== null || !state.trusted} @click=${() => void call('stabilize')}>${strings.stabilize}</button>
    <button class="secondary" ?disabled=${state.runs.length < 2} @click=${() => void call('compareRuns')}>${strings.compare}</button></div></div>`;
}

export const compareView: View = {
  name: 'compare',
  title: strings.views.compare,
  icon: compareIcon,
  isAvailable: ({ result, comparison }) => result?.kind !== 'sequence' || comparison !== null,
  fills: false,
  styles: [compareStyles],
  render(context) {
    const { state, kept, call, openGallery } = context;
    const { result, comparison } = state;
    const stabilization: Stabilization | null = result?.kind === 'stabilization' && isWhole(result) ? result : null;
    const choice = comparison !== null && stabilization !== null ? comparisonChoice(context) : '';
    if (comparison && (!stabilization || kept.comparing === 'runs')) {
      return html`${choice}${compareRuns(comparison, [{ name: strings.compareView.a, run: comparison.a.run }, { name: strings.compareView.b, run: comparison.b.run }], openGallery)}`;
    }
    if (stabilization) {
      return html`${choice}${compareStabilization(stabilization, stabilizationParts(state.run ?? stabilization.run), openGallery, (path) => void call('revealFile', { path }))}`;
    }
    return !result || !isWhole(result) ? message(state, call) : nothingToCompare(context);
  },
};
