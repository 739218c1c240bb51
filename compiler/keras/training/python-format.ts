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
