/** Distortion × strength: one measure of an evaluation as a heat map. */
import { html, nothing, type TemplateResult } from 'lit';
import { heatMap, type HeatCell } from '../charts/heatMap.ts';
import { shareScale } from '../charts/scale.ts';
import type { DistortionResult, Evaluation, Share } from '../../src/engine/results.ts';
import { distortionName, interval, measure, percent, points } from '../format.ts';
import { labelInstability } from '../measured.ts';
import { distortionMeaning, strings } from '../strings.ts';
import type { OverviewState } from '../viewState.ts';

const text = strings.overview;

/** Draws one distortion at one strength; `scales` are the ends of the bars. */
interface MapMeasure {
  name: OverviewState['measure'];
  has(evaluation: Evaluation): boolean;
  cell(result: DistortionResult, evaluation: Evaluation, end: number): Omit<HeatCell, 'heading' | 'sentence'>;
  /** The end of the common scale. */
  end(evaluation: Evaluation): number;
  ends(end: number): [string, string];
}

const shareBar = (share: Share, end: number): HeatCell['bar'] => ({ value: share.value / end, low: share.low / end, high: share.high / end });
const lostPrecision = (result: DistortionResult, { clean }: Evaluation): number => Math.max(0, (clean?.precisionAt1.value ?? 0) - (result.precisionAt1?.value ?? 0));

const measures: readonly MapMeasure[] = [
  {
    name: 'labelInstability',
    has: ({ distortions }) => distortions.some((result) => labelInstability(result) !== null),
    cell: (result, _, end) => {
      const share = labelInstability(result);
      return share === null ? { value: '–', shade: 0 } : { value: percent(share.value), note: interval(share), shade: share.value / end, bar: shareBar(share, end) };
    },
    end: ({ distortions }) => shareScale(distortions.map((result) => labelInstability(result)?.high ?? 0)),
    ends: (end) => text.mapEnds.labelInstability(percent(0), percent(end)),
  },
  {
    name: 'featureDistance',
    has: () => true,
    cell: ({ featureDistance: { median, p95 } }, _, end) => ({ value: measure(median), note: text.upTo(measure(p95)), shade: median / end, bar: { value: median / end, low: median / end, high: p95 / end } }),
    end: ({ distortions }) => Math.max(...distortions.map(({ featureDistance }) => featureDistance.p95)) || 1,
    ends: (end) => text.mapEnds.featureDistance('0', measure(end)),
  },
  {
    name: 'precisionAt1',
    has: ({ clean, distortions }) => clean !== null && distortions.some(({ precisionAt1 }) => precisionAt1 !== null),
    cell: (result, evaluation, end) => {
      const share = result.precisionAt1;
      return share === null ? { value: '–', shade: 0 } : { value: percent(share.value), note: points(share.value - (evaluation.clean?.precisionAt1.value ?? 0)), shade: lostPrecision(result, evaluation) / end, bar: shareBar(share, 1) };
    },
    end: (evaluation) => shareScale(evaluation.distortions.map((result) => lostPrecision(result, evaluation))),
    ends: (end) => text.mapEnds.precisionAt1(points(0), points(-end)),
  },
];

/** Everything that is known of a distortion at a strength, in a sentence. */
function sentence(result: DistortionResult, { clean }: Evaluation): string {
  const share = labelInstability(result);
  return [
    `${distortionName(result)}, ${distortionMeaning(result)}.`,
    share === null ? '' : text.shareSentence(percent(share.value), interval(share), share.count, share.of),
    text.distanceSentence(measure(result.featureDistance.median), measure(result.featureDistance.p95)),
    clean && result.precisionAt1 ? text.precisionSentence(percent(result.precisionAt1.value), interval(result.precisionAt1), points(result.precisionAt1.value - clean.precisionAt1.value)) : '',
  ].filter(Boolean).join(' ');
}

/** Strengths from the mildest to the strongest: by how far they move the pixels. */
const byStrength = (a: DistortionResult, b: DistortionResult): number => a.pixelDifference.mean - b.pixelDifference.mean;

/** The heat map with its choice of measure; `open` gets the distortion whose cell was chosen. */
export function measureMap(evaluation: Evaluation, chosen: OverviewState['measure'], choose: (measure: OverviewState['measure']) => void, open: (result: DistortionResult, measure: OverviewState['measure']) => void): TemplateResult {
  const offered = measures.filter((each) => each.has(evaluation));
  const shown = offered.find(({ name }) => name === chosen) ?? offered[0]!;
  const end = shown.end(evaluation);
  const names = [...new Set(evaluation.distortions.map(({ name }) => name))];
  const grouped = names.map((name) => evaluation.distortions.filter((result) => result.name === name).sort(byStrength));
  const areTiles = grouped.every(({ length }) => length === 1);
  const rows = grouped.map((results) => ({
    name: areTiles ? distortionName(results[0]!) : results[0]!.name,
    title: distortionMeaning(results[0]!),
    cells: results.map((result): HeatCell => ({ heading: String(result.strength), sentence: sentence(result, evaluation), ...shown.cell(result, evaluation, end) })),
  }));
  return html`
    ${offered.length < 2 ? nothing : html`<fieldset class="choices"><legend class="hidden">${text.measure}</legend>${offered.map(({ name }) => html`
      <label><input type="radio" name="measure" value=${name} .checked=${name === shown.name} @change=${() => choose(name)}>${text.measures[name]}</label>`)}</fieldset>`}
    ${heatMap({ label: text.map(text.measures[shown.name]), hint: text.mapHint, rows, columns: null, ends: shown.ends(end) }, ({ row, cell }) => open(grouped[row]![cell]!, shown.name))}`;
}
