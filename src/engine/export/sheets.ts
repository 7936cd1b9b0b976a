import { extname } from 'node:path';
import { formatDistortion } from '../distortions/index.ts';
import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { breathe, UserError, type Job } from '../job.ts';
import { sharp } from '../pictures/sharp.ts';
import type { Evaluation } from '../results.ts';
import type { PairPictureFiles } from '../runs/queries.ts';
import { evaluationsOf, type ExportedRun } from './exportedRun.ts';
import type { ReportWords } from './words.ts';
import { amplification, worstPairs, type ShownPair } from './worstPairs.ts';

/** Pixels: longest side of a picture, between pictures, around tiles, and height of a tile's words and of the heading. */
const size = 160;
const gap = 4;
const margin = 16;
const captionHeight = 44;
const headingHeight = 40;
const columns = 2;
const tileWidth = 3 * size + 2 * gap;
const tileHeight = size + captionHeight;

interface Layer {
  input: Buffer;
  left: number;
  top: number;
}

/** A sheet of pictures for each distortion, `NAME.jpeg-50.png`: the worst pairs, each with A, B and their difference. */
export async function exportSheets(run: ExportedRun, output: string, job: Job): Promise<string[]> {
  const files: string[] = [];
  const { evaluation, folder } = evaluationsOf(run).at(-1)!;
  for (const distortion of evaluation.distortions) {
    const worst = await worstPairs(folder, distortion, Math.max(1, run.pairs), size);
    await breathe(job);
    if (!worst.some(({ pictures }) => pictures !== null)) continue;
    const ending = extname(output);
    const file = `${output.slice(0, output.length - ending.length)}.${formatDistortion(distortion).replace(':', '-')}${ending}`;
    await writeFileAtomic(file, await sheet(evaluation, formatDistortion(distortion), worst, run.words));
    files.push(file);
  }
  if (files.length === 0) throw new UserError(`the pictures of the run in ${run.folder} are not there any more: ${evaluation.method.images}`);
  return files;
}

async function sheet({ model }: Evaluation, distortion: string, shown: readonly ShownPair[], { decimal, ...said }: ReportWords): Promise<Buffer> {
  const rows = Math.ceil(shown.length / columns);
  const [width, height] = [margin + Math.min(columns, shown.length) * (tileWidth + margin), headingHeight + margin + rows * (tileHeight + margin)];
  const heading = said.sheet(model.path.replace(/^.*[\\/]/, ''), distortion, amplification);
  const layers: Layer[] = [...(await words(heading, { left: margin, top: margin }, width - 2 * margin, 15))];
  for (const [index, { pair, pictures }] of shown.entries()) {
    const left = margin + (index % columns) * (tileWidth + margin);
    const top = headingHeight + margin + Math.floor(index / columns) * (tileHeight + margin);
    if (pictures) layers.push(...(await tile(pictures, left, top)));
    const [a, b] = [pair.topA[0], pair.topB[0]].map((top) => top ? decimal(top[1], 2) : '');
    const answers = `${pair.labelA === pair.labelB ? said.sheetKept : said.sheetChanged}: ${pair.labelA} ${a!} → ${pair.labelB} ${b!}`;
    layers.push(...(await words(answers, { left, top: top + size + gap }, tileWidth, 13)));
    layers.push(...(await words(`${said.featureDistance} ${decimal(pair.featureDistance, 3)}, ${pair.image}${pictures ? '' : ` (${said.sheetGone})`}`, { left, top: top + size + gap + 20 }, tileWidth, 11)));
  }
  return sharp({ create: { width, height, channels: 3, background: '#ffffff' } }).composite(layers).png().toBuffer();
}

async function tile({ a, b, difference }: PairPictureFiles, left: number, top: number): Promise<Layer[]> {
  return Promise.all([a, b, difference].map(async (bytes, place) => ({ input: await sharp(bytes).png().toBuffer(), left: left + place * (size + gap), top })));
}

/**
 * A line of text, cut off where it is too wide. sharp's WebAssembly build draws none (it has no Pango): there the sheet has its
 * pictures alone.
 */
async function words(text: string, place: { left: number; top: number }, width: number, pixels: number): Promise<Layer[]> {
  if (!('pango' in sharp.versions)) return [];
  // Pango takes markup; names come from anyone.
  const markup = text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!);
  const line = await sharp({ text: { text: `<span foreground="#1f2328">${markup}</span>`, font: `sans ${pixels * 0.75}`, dpi: 96, rgba: true, wrap: 'none' } }).png().toBuffer({ resolveWithObject: true });
  if (line.info.width <= width) return [{ input: line.data, ...place }];
  return [{ input: await sharp(line.data).extract({ left: 0, top: 0, width, height: line.info.height }).png().toBuffer(), ...place }];
}
