import { css } from 'lit';

/** Overview and comparison: verdict, tables that become blocks where it is narrow, facts. */
export const overviewStyles = css`
  .verdict { font-size: 1.3em; font-weight: 400; line-height: 1.4; max-width: 46em; text-wrap: pretty; }
  .verdict b { font-weight: 600; }
  .decision { padding-bottom: 6px; max-width: 72em; }
  .details { max-width: 72em; padding-top: 4px; color: var(--quiet); }
  .notes { list-style: none; padding: 0 0 12px; display: grid; gap: 3px; }
  .notes li { display: flex; gap: 6px; }
  .view > * + section { margin-top: 26px; }
  section > h2 { padding-bottom: 6px; }
  .table { display: grid; margin-top: 16px; align-items: center; }
  .table.measures { grid-template-columns: minmax(110px, auto) minmax(90px, 2.2fr) auto minmax(120px, 1.4fr) auto auto; }
  .table [role='row'], .table [role='rowgroup'] { display: contents; }
  .table [role='columnheader'] { color: var(--quiet); font-size: 0.9em; padding: 0 16px 4px 0; border-bottom: 1px solid var(--rule); align-self: end; text-align: start; }
  .table [role='cell'], .table [role='rowheader'] { padding: 6px 16px 6px 0; border-bottom: 1px solid var(--rule); align-self: stretch; display: flex; flex-direction: column; justify-content: center; min-width: 0; }
  .table [role='rowheader'] { font-weight: 600; overflow-wrap: anywhere; }
  .table .two { line-height: 1.3; white-space: nowrap; }
  .table .wrap { white-space: normal; }
  .axis-end { display: flex; justify-content: space-between; }
  svg.bar, svg.strip { width: 100%; height: 16px; display: block; overflow: visible; }
  svg.strip { height: 12px; }
  svg.bar .value { fill: var(--vscode-charts-blue); }
  svg.strip .value { fill: var(--quiet); }
  .under-table { color: var(--quiet); padding-top: 6px; font-size: 0.9em; }
  .facts-list { display: grid; grid-template-columns: auto 1fr; gap: 3px 16px; max-width: 900px; }
  .facts-list dt { color: var(--quiet); }
  .facts-list dd { overflow-wrap: anywhere; min-width: 0; }
  .guess { display: inline-flex; gap: 4px; font-weight: 600; }
  .curves { display: flex; flex-wrap: wrap; gap: 20px; }
  .curve { width: 260px; }
  .curve svg { width: 100%; height: 80px; display: block; }
  .curve .band { fill: var(--vscode-charts-blue); opacity: 0.25; }
  .curve .line { fill: none; stroke: var(--vscode-charts-blue); stroke-width: 2; }
  .axis { stroke: var(--rule); stroke-width: 1; fill: none; }
  .curve figcaption { font-weight: 600; }
  .curve ol { list-style: none; display: flex; justify-content: space-between; font-size: 0.85em; }
  .curve li { display: grid; text-align: center; }
  .curve li span { color: var(--quiet); }
  .narrow-label { display: none; color: var(--quiet); font-size: 0.9em; font-weight: 400; }
  @container (max-width: 760px) {
    .table.measures { grid-template-columns: 1fr 1fr; column-gap: 16px; }
    .table [role='columnheader'] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .table [role='cell'], .table [role='rowheader'] { border: 0; padding: 3px 0; }
    .table [role='rowheader'], .table .whole { grid-column: 1 / -1; }
    .table .after-break { border-bottom: 0; }
    .table [role='rowheader'] { border-top: 1px solid var(--rule); padding-top: 10px; margin-top: 6px; }
    .narrow-label { display: block; }
    .under-table.facts-list, .facts-list { grid-template-columns: 1fr; gap: 0; }
    .facts-list dd { padding-bottom: 6px; }
  }
  @container (max-width: 540px) { .table.measures .wide-cell { grid-column: 1 / -1; } }
`;

/** What only the comparison has: dot plots, the search table, the losses. */
export const compareStyles = css`
  .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; padding-top: 10px; color: var(--quiet); }
  .legend span { display: inline-flex; align-items: center; gap: 5px; }
  .table.changes { grid-template-columns: minmax(110px, auto) minmax(160px, 2fr) repeat(6, auto); }
  .table.changes.two-runs { grid-template-columns: minmax(110px, auto) minmax(160px, 2fr) repeat(4, auto); }
  .dots { display: grid; gap: 0; padding-inline: 6px; }
  .dots svg.dot { width: 100%; display: block; overflow: visible; height: 13px; }
  .before { color: var(--vscode-charts-foreground, var(--vscode-foreground)); }
  .control { color: var(--vscode-charts-orange); }
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
  .loss path.validation { stroke: var(--vscode-charts-orange); stroke-dasharray: 4 3; }
  .loss path.best { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 3; }
  .loss figcaption { display: flex; flex-wrap: wrap; gap: 2px 14px; color: var(--quiet); font-size: 0.9em; }
  .loss .key { display: inline-flex; align-items: center; gap: 4px; }
  @container (max-width: 1020px) {
    .table.changes, .table.changes.two-runs { grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); column-gap: 16px; }
    .table.changes [role='columnheader'] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .table.changes [role='cell'], .table.changes [role='rowheader'] { border: 0; padding: 3px 0; justify-content: start; }
    .table.changes [role='rowheader'], .table.changes .whole { grid-column: 1 / -1; }
    .table.changes [role='rowheader'] { border-top: 1px solid var(--rule); padding-top: 10px; margin-top: 6px; }
    .table.changes .narrow-label { display: block; }
  }
`;
