/**
 * The table of `summary`: fixed columns with heavy head lines, words wrapped, long ones cut with an ellipsis. It lays text out as the Python
 * package rich does, so that the text is the same as Keras's to the last character.
 */
export interface Column {
  readonly title: string;
  /** Characters for text, before columns are fitted to the table. */
  readonly width: number;
  readonly align: "left" | "right" | "center";
}

/** Lines of a table that is `width` characters wide, borders included. */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = fitWidths(
    columns.map((column) => column.width + 2),
    width - columns.length - 1,
  );
  const rule = (line: string, [left, middle, right]: readonly string[]): string =>
    left + widths.map((w) => line.repeat(w)).join(middle) + right;
  const cells = (texts: readonly string[], bar: string): string[] => {
    const wrapped = texts.map((text, i) => wrap(text, widths[i] - 2));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const parts = wrapped.map(
        (lines, i) => ` ${align(lines[line] ?? "", widths[i] - 2, columns[i].align)} `,
      );
      return bar + parts.join(bar) + bar;
    });
  };
  const body = rows.flatMap((row, i) => [
    ...(i === 0 ? [] : [rule("─", ["├", "┼", "┤"])]),
    ...cells(row, "│"),
  ]);
  return [
    rule("━", ["┏", "┳", "┓"]),
    ...cells(
      columns.map((column) => column.title),
      "┃",
    ),
    rule("━", ["┡", "╇", "┩"]),
    ...body,
    rule("─", ["└", "┴", "┘"]),
  ];
}

/** Shrinks columns by equal parts, or grows them in proportion, until their sum is `total`. */
function fitWidths(widths: readonly number[], total: number): number[] {
  const sum = widths.reduce((a, b) => a + b, 0);
  if (sum > total) {
    let excess = sum - total;
    return widths.map((width, i) => {
      const part = Math.min(width, roundHalfEven(excess / (widths.length - i)));
      excess -= part;
      return width - part;
    });
  }
  let [left, ratio] = [total - sum, sum];
  return widths.map((width) => {
    const part = ratio > 0 ? Math.ceil((width * left) / ratio) : left;
    left -= part;
    ratio -= width;
    return width + part;
  });
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Lines of at most `width` characters, broken between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [word] of text.matchAll(/\s*\S+\s*/g)) {
    const bare = word.trimEnd().length;
    if (width - line.length >= bare) line += word;
    else if (line === "") line = word;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((item) => cut(item.trimEnd(), width));
}

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;

function align(text: string, width: number, how: Column["align"]): string {
  if (how === "left") return text.padEnd(width);
  if (how === "right") return text.padStart(width);
  return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
}
