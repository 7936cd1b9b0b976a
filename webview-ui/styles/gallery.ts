import { css } from 'lit';

/** The gallery's grid: rows of one height, positioned by a variable that the element sets, so that nothing is laid out twice. */
export const galleryStyles = css`
  :host { display: flex; flex-direction: column; min-height: 0; container-type: inline-size; --picture: 108px; }
  .toolbar { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: end; }
  .toolbar + .toolbar { flex: 1 1 auto; }
  .toolbars { display: flex; flex-wrap: wrap; gap: 6px 24px; align-items: end; padding: 8px 16px; }
  .joined { display: flex; gap: 4px; align-items: end; min-width: 0; }
  .choice input { width: 132px; }
  .clear { align-self: end; padding-bottom: 4px !important; }
  .layouts { display: flex; }
  .layouts button[aria-pressed='true'] { background: var(--vscode-toolbar-hoverBackground); border-color: var(--vscode-contrastActiveBorder, var(--vscode-focusBorder)); }
  .choice { display: grid; gap: 1px; min-width: 0; }
  .choice span { color: var(--quiet); font-size: 0.85em; }
  .counts { margin-inline-start: auto; align-self: center; white-space: nowrap; }
  .note { padding: 0 16px 6px; }
  .message { padding: 36px 16px; display: grid; gap: 8px; justify-items: start; max-width: 560px; }
  .grid { flex: 1; min-height: 0; overflow: auto; position: relative; contain: strict; border-top: 1px solid var(--rule); }
  .grid:focus-visible { outline-offset: -1px; }
  .head { position: sticky; top: 0; z-index: 1; background: var(--vscode-editor-background); border-bottom: 1px solid var(--rule); }
  .head-row { color: var(--quiet); font-size: 0.9em; padding-block: 3px; }
  .rows { position: relative; height: var(--rows-height); }
  .wide .head-row, .wide .row { display: grid; grid-template-columns: var(--picture) var(--picture) var(--picture) minmax(170px, 300px) minmax(260px, 900px); column-gap: 12px; padding-inline: 16px; justify-content: start; }
  .line { position: absolute; inset-inline: 0; top: 0; transform: translateY(var(--top)); }
  .row { height: 132px; border-bottom: 1px solid var(--rule); align-items: center; cursor: pointer; contain: strict; }
  .row:hover { background: var(--vscode-list-hoverBackground); }
  .grid:focus .row.active { outline: 1px solid var(--vscode-focusBorder); outline-offset: -2px; }
  .row.active { background: var(--vscode-list-hoverBackground); }
  .row > span { display: block; min-width: 0; }
  .picture { display: flex; align-items: center; justify-content: center; width: var(--picture); height: var(--picture); background: color-mix(in srgb, var(--vscode-foreground) 6%, transparent); }
  .picture img { display: block; max-width: 100%; max-height: 100%; width: 100%; height: 100%; object-fit: contain; }
  .picture img.small { image-rendering: pixelated; }
  .no-picture { color: var(--quiet); font-size: 0.85em; text-align: center; padding: 4px; }
  .cell-distance > *, .cell-answers > * { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .distance-line { display: flex !important; align-items: center; gap: 10px; }
  .distance-line .distance-value { min-width: 3.6em; }
  .distance-value { font-size: 1.25em; font-weight: 600; }
  svg.scale { width: 100%; height: 10px; margin-block: 3px; overflow: visible !important; }
  .scale .value { fill: var(--quiet); }
  .scale .place { fill: var(--vscode-charts-blue); }
  .labels { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .cell-answers > .labels { display: flex; align-items: center; gap: 5px; height: 22px; }
  .labels .label { overflow: hidden; text-overflow: ellipsis; min-width: 2em; flex: 0 1 auto; }
  .badge { flex: none; display: inline-flex; align-items: center; gap: 3px; font-size: 0.85em; }
  .badge.changed { font-weight: 600; }
  .badge.kept { color: var(--quiet); }
  .answer { display: grid !important; grid-template-columns: minmax(70px, 1fr) minmax(80px, 2fr) 6.6em; gap: 8px; align-items: center; height: 19px; font-size: 0.95em; }
  .answer-label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--quiet); }
  .answer.a .answer-label, .answer.b .answer-label { color: var(--vscode-foreground); font-weight: 600; }
  .answer.both .answer-label { color: var(--vscode-foreground); }
  .answer-bars { width: 100%; height: 12px; display: block; }
  .answer-bars .track { fill: none; }
  .answer-bars .a { fill: var(--quiet); }
  .answer-bars .b { fill: var(--vscode-charts-blue); }
  .answer-numbers { color: var(--quiet); white-space: nowrap; text-align: end; }
  .tile-line { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: 8px; height: 206px; padding: 6px 16px 2px; contain: strict; }
  .tile { border: 1px solid var(--rule); padding: 6px; cursor: pointer; overflow: hidden; min-width: 0; display: grid; align-content: start; gap: 1px; }
  .tile:hover, .tile.active { background: var(--vscode-list-hoverBackground); }
  .grid:focus .tile.active { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
  .tile-pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
  .tile .picture { width: 100%; height: 112px; }
  .tile .labels { display: flex; align-items: center; gap: 5px; padding-top: 3px; }
  .tile .distance-value { font-size: 1.05em; }
  .tile-line-text { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
  .skeleton { height: 10px; width: 80%; margin-block: 7px; background: var(--rule); border-radius: 2px; }
  .skeleton.short { width: 40%; }
  .narrow { --picture: clamp(72px, 17cqw, 84px); }
  .narrow .head-row, .narrow .row { display: grid; grid-template-columns: repeat(3, var(--picture)) minmax(0, 1fr); gap: 4px 8px; padding-inline: 10px; }
  .narrow .head-row > span, .slim .head-row > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .narrow .head-row > span:nth-child(n + 5), .slim .head-row > span:nth-child(n + 4) { position: absolute; width: 1px; height: 1px; clip-path: inset(50%); }
  .narrow .row { height: 164px; padding-block: 6px; align-content: start; align-items: start; }
  .narrow .cell-distance > .muted { font-size: 0.9em; }
  .narrow .cell-answers { grid-column: 1 / -1; display: grid !important; grid-template-columns: fit-content(65%) minmax(0, 1fr); column-gap: 12px; align-items: center; }
  .narrow .cell-answers > .origin { text-align: end; }
  .narrow .cell-answers > .answer, .narrow .cell-answers > .skeleton { grid-column: 1 / -1; }
  .slim .head-row { display: grid; grid-template-columns: repeat(3, minmax(0, var(--picture))); gap: 8px; padding-inline: 10px; }
  .slim .row { height: 284px; display: grid; grid-template-columns: repeat(3, minmax(0, var(--picture))); grid-template-rows: auto auto 1fr; gap: 4px 8px; padding: 6px 10px; align-content: start; align-items: start; }
  .slim .picture { width: 100%; height: 88px; }
  .slim .cell-distance, .slim .cell-answers { grid-column: 1 / -1; width: 100%; }
  @container (max-width: 860px) {
    .wide { --picture: 80px; }
    .wide .head-row, .wide .row { grid-template-columns: var(--picture) var(--picture) var(--picture) minmax(120px, 1fr) minmax(190px, 1.7fr); column-gap: 8px; padding-inline: 10px; justify-content: stretch; }
    .wide .head-row > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .slim { --picture: 108px; }
  }
  @container (max-width: 760px) {
    .toolbars { padding-inline: 10px; gap: 6px 8px; }
    .toolbar { display: contents; }
    .choice input { width: 96px; }
    .choice select { max-width: 130px; }
    .note { padding-inline: 10px; }
  }
`;
