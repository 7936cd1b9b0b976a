/** Is this model stable? */
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
  render({ state, kept, keep, call, openGallery }) {
    const { result, run } = state;
    if (!result || result.kind === 'sequence' || !isWhole(result)) return message(state, call);
    const evaluation = result.kind === 'stabilization' ? result.before : result;
    const folder = result.kind === 'stabilization' ? `${run ?? ''}/before` : run;
    return overview(evaluation, {
      measure: kept.overview.measure,
      choose: (measure) => keep({ overview: { ...kept.overview, measure } }),
      open: ({ name, strength, ...result }, measure) => openGallery({ run: folder, distortion: { name, strength }, changed: measure === 'labelInstability' && (labelInstability(result)?.count ?? 0) > 0 ? true : null }),
    });
  },
};
