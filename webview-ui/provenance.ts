/** The block that says how numbers were made, always in sight under them. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Evaluation, Preprocessing } from '../src/engine/results.ts';
import { duration, time } from './format.ts';
import { warningIcon } from './icons.ts';
import { preprocessingText, strings } from './strings.ts';

const text = strings.made;

/** Preprocessing and where it came from; a guess is marked, and says why it matters. */
export const preprocessingFact = (preprocessing: Preprocessing): TemplateResult => html`
  ${preprocessingText(preprocessing)}, ${preprocessing.from === 'guess'
    ? html`<span class="guess">${warningIcon()}${text.guess}</span><br><span class="muted">${text.guessWhy}</span>`
    : html`<span class="muted">${preprocessing.file === undefined ? text.from[preprocessing.from] : text.fromFile(preprocessing.file)}</span>`}`;

/** Pictures, seed, preprocessing, feature layer, engine, version and date of an evaluation. */
export function howItWasMade({ method, model, images, timing }: Pick<Evaluation, 'model' | 'images' | 'timing'> & { method: Omit<Evaluation['method'], 'pairs'> }): TemplateResult {
  const facts: [string, unknown][] = [
    [text.pictures, text.picturesText(method.images, images.evaluated, images.total)],
    [text.labels, text.labelsFrom[method.labels ?? 'none']],
    [text.preprocessing, preprocessingFact(method.preprocessing)],
    [text.features, model.featureLayer === null ? text.noFeatures : `${model.featureLayer}, ${method.featureNormalised ? text.normalised : text.notNormalised}`],
    [text.seed, String(method.seed)],
    [text.engine, method.engine],
    [text.model, `${model.path}, ${text.sha(model.sha256)}`],
    [text.version, method.version],
    [text.date, `${time(method.startedAt)}, ${duration(timing.wallSeconds)}`],
  ];
  return html`
    <section class="made">
      <h2>${text.title}</h2>
      <dl class="facts-list">${facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)}</dl>
      ${images.skipped.length === 0 ? nothing : html`
        <details><summary>${warningIcon()} ${text.skipped(images.skipped.length)}</summary>
          <ul>${images.skipped.slice(0, 100).map(({ path, reason }) => html`<li>${path}: ${reason}</li>`)}${images.skipped.length > 100 ? html`<li>${strings.editor.more(images.skipped.length - 100)}</li>` : nothing}</ul>
        </details>`}
    </section>`;
}
