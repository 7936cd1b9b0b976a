/** Style of a report: light or dark as the reader has it, black on white on paper, no colour that says something alone. */
export const style = `
:root { color-scheme: light dark; --text: #1f2328; --muted: #57606a; --line: #d0d7de; --back: #ffffff; --soft: #f6f8fa; --bar: #0969da; --mark: #9a3412; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --muted: #9da7b3; --line: #3d444d; --back: #0d1117; --soft: #161b22; --bar: #58a6ff; --mark: #ffa657; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--text); background: var(--back); }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.muted { color: var(--muted); }
.verdict { font-size: 1.1rem; border-left: 4px solid var(--bar); padding: .25rem .75rem; background: var(--soft); }
.warning { border-left: 4px solid var(--mark); padding: .25rem .75rem; margin: .5rem 0; background: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { white-space: normal; vertical-align: bottom; max-width: 11rem; }
th:first-child, td:first-child { text-align: left; }
td.chart { width: 10rem; padding-block: 0; }
svg { display: block; }
svg .axis { stroke: var(--line); } svg .bar { fill: var(--bar); opacity: .55; } svg .range { stroke: var(--text); stroke-width: 1.5; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; } dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 1rem; }
figure { margin: 0; border: 1px solid var(--line); padding: .5rem; border-radius: 4px; break-inside: avoid; }
figure div { display: flex; gap: .25rem; } figure img { width: calc((100% - .5rem) / 3); height: auto; image-rendering: pixelated; background: var(--soft); }
figcaption { margin-top: .4rem; overflow-wrap: anywhere; } .changed { color: var(--mark); font-weight: 600; }
@media print {
  :root { color-scheme: light; --text: #000; --muted: #333; --line: #bbb; --back: #fff; --soft: #fff; --bar: #0550ae; --mark: #7c2d12; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  section { break-inside: avoid-page; } section.long { break-inside: auto; } h2 { break-after: avoid; }
  .pairs { grid-template-columns: repeat(2, 1fr); }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { margin: 15mm; }
}
`;
