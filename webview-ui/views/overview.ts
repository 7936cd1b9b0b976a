/** Is this model stable? */
import { html, nothing } from 'lit';
import { isWhole, message } from '../messages.ts';
import { overviewIcon } from '../icons.ts';
import { overview } from '../overview/evaluationOverview.ts';
import { labelInstability } from '../measured.ts';
import { strings } from '../strings.ts';
import { overviewStyles } from '../styles/overview.ts';
import type { View } from './view.ts';

export const overviewView: View = {
  name: 'overview',
  title: strings.views.overview,
  icon: overviewIcon,
  isAvailable: ({ result }) => result?.kind !== 'sequence',
  fills: false,
  styles: [overviewStyles],
  render({ state, kept, keep, call, show, openGallery }) {
    const { result, run } = state;
    if (!result || result.kind === 'sequence' || !isWhole(result)) return message(state, call);
    const evaluation = result.kind === 'stabilization' ? result.before : result;
    const folder = result.kind === 'stabilization' ? `${run ?? ''}/before` : run;
    const after = result.kind === 'stabilization' ? html`<p class="details">${strings.overview.isBefore} <button class="link" @click=${() => show('compare')}>${strings.overview.toCompare}</button></p>` : nothing;
    return overview(evaluation, after, {
      measure: kept.overview.measure,
      choose: (measure) => keep({ overview: { ...kept.overview, measure } }),
      open: ({ name, strength, ...result }, measure) => openGallery({ run: folder, distortion: { name, strength }, changed: measure === 'labelInstability' && (labelInstability(result)?.count ?? 0) > 0 ? true : null }),
    });
  },
};
