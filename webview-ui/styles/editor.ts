import { css } from 'lit';

/** What only the model's page has. */
export const editorStyles = css`
  .facts-list { grid-template-columns: 170px 1fr; }
  code { font-family: var(--vscode-editor-font-family, monospace); font-size: 0.95em; overflow-wrap: anywhere; color: inherit; }
  .operators { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 2px 24px; max-width: 900px; }
  .operators li { display: flex; justify-content: space-between; gap: 8px; border-bottom: 1px solid var(--rule); padding: 2px 0; min-width: 0; }
  .operators span { overflow: hidden; text-overflow: ellipsis; }
  .untrusted { padding-bottom: 14px; }
  @container (max-width: 760px) { .facts-list { grid-template-columns: 1fr; } }
`;
