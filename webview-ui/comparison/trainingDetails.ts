/** What the training did: the file it wrote, the search for α and σ, the losses over the epochs. */
import { html, nothing, type TemplateResult } from 'lit';
import type { SearchPoint, Stabilization } from '../../src/engine/results.ts';
import { modelName } from '../../src/modelName.ts';
import { lossChart } from '../charts/lossChart.ts';
import { compact, duration, percent } from '../format.ts';
import { rightIcon } from '../icons.ts';
import { strings } from '../strings.ts';

const text = strings.compareView;

function searchTable({ search, options }: Stabilization): TemplateResult | typeof nothing {
  if (search.length === 0) return nothing;
  const isChosen = (point: SearchPoint): boolean => point.alpha === options.alpha && point.sigma === options.sigma && point.learningRate === options.learningRate && !point.rejected;
  const names = text.searchColumns;
  return html`
    <section><h2>${text.search}</h2>
      <div class="scrolls"><table class="plain search">
        <tr><th scope="col">${names.alpha}</th><th scope="col">${names.sigma}</th><th scope="col">${names.learningRate}</th><th scope="col">${names.precision}</th><th scope="col">${names.instability}</th><td></td></tr>
        ${search.map((point) => html`
          <tr class=${isChosen(point) ? 'is-chosen' : ''}>
            <td>${point.alpha}</td><td>${point.sigma}</td><td>${point.learningRate}</td>
            <td>${point.precisionAt1 === null ? text.noPrecision : percent(point.precisionAt1)}</td><td>${percent(point.labelInstability)}</td>
            <td>${isChosen(point) ? html`${rightIcon()} ${text.chosen}` : point.rejected ?? (point.alpha === 0 ? text.isControl : '')}</td>
          </tr>`)}
      </table></div>
    </section>`;
}

/** File, options, search and losses of a stabilization. */
export function trainingDetails(result: Stabilization, reveal: (path: string) => void): TemplateResult {
  const { trained, options, images, history, timing } = result;
  const facts: [string, unknown][] = [
    [text.output, html`<button class="link" title=${result.output} @click=${() => reveal(result.output)}>${modelName(result.output)}</button>${result.accepted ? nothing : html`<br><span class="muted">${text.rejectedFile}</span>`}`],
    [text.trained, `${trained.layers.join(', ')} (${strings.parameters(compact(trained.parameters))}), ${text.epochs(trained.epochs)}, ${text.bestEpoch(trained.bestEpoch)}, ${text.stopped[trained.stopped]}`],
    [text.options, text.optionsText(options)],
    [text.split, text.splitText(images.training, images.validation, images.test)],
    [strings.made.time, duration(timing.wallSeconds)],
  ];
  return html`
    <section><h2>${text.trained}</h2><dl class="facts-list">${facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)}</dl></section>
    ${searchTable(result)}
    ${history.length === 0 ? nothing : html`<section><h2>${text.loss}</h2>${lossChart(history, trained.bestEpoch)}</section>`}`;
}
