import { css } from 'lit';

/** The stage of a pair: frames whose pictures share one zoom and one shift, as variables that the element sets. */
export const pairStageStyles = css`
  :host { display: block; --zoom: 1; --x: 0%; --y: 0%; --mix: 50%; }
  .bar { display: flex; flex-wrap: wrap; gap: 4px; align-items: center; padding-bottom: 8px; }
  .bar .mode[aria-pressed='true'] { outline: 2px solid var(--vscode-focusBorder); outline-offset: -2px; font-weight: 600; }
  .slider { display: inline-flex; align-items: center; gap: 6px; padding-inline-start: 8px; }
  .zoom { display: inline-flex; gap: 2px; margin-inline-start: auto; }
  .stage { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; }
  .stage:not(.side) { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); align-items: start; }
  .surface { position: relative; overflow: hidden; aspect-ratio: 1; max-height: 58vh; width: 100%; touch-action: none; cursor: grab; background: color-mix(in srgb, var(--vscode-foreground) 6%, transparent); }
  .surface:active { cursor: grabbing; }
  .swipe .surface { cursor: ew-resize; }
  .surface .picture { width: 100%; height: 100%; background: none; }
  .surface img { image-rendering: pixelated; user-select: none; transform: translate(var(--x), var(--y)) scale(var(--zoom)); }
  .over { position: absolute; inset: 0; }
  .swipe .over { clip-path: inset(0 0 0 var(--mix)); }
  .onion .over { opacity: var(--mix); }
  .over.gone { visibility: hidden; }
  .divider { position: absolute; inset-block: 0; inset-inline-start: var(--mix); width: 2px; margin-inline-start: -1px; background: var(--vscode-focusBorder); }
  .corner { position: absolute; top: 6px; padding: 0 6px; background: var(--vscode-editor-background); border: 1px solid var(--rule); }
  .corner.start { inset-inline-start: 6px; }
  .corner.end { inset-inline-end: 6px; }
  figcaption { padding-top: 4px; color: var(--quiet); font-size: 0.9em; }
  @container (max-width: 620px) {
    .zoom { margin-inline-start: 0; }
    .stage { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
    .stage.side > :last-child { grid-column: 1 / -1; justify-self: center; width: 50%; }
    .stage:not(.side) { grid-template-columns: 1fr; }
    .stage:not(.side) .surface { max-height: 44vh; }
  }
`;
