import { css } from 'lit';

/** The pair opened large. */
export const pairDialogStyles = css`
  :host { display: contents; }
  dialog { width: min(1180px, 96vw); max-width: none; max-height: 96vh; padding: 12px 16px 18px; color: var(--vscode-foreground); background: var(--vscode-editor-background); border: 1px solid var(--vscode-contrastBorder, var(--vscode-widget-border, var(--rule))); box-shadow: 0 4px 24px var(--vscode-widget-shadow, transparent); overflow: auto; container-type: inline-size; }
  dialog::backdrop { background: var(--vscode-editor-background); opacity: 0.75; }
  header { display: flex; align-items: center; gap: 4px; }
  header h2 { margin-inline-end: 10px; }
  header .close { margin-inline-start: auto; }
  dialog > .labels { display: flex; flex-wrap: wrap; gap: 6px; white-space: normal; padding: 6px 0 10px; font-size: 1.1em; }
  .actions { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; padding-top: 10px; }
  .slider { display: inline-flex; align-items: center; gap: 6px; padding-inline-end: 10px; }
  .keys { padding-top: 10px; font-size: 0.9em; }
  .facts { display: grid; grid-template-columns: minmax(220px, 1fr) minmax(260px, 1.4fr); gap: 12px 28px; padding-top: 14px; }
  .facts section { min-width: 0; }
  dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 14px; padding-top: 6px; }
  dt { color: var(--quiet); }
  dd { overflow-wrap: anywhere; }
  .scale-line { display: grid; grid-template-columns: 1fr auto; }
  .scale-line svg { grid-column: 1 / -1; }
  .facts .answer { height: auto; min-height: 22px; }
  .facts .answer-label { white-space: normal; overflow-wrap: anywhere; }
  @container (max-width: 620px) { .facts { grid-template-columns: 1fr; } }
`;
