/** Which point of the search is the right one? */
import { html, nothing, type TemplateResult } from 'lit';
import type { SearchPoint, Stabilization } from '../../src/engine/results.ts';
import { heatMap, type HeatCell } from '../charts/heatMap.ts';
import { percent } from '../format.ts';
import { sweepIcon } from '../icons.ts';
import { isWhole, message } from '../messages.ts';
import { said } from '../said.ts';
import { strings } from '../strings.ts';
import { lineChartStyles } from '../styles/lineChart.ts';
import { sweepStyles } from '../styles/sweep.ts';
import { chosenPoint, groupsOf, isSameGroup, paretoFront, type PointGroup } from '../sweep/front.ts';
import { scatter } from '../sweep/scatter.ts';
import type { View, ViewContext } from './view.ts';

const text = strings.sweep;

/** Where the view stands; the point is an index into `search`, null for the one whose model was written. */
export interface SweepState {
  run: string | null;
  point: number | null;
  measure: 'labelInstability' | 'precisionAt1';
}

const pointText = (point: SearchPoint, train: string): string => text.point(point.alpha, point.sigma, point.learningRate, point.train ?? train);
const valuesText = (point: SearchPoint): string => text.values(percent(point.labelInstability), point.precisionAt1 === null ? null : percent(point.precisionAt1));

/** α × σ for one part and learning rate; points that were not tried leave their cell empty. */
function map(result: Stabilization, group: PointGroup, measure: SweepState['measure'], selected: number, chosen: number, select: (index: number) => void): TemplateResult {
  const { search, options } = result;
  const own = search.map((point, index) => ({ point, index })).filter(({ point }) => isSameGroup(group, { train: point.train ?? options.train, learningRate: point.learningRate }));
  // The control's σ means nothing: its noise has no weight.
  const alphas = [...new Set(own.map(({ point }) => point.alpha))].sort((a, b) => a - b);
  const sigmas = [...new Set(own.filter(({ point }) => point.alpha > 0).map(({ point }) => point.sigma))].sort((a, b) => a - b);
  const value = (point: SearchPoint): number => (measure === 'labelInstability' ? point.labelInstability : 1 - (point.precisionAt1 ?? 0));
  const end = Math.max(...search.map(value)) || 1;
  const cells = alphas.map((alpha) => sigmas.map((sigma) => own.find(({ point }) => point.alpha === alpha && (alpha === 0 || point.sigma === sigma)) ?? null));
  const rows = alphas.map((alpha, row) => ({
    name: alpha === 0 ? text.controlRow : `α ${alpha}`,
    cells: cells[row]!.map((found): HeatCell => found === null ? { heading: '', value: '–', shade: 0, sentence: text.notTried } : {
      heading: '', value: percent(measure === 'labelInstability' ? found.point.labelInstability : found.point.precisionAt1 ?? 0), shade: value(found.point) / end,
      ...markOf([...(found.index === chosen ? [text.chosen] : []), ...(found.index === selected ? [text.selected] : [])]),
      sentence: `${pointText(found.point, options.train)} ${valuesText(found.point)}${found.point.rejected === undefined ? '' : ` ${text.rejected(said(found.point.rejected))}`}`,
    }),
  }));
  return heatMap({ label: text.map(text.measures[measure]), hint: text.mapHint, rows, columns: sigmas.map((sigma) => `σ ${sigma}`), ends: measure === 'labelInstability' ? [percent(0), percent(end)] : [percent(1), percent(1 - end)] },
    ({ row, cell }) => {
      const found = cells[row]?.[cell];
      if (found) select(found.index);
    });
}

const markOf = (marks: readonly string[]): Pick<HeatCell, 'mark'> => (marks.length === 0 ? {} : { mark: marks.join(', ') });

/** Everything that is known of a point, and the way to its model. */
function details({ state, call }: ViewContext, result: Stabilization, index: number, chosen: number, front: readonly number[]): TemplateResult {
  const point = result.search[index]!;
  const notes = [
    ...(index === chosen ? [text.isChosen] : []), ...(point.alpha === 0 ? [text.isControl] : []), ...(front.includes(index) ? [text.isOnFront] : []),
    ...(point.rejected === undefined ? [] : [text.rejected(said(point.rejected))]), ...(point.epochs === undefined ? [] : [text.epochs(point.epochs, point.bestEpoch ?? 0)]),
  ];
  const run = state.run ?? result.run;
  return html`
    <section class="sweep-details" aria-label=${text.details}>
      <h2>${pointText(point, result.options.train)}</h2>
      <p class="details" aria-live="polite">${valuesText(point)} ${notes.join(' ')}</p>
      <div class="sweep-buttons">
        ${index === chosen ? html`<button class="secondary" name="reveal" @click=${() => void call('revealFile', { path: result.output })}>${text.reveal}</button>`
          : html`<button class="primary" name="writePoint" ?disabled=${point.kept !== true || !state.trusted} title=${point.kept === true ? nothing : text.notKept} @click=${() => void call('writePoint', { run, index })}>${text.write}</button>`}
        ${index !== chosen && point.kept !== true ? html`<span class="muted">${text.notKept}</span>` : nothing}
      </div>
    </section>`;
}

