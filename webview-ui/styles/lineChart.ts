import { css } from 'lit';

/** Lines that differ in their dashes, and only then in colour. */
export const lineChartStyles = css`
  .line-chart { display: grid; grid-template-columns: 46px minmax(0, 1fr) minmax(118px, 168px); align-items: start; max-width: 1060px; }
  .line-chart svg { display: block; overflow: visible; }
  .line-chart .plot { width: 100%; }
  .line-chart .plot.is-chosen-from { cursor: crosshair; }
  .line-chart .labels { width: 100%; }
  .line-chart text { fill: var(--vscode-foreground); font-size: 0.9em; }
  .line-chart .scale text { fill: var(--quiet); }
  .line-chart .under { grid-column: 2; width: 100%; }
  .line-chart .ends-of-axis { grid-column: 2; display: flex; justify-content: space-between; color: var(--quiet); font-size: 0.9em; }
  .grid-line { stroke: var(--vscode-charts-lines, var(--rule)); stroke-width: 1; opacity: 0.35; }
  .mark-line { stroke: var(--vscode-charts-red); stroke-width: 1; opacity: 0.55; }
  .mark { fill: var(--vscode-charts-red); }
  .flag-line { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 3; }
  .cursor { stroke: var(--vscode-foreground); stroke-width: 2; }
  .line { fill: none; stroke-width: 2; stroke-linecap: butt; stroke-linejoin: round; }
  .line.kind-0 { stroke: var(--vscode-charts-blue); }
  .line.kind-1 { stroke: var(--orange); stroke-dasharray: 7 4; }
  .line.kind-2 { stroke: var(--vscode-charts-green); stroke-dasharray: 2 3; }
  .line.kind-3 { stroke: var(--vscode-charts-purple); stroke-dasharray: 10 3 2 3; }
  .line.kind-4 { stroke: var(--vscode-charts-yellow); stroke-dasharray: 14 6; }
  .line.kind-5 { stroke: var(--vscode-charts-foreground, var(--vscode-foreground)); stroke-dasharray: 4 2 1 2 1 2; }
  @container (max-width: 560px) { .line-chart { grid-template-columns: 46px minmax(0, 1fr) 132px; } }
`;
