import { css } from 'lit';

/** The view of feature distances: small multiples on one axis, a threshold through all of them. */
export const distancesStyles = css`
  :host { display: block; padding: 14px 16px 28px; max-width: 1180px; }
  .verdict { font-size: 1.3em; font-weight: 400; line-height: 1.4; max-width: 46em; text-wrap: pretty; }
  .details { max-width: 72em; padding-top: 4px; color: var(--quiet); }
  .message { display: grid; gap: 8px; justify-items: start; padding: 22px 0; }
  .controls { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; padding-top: 16px; }
  .slider { display: flex; align-items: center; gap: 8px; flex: 1 1 320px; max-width: 560px; }
  .slider input { flex: 1; min-width: 80px; }
  .slider b { min-width: 3.4em; }
  .shape { display: inline-flex; gap: 5px; align-items: center; }
  .shape input { accent-color: var(--vscode-focusBorder); margin: 0; }
  .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 10px 0 4px; color: var(--quiet); }
  .legend span { display: inline-flex; align-items: center; gap: 6px; }
  .panel { display: grid; grid-template-columns: 164px minmax(200px, 1fr) minmax(220px, 300px); gap: 0 14px; padding-top: 12px; }
  .panel h3 { grid-row: 1; overflow-wrap: anywhere; }
  .chart { grid-row: 1; grid-column: 2; height: 92px; cursor: crosshair; touch-action: none; }
  .scale { grid-row: 2; grid-column: 2; display: flex; justify-content: space-between; color: var(--quiet); font-size: 0.85em; }
  .found { grid-row: 1; grid-column: 3; align-self: center; }
  .found .numbers { white-space: normal; }
  svg.histogram { width: 100%; height: 100%; display: block; overflow: visible; }
  .curve { fill: none; stroke-width: 1.6; }
  .curve.before { stroke: var(--vscode-foreground); stroke-dasharray: 5 3; }
  .curve.control { stroke: var(--orange); stroke-dasharray: 1.5 2.5; }
  .curve.after { stroke: var(--vscode-charts-blue); stroke-width: 2.2; }
  .curve.negatives { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 8 2 1 2; }
  .hatch { stroke: var(--quiet); stroke-width: 1.6; opacity: 0.85; }
  .area.negatives { stroke: none; }
  .axis { stroke: var(--vscode-foreground); opacity: 0.5; fill: none; }
  .threshold { stroke: var(--vscode-charts-red); stroke-width: 2; fill: none; }
  .brush { fill: var(--vscode-foreground); opacity: 0.14; }
  .brushing { padding-top: 18px; }
  .brushing input { width: 84px; }
  section > h2 { padding: 22px 0 6px; }
  .scrolls { overflow-x: auto; }
  table.plain { border-collapse: collapse; }
  table.plain th { text-align: start; font-weight: 600; }
  table.plain thead th { font-weight: 400; color: var(--quiet); font-size: 0.9em; }
  table.plain th, table.plain td { padding: 3px 22px 3px 0; border-bottom: 1px solid var(--rule); }
  @container (max-width: 760px) { .panel { grid-template-columns: 1fr; } .panel h3, .chart, .scale, .found { grid-column: 1; grid-row: auto; } }
  @container (max-width: 560px) { :host { padding-inline: 10px; } table.plain th, table.plain td { padding-inline-end: 10px; } table.plain td .muted { display: block; } }
`;
