import { css } from 'lit';

/** What only the comparison has: dot plots, the search table, the losses. */
export const compareStyles = css`
  .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; padding-top: 10px; color: var(--quiet); }
  .legend span { display: inline-flex; align-items: center; gap: 5px; }
  .table.changes { grid-template-columns: minmax(110px, auto) minmax(160px, 2fr) repeat(7, auto); }
  .table.changes.two-runs { grid-template-columns: minmax(110px, auto) minmax(160px, 2fr) repeat(5, auto); }
  .differences { border-inline-start: 3px solid var(--vscode-charts-yellow); padding: 4px 12px; margin-bottom: 14px; }
  .differences .notes { padding: 4px 0 0; }
  .dots { display: grid; gap: 0; padding-inline: 6px; }
  .dots svg.dot { width: 100%; display: block; overflow: visible; height: 13px; }
  .before { color: var(--vscode-charts-foreground, var(--vscode-foreground)); }
  .control { color: var(--orange); }
  .after { color: var(--vscode-charts-blue); }
  .dot circle, .dot path:not(.whisker), .mark circle, .mark path { fill: currentColor; stroke: currentColor; stroke-width: 1.5; }
  .dot.before circle, .mark.before circle { fill: var(--vscode-editor-background); }
  .dot .whisker { stroke: currentColor; }
  .open-parts { display: flex; flex-wrap: wrap; gap: 6px; padding-top: 14px; }
  table.plain { border-collapse: collapse; }
  table.plain th { text-align: start; font-weight: 400; color: var(--quiet); font-size: 0.9em; }
  table.plain th, table.plain td { padding: 3px 18px 3px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
  table.plain tr.is-chosen td { font-weight: 600; }
  .scrolls { overflow-x: auto; }
  .losses { display: flex; flex-wrap: wrap; gap: 20px; }
  .loss { flex: 1 1 240px; max-width: 420px; min-width: 0; }
  .loss > svg { width: 100%; height: 120px; display: block; }
  .loss path.training, .loss path.validation { fill: none; stroke-width: 1.5; stroke: var(--vscode-charts-blue); }
  .loss path.validation { stroke: var(--orange); stroke-dasharray: 4 3; }
  .loss path.best { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 3; }
  .loss figcaption { display: flex; flex-wrap: wrap; gap: 2px 14px; color: var(--quiet); font-size: 0.9em; }
  .loss .key { display: inline-flex; align-items: center; gap: 4px; }
  @container (max-width: 1020px) {
    .table.changes, .table.changes.two-runs { grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); column-gap: 16px; }
    .table.changes .two { white-space: normal; }
    .table.changes [role='columnheader'] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .table.changes [role='cell'], .table.changes [role='rowheader'] { border: 0; padding: 3px 0; justify-content: start; }
    .table.changes [role='rowheader'], .table.changes .whole { grid-column: 1 / -1; }
    .table.changes [role='rowheader'] { border-top: 1px solid var(--rule); padding-top: 10px; margin-top: 6px; }
    .table.changes .narrow-label { display: block; }
  }
  @container (max-width: 760px) {
    table.plain th, table.plain td { padding-inline-end: 10px; }
    table.plain .muted { display: block; white-space: normal; }
  }
`;
