/**
 * Numbers as Python prints them, for text that is to be the same as Keras's.
 */

/** Python's `{value:.{digits}f}`: a number exactly between two goes to the even one, where JavaScript goes up. */
export function fixed(value: number, digits: number): string {
  const up = value.toFixed(digits);
  // Thirty more digits show a tie: no double that Keras prints needs more.
  const rest = Math.abs(value)
    .toFixed(digits + 30)
    .slice(-30);
  if (!/^50*$/.test(rest)) return up;
  const exact = Math.abs(value)
    .toFixed(digits + 30)
    .slice(0, -30)
    .replace(/\.$/, "");
  const even = Number(exact.at(-1)) % 2 === 0;
  return even ? `${value < 0 ? "-" : ""}${exact}` : up;
}

/** Python's `{value:.{digits}e}`: two digits of exponent at least. */
export const scientific = (value: number, digits: number): string =>
  value.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");

/** Python's `repr` of a float: the shortest digits that give the number back. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e16))
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

/** Python's `template.format(**values)` for numbers: `{epoch:02d}`, `{val_loss:.2f}`, `{loss}`. Throws what `missing` makes of an unknown name. */
export function formatTemplate(
  template: string,
  values: { readonly [name: string]: number },
  missing: (name: string) => Error,
): string {
  return template.replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name: string, spec: string | undefined) => {
    const value = values[name];
    if (value === undefined) throw missing(name);
    return formatNumber(value, spec ?? "");
  });
}

function formatNumber(value: number, spec: string): string {
  const found = /^(0?)(\d*)(?:\.(\d+))?([defg%]?)$/.exec(spec);
  const [zero, width, digits, kind] = found === null ? ["", "", undefined, ""] : found.slice(1);
  const places = digits === undefined ? 6 : Number(digits);
  const plain = Number.isInteger(value) ? String(value) : floatText(value);
  const text = { d: String(value), f: fixed(value, places), e: scientific(value, places) }[kind] ?? plain;
  return text.padStart(Number(width), zero === "0" ? "0" : " ");
}
