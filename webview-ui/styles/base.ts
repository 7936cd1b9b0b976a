/** What all elements share: VS Code's own fonts, colours, buttons and focus outlines. Colours come from the theme only. */
import { css } from 'lit';

export const baseStyles = css`
  :host { display: block; color: var(--vscode-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); line-height: 1.45; font-variant-numeric: tabular-nums; --rule: var(--vscode-panel-border, var(--vscode-contrastBorder, transparent)); --quiet: var(--vscode-descriptionForeground); /* The high contrast themes have no orange. */ --orange: var(--vscode-charts-orange, var(--vscode-charts-yellow)); }
  * { box-sizing: border-box; }
  h1, h2, h3, p, dl, dd, figure, ol, ul { margin: 0; padding: 0; }
  h2 { font-size: 1.15em; font-weight: 600; }
  h3 { font-size: 1em; font-weight: 600; }
  button { font: inherit; color: inherit; cursor: pointer; display: inline-flex; align-items: center; justify-content: center; gap: 4px; border-radius: 2px; }
  button.primary, button.secondary { padding: 3px 11px; min-height: 26px; border: 1px solid var(--vscode-button-border, transparent); white-space: nowrap; }
  button.primary { background: var(--vscode-button-background); color: var(--vscode-button-foreground); }
  button.primary:hover:enabled { background: var(--vscode-button-hoverBackground); }
  button.secondary { background: var(--vscode-button-secondaryBackground, transparent); color: var(--vscode-button-secondaryForeground, inherit); }
  button.secondary:hover:enabled { background: var(--vscode-button-secondaryHoverBackground); }
  button:disabled { cursor: default; opacity: 0.5; }
  button.link { background: none; border: 0; padding: 0; color: var(--vscode-textLink-foreground); text-align: start; text-decoration: none; display: inline; }
  button.link:hover { text-decoration: underline; color: var(--vscode-textLink-activeForeground); }
  button.icon { background: none; border: 1px solid transparent; padding: 3px; }
  button.icon:hover:enabled { background: var(--vscode-toolbar-hoverBackground); }
  select { font: inherit; color: var(--vscode-dropdown-foreground); background: var(--vscode-dropdown-background); border: 1px solid var(--vscode-dropdown-border, transparent); border-radius: 2px; padding: 2px 4px; min-height: 26px; max-width: 100%; text-overflow: ellipsis; }
  input[type='search'], input[type='number'] { font: inherit; color: var(--vscode-input-foreground); background: var(--vscode-input-background); border: 1px solid var(--vscode-input-border, var(--vscode-dropdown-border, var(--rule))); border-radius: 2px; padding: 2px 5px; min-height: 26px; min-width: 0; }
  input::placeholder { color: var(--vscode-input-placeholderForeground, var(--quiet)); opacity: 1; }
  input[type='range'] { accent-color: var(--vscode-focusBorder); }
  :focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
  .muted { color: var(--quiet); }
  .numbers { font-variant-numeric: tabular-nums; white-space: nowrap; }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .glyph { flex: none; vertical-align: -3px; }
  .glyph.warning { color: var(--vscode-charts-yellow); }
  .glyph.error, .glyph.changed { color: var(--vscode-charts-red); }
  .glyph.right, .better .glyph, .accepted .glyph { color: var(--vscode-charts-green); }
  .glyph.wrong, .worse .glyph, .rejected .glyph { color: var(--vscode-charts-red); }
  button .glyph, .close .glyph { color: inherit; }
  .track { fill: var(--rule); }
  :host-context(.vscode-high-contrast) :is(.track, .skeleton) { opacity: 0.35; }
  .whisker { stroke: var(--vscode-foreground); stroke-width: 1; fill: none; }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;

/** The page itself: no margins, the editor's background under what sticks while scrolling. */
export const pageStyles = css`
  html, body { height: 100%; }
  body { margin: 0; padding: 0; background: var(--vscode-editor-background); overflow: hidden; }
`;
