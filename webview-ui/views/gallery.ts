/** What does it get wrong? */
import { html } from 'lit';
import '../gallery/gallery.ts';
import { gallerySources } from '../gallery/sources.ts';
import { galleryIcon } from '../icons.ts';
import { message } from '../messages.ts';
import { strings } from '../strings.ts';
import type { GalleryState } from '../viewState.ts';
import type { View } from './view.ts';

export const galleryView: View = {
  name: 'gallery',
  title: strings.views.gallery,
  icon: galleryIcon,
  isAvailable: ({ result, comparison }) => result?.kind !== 'sequence' || comparison !== null,
  fills: true,
  styles: [],
  render({ state, kept, keep, ask, call }) {
    const sources = gallerySources(state);
    if (sources.length === 0) return message(state, call);
    return html`<model-stability-gallery .host=${ask} .sources=${sources} .view=${kept.gallery}
      @gallery-state=${(event: CustomEvent<Partial<GalleryState>>) => keep({ gallery: { ...kept.gallery, ...event.detail } })}></model-stability-gallery>`;
  },
};
