/**
 * Pieces of C-like source text that know how tightly they bind, so that an expression gets the parentheses it needs and no others.
 *
 * `Code` is a text and a level; the helpers below build the usual shapes (atom, prefix, infix, call) and are what the spelling tables
 * of the dialects are made of. Also here: the spelling of float literals, and of text from outside in comments, since names
 * come from model files that nobody vouches for.
 */

/** Source text of an expression, and its binding level. */
export interface Code {
  readonly text: string;
  readonly level: number;
}

/** Binding levels, loosest first, as in C. */
export const LEVEL = {
  ternary: 2,
  logicalOr: 3,
  logicalAnd: 4,
  bitOr: 5,
  bitXor: 6,
  bitAnd: 7,
  equality: 8,
  relational: 9,
  shift: 10,
  additive: 11,
  multiplicative: 12,
  prefix: 13,
  postfix: 14,
  atom: 15,
} as const;

/** A name, a literal, a call: something that never needs parentheses. */
export const atom = (text: string): Code => ({ text, level: LEVEL.atom });

/** The text of `code` where something of at least `level` must stand. */
export const textAt = (code: Code, level: number): string =>
  code.level < level ? `(${code.text})` : code.text;

export const callCode = (callee: string, ...args: readonly Code[]): Code =>
  atom(`${callee}(${args.map((arg) => arg.text).join(", ")})`);

/** `operator arg`; two signs in a row are kept apart. */
export function prefixCode(operator: string, arg: Code): Code {
  const text = textAt(arg, LEVEL.prefix);
  return { text: operator + (text.startsWith(operator) ? `(${text})` : text), level: LEVEL.prefix };
}

/** `a operator b`, grouping to the left: `a - b - c` is `(a - b) - c`. */
export const infixCode = (operator: string, level: number, a: Code, b: Code): Code => ({
  text: `${textAt(a, level)} ${operator} ${textAt(b, level + 1)}`,
  level,
});

/**
 * The same for operators whose precedence readers (and `-Wparentheses`, and WGSL) do not trust: operands looser than `operand` get
 * parentheses though the language may not ask for them.
 */
export const guardedInfixCode = (
  operator: string,
  level: number,
  a: Code,
  b: Code,
  operand: number = LEVEL.prefix,
): Code => ({ text: `${textAt(a, operand)} ${operator} ${textAt(b, operand)}`, level });

export const ternaryCode = (condition: Code, a: Code, b: Code): Code => ({
  text: `${textAt(condition, LEVEL.logicalOr)} ? ${textAt(a, LEVEL.logicalOr)} : ${textAt(b, LEVEL.ternary)}`,
  level: LEVEL.ternary,
});

/** The shortest decimal that reads back as the same number in f32 (or f64), always with a point or an exponent. Finite values only. */
export function floatLiteral(value: number, width: 32 | 64): string {
  const round = width === 32 ? Math.fround : (x: number) => x;
  const target = round(value);
  if (Object.is(target, -0)) return "-0.0";
  let text = String(target);
  for (let digits = 1; digits <= 9 && width === 32; digits++) {
    const candidate = String(Number(target.toPrecision(digits)));
    if (round(Number(candidate)) !== target) continue;
    text = candidate;
    break;
  }
  text = text.replace("e+", "e");
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Text from outside, fit for a `//` comment: printable ASCII on one line, nothing that continues or ends a comment. */
export function commentText(text: string, longest = 160): string {
  const safe = text
    .replace(/[^\x20-\x7e]+/g, " ")
    .replaceAll("\\", "/")
    .replaceAll("*/", "* /")
    .replaceAll("/*", "/ *");
  return safe.length > longest ? `${safe.slice(0, longest - 3)}...` : safe;
}
