/** Is this model stable? */
import { isWhole, message } from '../messages.ts';
import { overviewIcon } from '../icons.ts';
import { overview } from '../overview/evaluationOverview.ts';
import { strings } from '../strings.ts';
import { overviewStyles } from '../styles/overview.ts';
import type { View } from './view.ts';

export const overviewView: View = {
  name: 'overview',
  title: strings.views.overview,
  icon: overviewIcon,
  isAvailable: () => true,
  fills: false,
  styles: [overviewStyles],
  render({ state, call, openGallery }) {
    const { result, run } = state;
    if (!result || !isWhole(result)) return message(state, call);
    const evaluation = result.kind === 'stabilization' ? result.before : result;
    const folder = result.kind === 'stabilization' ? `${run ?? ''}/before` : run;
    return overview(evaluation, (distortion) => openGallery({ run: folder, distortion, changed: true }));
  },
};
