import { css } from 'lit';

/** The heat map: cells of one width, so that columns stand under one another; tiles where each row has one cell. */
export const heatMapStyles = css`
  :host { display: block; }
  .map { display: grid; gap: 3px; padding: 2px; overflow-x: auto; --cell: 128px; }
  .map.middle-cells { --cell: 92px; }
  .map.narrow-cells { --cell: 72px; }
  .line { display: flex; gap: 3px; min-width: max-content; }
  .name { width: 132px; flex: none; align-self: center; font-weight: 600; overflow-wrap: anywhere; padding-inline-end: 8px; }
  .column { width: var(--cell); flex: none; color: var(--quiet); font-size: 0.9em; padding-inline: 8px; }
  .cell { position: relative; width: var(--cell); flex: none; display: grid; align-content: start; gap: 0 6px; padding: 4px 8px 5px; border: 1px solid var(--rule); cursor: pointer; isolation: isolate; }
  .cell:hover { outline: 1px solid var(--vscode-foreground); outline-offset: -1px; }
  .cell:focus-visible { outline: 2px solid var(--vscode-focusBorder); outline-offset: -1px; }
  .cell.marked { border: 2px solid var(--vscode-foreground); padding: 3px 7px 4px; }
  .back { position: absolute; inset: 0; width: 100%; height: 100%; z-index: -1; }
  .shade { fill: var(--vscode-charts-blue); }
  .heading { color: var(--vscode-foreground); font-size: 0.85em; line-height: 1.3; }
  .value { font-weight: 600; font-size: 1.08em; }
  .interval { display: none; font-size: 0.9em; }
  svg.bar { width: 100%; height: 10px; display: block; overflow: visible; }
  .bar .amount { fill: var(--vscode-foreground); opacity: 0.75; }
  .readout { min-height: 3em; padding: 7px 2px 0; color: var(--quiet); max-width: 72em; }
  .ends { display: flex; flex-wrap: wrap; gap: 2px 6px; align-items: center; color: var(--quiet); font-size: 0.9em; }
  .frame { fill: none; stroke: var(--rule); }
  .tiles { grid-template-columns: repeat(auto-fill, minmax(176px, 1fr)); gap: 8px; max-width: 1060px; }
  .tiles .line { display: grid; min-width: 0; gap: 2px; align-content: start; }
  .tiles .name { width: auto; align-self: start; padding: 0; font-weight: 400; }
  .tiles .cell { width: auto; padding: 8px 10px 9px; }
  .tiles .cell.marked { padding: 7px 9px 8px; }
  .tiles .heading { display: none; }
  .tiles .value { font-size: 1.45em; font-weight: 600; line-height: 1.25; }
  .tiles .interval { display: block; }
  .tiles svg.bar { margin-top: 5px; }
  :host-context(.vscode-high-contrast) .cell { border-color: var(--vscode-contrastBorder); }
  @media (forced-colors: active) { .shade { fill: Highlight; } }
`;
