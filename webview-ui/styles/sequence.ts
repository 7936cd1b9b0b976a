import { css } from 'lit';

/** The view of video frames. */
export const sequenceStyles = css`
  :host { display: block; container-type: inline-size; }
  .view { padding: 14px 16px 28px; max-width: 1180px; }
  .sequence-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; padding: 16px 0 10px; }
  .sequence-bar .picker { display: flex; align-items: center; gap: 6px; color: var(--quiet); min-width: 0; }
  .sequence-loading { height: 212px; }
  .sequence-slider { display: block; width: calc(100% - 46px - 168px); max-width: 846px; height: 18px; margin: 4px 0 0 46px; accent-color: var(--vscode-focusBorder); }
  .sequence-failed { padding-top: 8px; }
  .sequence-pair { padding-top: 14px; }
  .sequence-sentence { padding-bottom: 8px; min-height: 2.2em; }
  .sequence-two { display: grid; grid-template-columns: repeat(2, minmax(0, 430px)); gap: 14px; }
  .sequence-large { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px; border: 1px solid var(--rule); padding: 8px; }
  .is-flip .sequence-large { border-color: var(--vscode-charts-red); border-style: dashed; }
  .sequence-none { border: 1px dashed var(--rule); padding: 12px; color: var(--quiet); }
  .sequence-picture { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated; }
  .sequence-picture.skeleton { background: var(--rule); }
  .sequence-picture.is-missing { color: var(--quiet); font-size: 0.9em; overflow: auto; overflow-wrap: anywhere; }
  .sequence-large figcaption { min-width: 0; overflow-wrap: anywhere; }
  .sequence-large ol { list-style: none; padding-top: 8px; display: grid; gap: 4px; }
  .sequence-large li { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; align-items: center; }
  .sequence-large li:first-child .sequence-label { font-weight: 600; }
  .sequence-large li svg { grid-row: 2; grid-column: 1 / -1; width: 100%; height: 8px; display: block; }
  .sequence-large .amount { fill: var(--vscode-charts-blue); }
  .sequence-strip { list-style: none; display: flex; gap: 6px; padding: 14px 0 4px; overflow-x: auto; max-width: 1060px; }
  .sequence-strip li { position: relative; flex: 1 1 0; min-width: 64px; max-width: 104px; }
  .sequence-strip button { display: grid; width: 100%; background: none; border: 1px solid transparent; padding: 3px; grid-template-columns: 100%; justify-content: stretch; gap: 2px; overflow: hidden; font-size: 0.9em; }
  .sequence-strip button > span:last-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .sequence-strip .is-current button { border-color: var(--vscode-foreground); }
  .sequence-flip { position: absolute; left: -12px; top: 26px; z-index: 1; background: var(--vscode-editor-background); border-radius: 8px; line-height: 0; }
  @container (max-width: 560px) { .view { padding-inline: 10px; } }
  @container (max-width: 760px) {
    .sequence-two { grid-template-columns: 1fr; }
    .sequence-slider { width: calc(100% - 46px - 132px); }
    .sequence-bar .muted { display: none; }
  }
`;
