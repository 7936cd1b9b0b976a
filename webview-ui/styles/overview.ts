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
  .table.measures { grid-template-columns: minmax(110px, auto) minmax(90px, 2.2fr) auto minmax(130px, 1.4fr) auto auto; }
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
