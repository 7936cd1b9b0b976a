import { css } from 'lit';

/** Points of a search: the plot, what is known of the selected one, the heat map. */
export const sweepStyles = css`
  .sweep-plot { display: grid; grid-template-columns: 54px minmax(0, 1fr); max-width: 860px; padding: 14px 24px 0 0; }
  .sweep-plot > svg { display: block; overflow: visible; }
  .sweep-plot .sweep-points { width: 100%; }
  .sweep-plot text { fill: var(--vscode-foreground); font-size: 0.9em; }
  .sweep-scale text { fill: var(--quiet); }
  .sweep-plot .ends-of-axis { grid-column: 2; display: flex; justify-content: space-between; gap: 10px; color: var(--quiet); font-size: 0.9em; padding-top: 4px; }
  .front { stroke: var(--vscode-charts-blue); stroke-width: 2; }
  .sweep-point { cursor: pointer; outline: none; }
  .target { fill: transparent; }
  .sweep-mark { fill: var(--vscode-editor-background); stroke: var(--vscode-foreground); stroke-width: 1.6; }
  .on-front .sweep-mark, .sweep-mark.on-front { fill: var(--vscode-charts-blue); stroke: var(--vscode-charts-blue); }
  .ring { fill: none; stroke: var(--vscode-foreground); stroke-width: 1.5; }
  .sweep-point:focus-visible .target { stroke: var(--vscode-focusBorder); stroke-width: 2; }
  .sweep-legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 8px 0 0 54px; color: var(--quiet); }
  .sweep-legend span { display: inline-flex; align-items: center; gap: 5px; }
  .sweep-details { border-inline-start: 3px solid var(--vscode-charts-blue); padding-inline-start: 12px; }
  .sweep-buttons { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; padding-top: 8px; }
  .sweep-choices { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 20px; padding-bottom: 8px; }
  .sweep-choices .picker { display: flex; align-items: center; gap: 6px; color: var(--quiet); }
  .sweep-choices .choices { border: 0; margin: 0; padding: 0; display: flex; gap: 14px; }
  .sweep-choices .choices label { display: inline-flex; gap: 5px; align-items: center; }
  .sweep-choices input { accent-color: var(--vscode-focusBorder); margin: 0; }
  .sweep-table { margin-top: 22px; }
  .sweep-table summary { cursor: pointer; padding-bottom: 6px; }
`;
