/**
 * The hands of a recursive-descent parser: a position in a text, tokens by regular expression, and errors with line and column.
 *
 * Every failure is a ModelError that says where and what was expected, also on hostile text: nesting is limited, so the stack holds.
 */
import { ModelError } from "../errors.ts";

const IDENTIFIER = /[A-Za-z_]\w*/y;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const BLANK = /(?:\s+|\/\/[^\n]*)*/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ['"', '"'],
  ["\\", "\\"],
]);
/** Deeper than any real text; each level costs a few frames of the stack. */
const MOST_NESTED = 400;

export class Reader {
  readonly text: string;
  /** The next character, past blanks and comments. */
  at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
    this.skipBlanks();
  }

  get isAtEnd(): boolean {
    return this.at === this.text.length;
  }

  /** Takes what `pattern` (sticky) matches here; undefined if it does not. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    this.skipBlanks();
    return found;
  }

  private skipBlanks(): void {
    BLANK.lastIndex = this.at;
    this.at += BLANK.exec(this.text)?.[0].length ?? 0;
  }

  /** `match`, or an error that says what was expected. */
  expect(pattern: RegExp, what: string): string {
    return this.match(pattern) ?? this.fail(what);
  }

  /** Whether `mark` stands here. Words end where identifiers end. */
  sees(mark: string): boolean {
    if (!this.text.startsWith(mark, this.at)) return false;
    return !/\w$/.test(mark) || !/\w/.test(this.text[this.at + mark.length] ?? "");
  }

  /** Takes `mark` if it stands here. */
  take(mark: string): boolean {
    if (!this.sees(mark)) return false;
    this.at += mark.length;
    this.skipBlanks();
    return true;
  }

  /** Takes `mark` or fails. */
  need(mark: string): void {
    if (!this.take(mark)) this.fail(`'${mark}'`);
  }

  identifier(what: string): string {
    return this.expect(IDENTIFIER, what);
  }

  /** A whole number. */
  integer(what = "an integer"): number {
    return Number(this.expect(/-?\d+/y, what));
  }

  /** The contents of a quoted string. Escapes are MLIR's: `\n`, `\t`, `\\`, `\"`, and two hex digits for a byte of its UTF-8. */
  string(what: string): string {
    const start = this.at;
    const quoted = this.expect(STRING, what).slice(1, -1);
    return quoted.replace(/((?:\\[0-9A-Fa-f]{2})+)|\\(.)/g, (_, bytes: string | undefined, code: string) => {
      if (bytes === undefined)
        return ESCAPES.get(code) ?? this.failAt(start, "a string without unknown escapes");
      const codes = bytes.slice(1).split("\\");
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        Uint8Array.from(codes, (digits) => Number.parseInt(digits, 16)),
      );
    });
  }

  /** `item`s between commas up to `close`, which is taken. */
  list<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    if (this.take(close)) return items;
    do items.push(item());
    while (this.take(","));
    this.need(close);
    return items;
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.depth > MOST_NESTED) this.problem(`nested more than ${MOST_NESTED} deep`);
    const result = parse();
    this.depth--;
    return result;
  }

  /** Throws: `expected` was expected here. */
  fail(expected: string): never {
    return this.failAt(this.at, expected);
  }

  failAt(offset: number, expected: string): never {
    const rest = this.text.slice(offset, offset + 24).split("\n")[0];
    throw new ModelError("syntax error", {
      where: this.place(offset),
      expected,
      got: rest === "" ? "the end of the line or text" : `'${rest}'`,
    });
  }

  /** Throws: the text is well-formed but cannot be right. */
  problem(message: string, offset = this.at): never {
    throw new ModelError(message, { where: this.place(offset) });
  }

  /** Runs `build`; a ModelError it throws is given the line and column of `offset`. */
  locate<T>(offset: number, build: () => T): T {
    try {
      return build();
    } catch (error) {
      if (error instanceof ModelError) this.problem(error.message, offset);
      throw error;
    }
  }

  /** `line:column`, both from 1. */
  place(offset: number): string {
    const before = this.text.slice(0, offset);
    return `${before.split("\n").length}:${offset - before.lastIndexOf("\n")}`;
  }
}

/** The text in quotes, as `Reader.string` reads it. */
export function quote(text: string): string {
  const escaped = [...text].map((character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    const code = character.charCodeAt(0);
    return code >= 32 && code !== 127 ? character : `\\${code.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return `"${escaped.join("")}"`;
}
