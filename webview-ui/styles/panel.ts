import { css } from 'lit';

/** Header, tabs, job bar and messages of the panel. */
export const panelStyles = css`
  :host { height: 100vh; display: flex; flex-direction: column; container-type: inline-size; }
  .top { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; padding: 10px 16px 8px; }
  .model { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 10px; min-width: 0; flex: 1 1 330px; }
  .model h1 { font-size: 1.15em; font-weight: 600; overflow-wrap: anywhere; }
  .format { border: 1px solid var(--rule); border-radius: 2px; padding: 0 5px; font-size: 0.85em; color: var(--quiet); text-transform: uppercase; }
  .facts-line { color: var(--quiet); display: flex; flex-wrap: wrap; gap: 0 10px; }
  .actions { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
  .picker { display: flex; align-items: center; gap: 6px; color: var(--quiet); min-width: 0; }
  .picker select { max-width: min(450px, 36cqw); min-width: 0; flex: 0 1 auto; }
  .job { padding: 6px 16px 8px; display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 3px 12px; align-items: center; border-top: 1px solid var(--rule); }
  .job progress { grid-column: 1; width: 100%; height: 4px; appearance: none; border: 0; background: var(--rule); accent-color: var(--vscode-progressBar-background); }
  .job progress::-webkit-progress-bar { background: var(--rule); }
  .job progress::-webkit-progress-value { background: var(--vscode-progressBar-background); }
  .job .bar-unknown { grid-column: 1; height: 4px; background: linear-gradient(90deg, transparent, var(--vscode-progressBar-background), transparent) 0 0 / 40% 100% no-repeat var(--rule); animation: sweep 1.6s linear infinite; }
  @keyframes sweep { from { background-position: -40% 0, 0 0; } to { background-position: 140% 0, 0 0; } }
  @media (prefers-reduced-motion: reduce) { .job .bar-unknown { background-position: 50% 0; } }
  .job button { grid-row: 1 / span 2; grid-column: 2; }
  .job .amounts { color: var(--quiet); white-space: normal; }
  .banner { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: baseline; padding: 6px 16px; border-top: 1px solid var(--rule); }
  .banner p { flex: 1 1 200px; overflow-wrap: anywhere; }
  .tabs { display: flex; gap: 2px; padding: 0 10px; border-bottom: 1px solid var(--rule); }
  .tabs { overflow-x: auto; scrollbar-width: thin; }
  .tabs button { background: none; border: 0; border-bottom: 2px solid transparent; border-radius: 0; padding: 6px 8px 5px; gap: 5px; color: var(--quiet); white-space: nowrap; }
  .tabs button[aria-selected='true'] { color: var(--vscode-foreground); border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-focusBorder)); }
  .tabs button:hover { color: var(--vscode-foreground); }
  .tabs button:focus-visible { outline-offset: -2px; }
  main { flex: 1; min-height: 0; overflow: auto; container-type: inline-size; }
  main.fills { overflow: hidden; }
  main:focus-visible { outline-offset: -1px; }
  .view { padding: 14px 16px 28px; max-width: 1180px; }
  .message { padding: 36px 16px; max-width: 560px; display: flex; flex-direction: column; gap: 8px; }
  .message .buttons { display: flex; flex-wrap: wrap; gap: 6px; padding-top: 6px; }
  .message p { overflow-wrap: anywhere; }
  .choices { display: flex; flex-wrap: wrap; gap: 4px 16px; border: 0; margin: 0; padding: 0 0 8px; }
  .choose-comparison { padding: 12px 16px 0; }
  .choices label { display: inline-flex; gap: 5px; align-items: center; }
  .choices input { accent-color: var(--vscode-focusBorder); margin: 0; }
  model-stability-gallery { height: 100%; }
  @container (max-width: 560px) {
    .top, .job, .banner { padding-inline: 10px; }
    .tabs { padding: 0 2px; gap: 0; }
    .tabs .glyph { display: none; }
    .view { padding-inline: 10px; }
    .actions, .picker { width: 100%; }
    .picker select { max-width: none; width: 100%; flex: 1 1 auto; }
  }
`;
