/** The frame of every HTML report: one file that needs no network, readable in light and dark, and when printed. */

/** Text in HTML. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Data for a script element: nothing in it can end the element. */
export const scriptJson = (value: unknown): string => JSON.stringify(value).replace(/</g, "\\u003c");

export interface Page {
  readonly title: string;
  /** One line below the title. */
  readonly subtitle: string;
  /** HTML of the sections. */
  readonly body: string;
  /** JavaScript at the end of the page. */
  readonly script?: string;
}

export function pageHtml({ title, subtitle, body, script = "" }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escapeHtml(title)}</h1><p>${escapeHtml(subtitle)}</p></header>
<main>
${body}
</main>
<footer>written by keratin</footer>
${script === "" ? "" : `<script>${script}</script>`}
</body>
</html>
`;
}

export interface Card {
  readonly value: string;
  readonly label: string;
}

export const cardsHtml = (cards: readonly Card[]): string =>
  `<div class="cards">${cards
    .map(
      ({ value, label }) =>
        `<div class="card"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`,
    )
    .join("")}</div>`;

export const sectionHtml = (title: string, note: string, content: string): string =>
  `<section><h2>${escapeHtml(title)}</h2><p class="note">${escapeHtml(note)}</p>${content}</section>`;

/** A place for a chart, high enough for so many bars. */
export const canvasHtml = (id: string, bars: number): string =>
  `<div class="chart" style="height:${44 + 30 * Math.max(bars, 2)}px"><canvas id="${id}" role="img"></canvas></div>`;

export function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("");
  const body = rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n");
  return `<div class="scroll"><table><thead><tr>${cells("th", head)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const style = `
:root{--ink:#1c2230;--soft:#5c6577;--line:#e1e5ec;--paper:#fff;--ground:#f4f6f9;--a:#2563a8;--b:#c2571a;--c:#2f855a}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa4b5;--line:#2c3442;--paper:#181d27;--ground:#10141b;--a:#6ea8e6;--b:#f0935a;--c:#62c08d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:1080px;margin:0 auto;padding:0 24px}
header{padding-top:36px}h1{font-size:30px;margin:0;letter-spacing:-.02em}header p{margin:4px 0 20px;color:var(--soft)}
h2{font-size:18px;margin:0}.note{margin:2px 0 14px;color:var(--soft);max-width:75ch}
section{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin:0 0 18px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px;margin-bottom:18px}
.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:14px 18px}
.card b{display:block;font-size:24px;letter-spacing:-.01em;font-variant-numeric:tabular-nums}.card span{color:var(--soft);font-size:13px}
.chart{position:relative}.pair{display:grid;grid-template-columns:1fr 1fr;gap:18px}.pair section{min-width:0}
@media(max-width:800px){.pair{grid-template-columns:1fr}}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 14px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:600;white-space:nowrap}
tbody tr:last-child td{border-bottom:0}
svg{display:block;max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}
svg .mono,td code{font-family:ui-monospace,Menlo,Consolas,monospace}
footer{color:var(--soft);font-size:13px;padding-bottom:30px}
@media print{body{background:#fff}section,.card{break-inside:avoid}}
`;
