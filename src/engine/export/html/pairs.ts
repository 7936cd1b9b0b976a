import { formatDistortion } from '../../distortions/index.ts';
import type { DistortionSpec, LabelledProbability } from '../../results.ts';
import type { PairPictureFiles } from '../../runs/queries.ts';
import type { ReportWords } from '../words.ts';
import { amplification, type ShownPair } from '../worstPairs.ts';
import { html, type Html } from './page.ts';

/** The worst pairs of a distortion with their pictures. */
export function pairsSection(distortion: DistortionSpec, shown: readonly ShownPair[], words: ReportWords): Html {
  return html`<section class="long"><h2>${words.worstPairs(formatDistortion(distortion))}</h2>
<p class="muted">${words.worstPairsMean(amplification)}</p>
<div class="pairs">${shown.map((pair) => figure(pair, words))}</div></section>`;
}

function figure({ pair, pictures }: ShownPair, words: ReportWords): Html {
  const [a, b] = [answer(pair.topA[0], pair.labelA, words), answer(pair.topB[0], pair.labelB, words)];
  const changed = pair.labelA !== pair.labelB;
  const told = changed ? words.labelChanged(a, b) : words.labelKept(a, b);
  return html`<figure>${pictures ? images(pictures, pair.image, told, words) : html`<p class="muted">${words.pictureGone}</p>`}
<figcaption><span class="${changed ? 'changed' : ''}">${changed ? html`≠ ${a} → ${b}` : html`= ${a} → ${b}`}</span><br><span class="muted">${words.pairFacts(words.decimal(pair.featureDistance, 3), pair.image)}${pair.truth === null ? '' : ` · ${words.truth(pair.truth)}`}</span></figcaption></figure>`;
}

function images({ a, b, difference, width, height }: PairPictureFiles, name: string, told: string, words: ReportWords): Html {
  const image = (bytes: Uint8Array, text: string): Html => html`<img src="data:image/webp;base64,${Buffer.from(bytes).toString('base64')}" width="${width}" height="${height}" alt="${text}">`;
  return html`<div>${image(a, words.cleanPicture(name))}${image(b, words.distortedPicture(name, told))}${image(difference, words.difference)}</div>`;
}

/** `cat 0.61` */
function answer(top: LabelledProbability | undefined, label: string, { decimal }: ReportWords): string {
  return top ? `${top[0]} ${decimal(top[1], 2)}` : label;
}
