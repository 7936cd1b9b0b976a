import { css } from 'lit';

/** The list of a model's layers. */
export const layersStyles = css`
  .tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 18px; padding: 4px 0 6px; }
  .tools label { display: inline-flex; align-items: center; gap: 6px; }
  .scrolls { overflow: auto; max-height: 460px; max-width: 1100px; border: 1px solid var(--rule); border-radius: 2px; margin: 6px 0; }
  table { border-collapse: collapse; width: 100%; }
  thead th { position: sticky; top: 0; background: var(--vscode-editor-background); font-weight: 600; box-shadow: 0 1px 0 var(--rule); z-index: 1; }
  th, td { text-align: start; padding: 3px 10px; font-weight: 400; white-space: nowrap; border-bottom: 1px solid var(--rule); }
  tbody th { max-width: min(360px, 30vw); overflow: hidden; text-overflow: ellipsis; }
  .number { text-align: end; }
  code { font-family: var(--vscode-editor-font-family, monospace); font-size: 0.95em; color: inherit; }
  tr.trained th { box-shadow: inset 3px 0 0 var(--vscode-charts-blue); }
  tr.features { background: var(--vscode-list-inactiveSelectionBackground, transparent); }
  tbody tr:hover { background: var(--vscode-list-hoverBackground); }
  td b { font-weight: 600; margin-inline-end: 10px; }
  tbody button.link { opacity: 0; }
  tbody tr:is(:hover, :focus-within) button.link, tbody button.link:focus-visible { opacity: 1; }
  @media (forced-colors: active), (hover: none) { tbody button.link { opacity: 1; } }
  :host-context(.vscode-high-contrast) tbody button.link { opacity: 1; }
`;
