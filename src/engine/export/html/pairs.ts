import { formatDistortion } from '../../distortions/index.ts';
import type { DistortionSpec, LabelledProbability } from '../../results.ts';
import type { PairPictureFiles } from '../../runs/queries.ts';
import { amplification, type ShownPair } from '../worstPairs.ts';
import { html, type Html } from './page.ts';

/** The worst pairs of a distortion with their pictures. */
export function pairsSection(distortion: DistortionSpec, shown: readonly ShownPair[]): Html {
  return html`<section class="long"><h2>Worst pairs at ${formatDistortion(distortion)}</h2>
<p class="muted">Picture, distorted picture and their difference, ${amplification} times as strong; changed labels first, then by feature distance.</p>
<div class="pairs">${shown.map(figure)}</div></section>`;
}

function figure({ pair, pictures }: ShownPair): Html {
  const [a, b] = [answer(pair.topA[0], pair.labelA), answer(pair.topB[0], pair.labelB)];
  const changed = pair.labelA !== pair.labelB;
  const words = changed ? `label changed from ${a} to ${b}` : `label kept, ${a} and ${b}`;
  return html`<figure>${pictures ? images(pictures, pair.image, words) : html`<p class="muted">The picture is not there any more.</p>`}
<figcaption><span class="${changed ? 'changed' : ''}">${changed ? html`≠ ${a} → ${b}` : html`= ${a} → ${b}`}</span><br><span class="muted">feature distance ${pair.featureDistance.toFixed(3)} · ${pair.image}${pair.truth === null ? '' : ` · truth ${pair.truth}`}</span></figcaption></figure>`;
}

function images({ a, b, difference, width, height }: PairPictureFiles, name: string, words: string): Html {
  const image = (bytes: Uint8Array, text: string): Html => html`<img src="data:image/webp;base64,${Buffer.from(bytes).toString('base64')}" width="${width}" height="${height}" alt="${text}">`;
  return html`<div>${image(a, `${name}, clean`)}${image(b, `${name}, distorted: ${words}`)}${image(difference, 'difference')}</div>`;
}

/** `cat 0.61` */
function answer(top: LabelledProbability | undefined, label: string): string {
  return top ? `${top[0]} ${top[1].toFixed(2)}` : label;
}
