import type { Evaluation } from '../../results.ts';
import type { ReportWords } from '../words.ts';
import { style } from './style.ts';

/** Text that is markup already; everything else is escaped where it is put into some. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = Html | readonly Html[] | string | number;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };

/** Markup with values in it: `html\`<p>${name}</p>\``; names come from anyone, so that text is escaped. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((markup, string, index) => `${markup}${markupOf(parts[index - 1]!)}${string}`));
}

function markupOf(part: Part): string {
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(({ markup }) => markup).join('');
  return String(part).replace(/[&<>"']/g, (character) => entities[character]!);
}

/** What every kind of run says about how it was made. */
export type Described = Pick<Evaluation, 'model' | 'images'> & { method: Omit<Evaluation['method'], 'pairs'> };

/** The whole file. */
export function page(title: string, { method, model, images }: Described, words: ReportWords, sections: readonly Html[]): string {
  return html`<!doctype html>
<html lang="${words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="muted">${words.pictures(images.evaluated)} · ${model.format} · ${method.startedAt.slice(0, 16).replace('T', ' ')} UTC · Model Stability ${method.version}</p>
</header>
<main>
${sections}
</main>
</body>
</html>
`.markup;
}
