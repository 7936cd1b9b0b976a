/** How far do features move? */
import { html } from 'lit';
import '../distances/distances.ts';
import type { DistancesActions } from '../distances/distances.ts';
import { gallerySources } from '../gallery/sources.ts';
import { distancesIcon } from '../icons.ts';
import { message } from '../messages.ts';
import { strings } from '../strings.ts';
import type { View } from './view.ts';

export const distancesView: View = {
  name: 'distances',
  title: strings.views.distances,
  icon: distancesIcon,
  isAvailable: ({ result, comparison }) => result?.kind !== 'sequence' || comparison !== null,
  fills: false,
  styles: [],
  render({ state, kept, keep, ask, call, openGallery }) {
    const all = gallerySources(state);
    // Where two runs were compared, these two stand side by side; else the parts of the run on screen.
    const { comparison } = state;
    const sources = comparison ? all.filter(({ run }) => run === comparison.a.run || run === comparison.b.run) : all;
    if (sources.length === 0) return message(state, call);
    const actions: DistancesActions = {
      keep: (change) => keep({ distances: { ...kept.distances, ...change } }),
      openGallery: (run, distortion, distance) => openGallery({ run, distortion, distance }),
    };
    return html`<model-stability-distances .ask=${ask} .sources=${sources} .view=${kept.distances} .actions=${actions}></model-stability-distances>`;
  },
};
