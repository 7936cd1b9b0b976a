import { formatDistortion } from '../engine/distortions/index.ts';
import type { Comparison, Evaluation, ModelInfo, Share, ShareChange, Stabilization } from '../engine/results.ts';

/** A share in per cent. */
export const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const interval = (share: { low: number; high: number }): string => `${(100 * share.low).toFixed(1)}–${(100 * share.high).toFixed(1)}`;
/** A share with its 95 % interval; a dash where there is none. */
export const withInterval = (share: Share | null): string => (share ? `${percent(share.value)} (${interval(share)})` : '–');
const points = (value: number): string => `${value < 0 ? '−' : '+'}${(100 * Math.abs(value)).toFixed(1)}`;

/** Columns of text, the first one to the left, the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const format = (row: readonly string[]): string => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd();
  return [format(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(format)].join('\n');
}

/** What `inspect` prints for people. */
export function inspectText(info: ModelInfo): string {
  const { preprocessing: p } = info;
  const shape = (values: number[]): string => `[${values.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;
  const rows: [string, string][] = [
    ['format', info.format],
    ['file', `${(info.bytes / 1e6).toFixed(2)} MB, sha256 ${info.sha256.slice(0, 12)}…`],
    ['inputs', info.inputs.map((input) => `${input.name} ${shape(input.shape)} ${input.type}`).join(', ')],
    ...(info.inputSize.from === 'file' ? [] : [['input size', `${info.inputSize.width}×${info.inputSize.height} (${info.inputSize.from === 'guess' ? 'a guess' : `from ${info.inputSize.from}`})`] satisfies [string, string]]),
    ['outputs', info.outputs.map((output) => `${output.name} ${shape(output.shape)} ${output.type}`).join(', ')],
    ['answer', info.output === null ? 'no head was found' : `${info.classes ?? '?'} classes, ${info.output}`],
    ['parameters', `${info.parameters.toLocaleString('en')} in ${info.layers} layers`],
    ['operators', Object.entries(info.operators).map(([name, count]) => `${name} ${count}`).join(', ')],
    ['feature layer', info.featureLayer ?? 'none'],
    ['head', info.head ? `${info.head.layers.join(', ')} (${info.head.parameters.toLocaleString('en')} parameters)` : 'none'],
    ['trainable', info.trainable === true ? 'yes' : `no: ${info.trainable}`],
    ['preprocessing', p ? `${p.resize}, ${p.interpolation}, range ${p.range}${p.mean ? `, mean ${p.mean.join(' ')}` : ''}${p.std ? `, std ${p.std.join(' ')}` : ''}, ${p.channels} (${p.from === 'guess' ? 'a guess' : `from ${p.file ?? p.from}`})` : 'none'],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

/** The table of an evaluation, its warnings, and where it was written. */
export function evaluationText(evaluation: Evaluation, run?: string): string {
  const { clean, images } = evaluation;
  const rows = evaluation.distortions.map((result) => [
    formatDistortion(result), withInterval(result.labelInstability), result.featureDistance.median.toFixed(3), result.featureDistance.p95.toFixed(3),
    result.klDivergence?.mean.toFixed(4) ?? '–', withInterval(result.precisionAt1),
  ]);
  return [
    ...evaluation.warnings.map((warning) => `! ${warning}`),
    `${images.evaluated} pictures${clean ? `, clean precision@1 ${withInterval(clean.precisionAt1)}` : ', without labels'}`,
    '',
    table(['distortion', 'labels changed (95 %)', 'feature distance', 'p95', 'KL mean', 'precision@1 (95 %)'], rows),
    ...(evaluation.instability ? ['', `instability over all versions: ${withInterval(evaluation.instability)} of pictures are answered rightly in one version and wrongly in another`] : []),
    ...(run === undefined ? [] : ['', `run: ${run}`]),
  ].join('\n');
}

function change(value: ShareChange): string {
  return `${points(value.difference)} (${points(value.low)}…${points(value.high)})${value.p < 0.001 ? ' p<0.001' : ` p=${value.p.toFixed(3)}`}`;
}

/** Two shares and how the second differs; dashes for a model without classes. */
function changeCells(value: ShareChange | null): string[] {
  return value ? [percent(value.a.value), percent(value.b.value), change(value)] : ['–', '–', '–'];
}

/** The table of two runs. */
export function comparisonText(comparison: Comparison): string {
  const rows = comparison.distortions.map((item) => [
    formatDistortion(item), ...changeCells(item.labelInstability),
    `${item.pairs.newlyStable}`, `${item.pairs.newlyBroken}`, item.precisionAt1 ? change(item.precisionAt1) : '–',
  ]);
  const { clean } = comparison;
  return [
    ...comparison.differences.map((difference) => `! ${difference}`),
    `A: ${comparison.a.run}`, `B: ${comparison.b.run}`, '',
    table(['distortion', 'changed A', 'changed B', 'B − A, points (95 %)', 'newly stable', 'newly broken', 'precision@1 B − A'], rows),
    ...(clean ? ['', `clean precision@1: ${percent(clean.precisionAt1.a.value)} → ${percent(clean.precisionAt1.b.value)}, ${change(clean.precisionAt1)}`] : []),
    '', comparison.verdict,
  ].join('\n');
}

/** The points of a sweep that are worth a look: those that no other beats in both precision and stability. */
function searchTable({ search }: Stabilization): string {
  const rows = search.filter((point) => point.pareto).sort((a, b) => a.labelInstability - b.labelInstability).map((point) => [
    point.train ?? '', `${point.alpha}`, `${point.sigma}`, `${point.learningRate}`, `${point.epochs ?? ''}`, point.precisionAt1 === null ? '–' : percent(point.precisionAt1), percent(point.labelInstability), point.rejected ?? '',
  ]);
  return [`${search.filter(({ alpha }) => alpha > 0).length} points were tried; on the validation pictures none is better in both than these:`, table(['trained', 'α', 'σ', 'learning rate', 'epochs', 'precision@1', 'labels changed', ''], rows)].join('\n');
}

/** Before, control and stabilized side by side, then the verdict. */
export function stabilizationText(result: Stabilization): string {
  const { before, control, after, overControl, options } = result;
  const rows = before.distortions.map((item, index) => {
    const gain = overControl.distortions[index]!.labelInstability;
    return [`${formatDistortion(item)}${item.trainedOn ? ' *' : ''}`, withInterval(item.labelInstability), withInterval(control.distortions[index]!.labelInstability), withInterval(after.distortions[index]!.labelInstability), gain ? change(gain) : '–'];
  });
  const precision = (evaluation: Evaluation): string => withInterval(evaluation.clean?.precisionAt1 ?? null);
  const gained = overControl.clean ? change(overControl.clean.precisionAt1) : '–';
  return [
    ...result.warnings.map((warning) => `! ${warning}`),
    `labels changed on ${after.images.evaluated} test pictures that training and search never saw`,
    `α = ${options.alpha}, ${options.trainDistortions?.map(formatDistortion).join(' ') ?? `σ = ${options.sigma}`}, ${options.divergence}, ${options.optimizer}, learning rate ${options.learningRate}, ${options.train}, best epoch ${result.trained.bestEpoch} of ${result.trained.epochs}`,
    '',
    table(['distortion', 'before (95 %)', 'control, α = 0', 'stabilized', 'over the control, points'], [...rows, ['clean precision@1', precision(before), precision(control), precision(after), gained]]),
    ...(before.distortions.some((item) => item.trainedOn) ? ['* trained on: not held out'] : []),
    '',
    ...(options.sweep ? [searchTable(result), ''] : []),
    `${result.accepted ? 'accepted' : 'NOT accepted'}: ${result.reason}`,
    ...(result.advice === undefined ? [] : [result.advice]),
    `model: ${result.output}`,
    `run: ${result.run}`,
  ].join('\n');
}