export const sweepView: View = {
  name: 'sweep',
  title: strings.views.sweep,
  icon: sweepIcon,
  isAvailable: ({ result }) => result?.kind === 'stabilization' && result.search.length > 2,
  fills: false,
  styles: [lineChartStyles, sweepStyles],
  render(context) {
    const { state, kept, keep, call } = context;
    const { result, run } = state;
    if (result?.kind !== 'stabilization' || !isWhole(result)) return message(state, call);
    const { search, options } = result;
    const chosen = chosenPoint(result);
    const front = paretoFront(search);
    const isKept = kept.sweep.run === run && kept.sweep.point !== null && search[kept.sweep.point] !== undefined;
    const selected = isKept ? kept.sweep.point! : Math.max(0, chosen);
    const labelled = search.some(({ precisionAt1 }) => precisionAt1 !== null);
    const measure = labelled ? kept.sweep.measure : 'labelInstability';
    const select = (point: number): void => keep({ sweep: { ...kept.sweep, run, point } });
    const groups = groupsOf(result);
    const { train = options.train, learningRate } = search[selected]!;
    const group = { train, learningRate };
    const isGrid = groups.length <= Math.max(1, search.length / 2);
    return html`
      <div class="view">
        <h2 class="verdict">${text.verdict(search.length, front.length)}</h2>
        <p class="details">${text.explain}</p>
        ${labelled ? scatter({ points: search, front, chosen, selected, nameOf: (index) => `${pointText(search[index]!, options.train)} ${valuesText(search[index]!)}${front.includes(index) ? ` ${text.isOnFront}` : ''}`, select }) : nothing}
        ${details(context, result, selected, chosen, front)}
        ${isGrid ? html`
          <section><h2>${text.mapTitle(groups.length > 1 ? group : null)}</h2>
            <div class="sweep-choices">
              ${groups.length < 2 ? nothing : html`<label class="picker"><span>${text.group}</span><select name="group" @change=${(event: Event) => select(firstOf(result, groups[Number((event.target as HTMLSelectElement).value)]!))}>
                ${groups.map((each, index) => html`<option value=${index} .selected=${isSameGroup(each, group)}>${text.groupName(each)}</option>`)}</select></label>`}
              ${labelled ? html`<fieldset class="choices"><legend class="hidden">${text.measure}</legend>${(['labelInstability', 'precisionAt1'] as const).map((name) => html`
                <label><input type="radio" name="sweep-measure" value=${name} .checked=${name === measure} @change=${() => keep({ sweep: { ...kept.sweep, measure: name } })}>${text.measures[name]}</label>`)}</fieldset>` : nothing}
            </div>
            ${map(result, group, measure, selected, chosen, select)}
          </section>` : nothing}
        ${table(result, front, chosen, selected, select)}
      </div>`;
  },
};

/** The most stable point of a group. */
function firstOf({ search, options }: Stabilization, group: PointGroup): number {
  const own = search.map((point, index) => ({ point, index })).filter(({ point }) => isSameGroup(group, { train: point.train ?? options.train, learningRate: point.learningRate }));
  return own.sort((a, b) => a.point.labelInstability - b.point.labelInstability)[0]?.index ?? 0;
}

/** All points, the most stable first. */
function table({ search, options }: Stabilization, front: readonly number[], chosen: number, selected: number, select: (index: number) => void): TemplateResult {
  const names = text.columns;
  const order = Array.from(search.keys()).sort((a, b) => search[a]!.labelInstability - search[b]!.labelInstability);
  return html`
    <details class="sweep-table"><summary>${text.all(search.length)}</summary>
      <div class="scrolls"><table class="plain">
        <tr><th scope="col">${names.train}</th><th scope="col">${names.alpha}</th><th scope="col">${names.sigma}</th><th scope="col">${names.learningRate}</th><th scope="col">${names.instability}</th><th scope="col">${names.precision}</th><th scope="col">${names.note}</th></tr>
        ${order.map((index) => {
          const point = search[index]!;
          const notes = [...(index === chosen ? [text.chosen] : []), ...(point.alpha === 0 ? [text.control] : []), ...(front.includes(index) ? [text.onFront] : []), ...(point.rejected === undefined ? [] : [said(point.rejected)])];
          return html`<tr class=${index === selected ? 'is-chosen' : ''}><td><button class="link" @click=${() => select(index)}>${point.train ?? options.train}</button></td><td>${point.alpha}</td><td>${point.sigma}</td><td>${point.learningRate}</td><td>${percent(point.labelInstability)}</td><td>${point.precisionAt1 === null ? '–' : percent(point.precisionAt1)}</td><td>${notes.join(', ')}</td></tr>`;
        })}
      </table></div>
    </details>`;
}
