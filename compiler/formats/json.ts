/**
 * JSON from files that nobody vouches for, and JSON as Python writes it.
 *
 * Why not `JSON.parse`: it takes 100,000 levels of nesting and leaves it to every later recursion to overflow the
 * stack; it lets the last of two equal keys win, where another reader takes the first; it refuses the bare `NaN` and
 * `Infinity` that Python's `json.dumps` writes; and its errors do not say which layer they are about. Here depth is
 * bounded, duplicate keys are refused, and errors carry the path. `__proto__` becomes an ordinary own property, as in
 * `JSON.parse`: no prototype changes.
 */
import { ModelError } from "../../ir/errors.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export interface JsonOptions {
  /** Deepest nesting of arrays and objects. 256 unless told: a Keras model inside a model takes about 6. */
  readonly depth?: number;
  /** Most values of any kind, 4 million unless told: `{}` takes three bytes of text and sixty of memory. */
  readonly values?: number;
  /** Accept Python's bare NaN, Infinity and -Infinity. */
  readonly pythonFloats?: boolean;
}

const words: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ["null", null],
  ["true", true],
  ["false", false],
]);
const floatWords: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);
const numberSyntax = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordSyntax = /-?[A-Za-z]{1,12}/y;
/** Characters of a string that must not stand in it raw, or end it. */
const quote = 34;
const backslash = 92;

class JsonParser {
  readonly #text: string;
  readonly #file: string;
  readonly #options: JsonOptions;
  #at = 0;
  #values = 0;
  readonly #path: (string | number)[] = [];

  constructor(text: string, file: string, options: JsonOptions) {
    this.#text = text;
    this.#file = file;
    this.#options = options;
  }

  document(): JsonValue {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#error("something follows the JSON value", "the end");
    return value;
  }

  #error(message: string, expected: string, hint?: string): ModelError {
    const path = this.#path.map((key) => (typeof key === "number" ? `[${key}]` : `.${clip(key)}`)).join("");
    const rest = this.#text.slice(this.#at, this.#at + 20);
    return new ModelError(message, {
      where: `${this.#file}, character ${this.#at}${path === "" ? "" : `, at ${path}`}`,
      expected,
      got: rest === "" ? "the end of the file" : JSON.stringify(rest),
      hint,
    });
  }

  #space(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
    }
  }

  /** Skips white space, and `character` if it comes next. */
  #takes(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #value(): JsonValue {
    this.#space();
    const limit = this.#options.values ?? 4_000_000;
    if (++this.#values > limit) throw this.#error("too much JSON", `at most ${limit} values`);
    const next = this.#text[this.#at];
    if (next === '"') return this.#string();
    if (next === "{" || next === "[") return this.#nested(next);
    return this.#number() ?? this.#word();
  }

  #nested(open: "{" | "["): JsonValue {
    const limit = this.#options.depth ?? 256;
    if (this.#path.length >= limit) throw this.#error("JSON nested too deeply", `at most ${limit} levels`);
    this.#at++;
    return open === "{" ? this.#object() : this.#array();
  }

  #array(): JsonValue[] {
    const items: JsonValue[] = [];
    if (this.#takes("]")) return items;
    for (;;) {
      this.#path.push(items.length);
      items.push(this.#value());
      this.#path.pop();
      if (this.#takes("]")) return items;
      if (!this.#takes(",")) throw this.#error("not JSON", '"," or "]"');
    }
  }

  #object(): JsonObject {
    const object: { [key: string]: JsonValue } = {};
    if (this.#takes("}")) return object;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#error("not JSON", "a key in double quotes");
      const key = this.#string();
      this.#path.push(key);
      if (Object.hasOwn(object, key)) throw this.#error("the same key twice in one object", "each key once");
      if (!this.#takes(":")) throw this.#error("not JSON", '":"');
      const value = this.#value();
      // Assigning to "__proto__" would replace the prototype; defining makes it a property like any other.
      if (key !== "__proto__") object[key] = value;
      else
        Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
      this.#path.pop();
      if (this.#takes("}")) return object;
      if (!this.#takes(",")) throw this.#error("not JSON", '"," or "}"');
    }
  }

  /** A loop, not a regular expression: those keep a stack per character and fail on a string of megabytes. */
  #string(): string {
    const start = this.#at;
    let escaped = false;
    for (let at = start + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === backslash) {
        escaped = true;
        at++;
      } else if (code === quote) {
        this.#at = at + 1;
        return escaped ? this.#unescape(start) : this.#text.slice(start + 1, at);
      } else if (code < 32) {
        this.#at = at;
        throw this.#error("raw control character in a string", "an escape such as \\n");
      }
    }
    throw this.#error("a string without an end", 'a closing "');
  }

  #unescape(start: number): string {
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      this.#at = start;
      throw this.#error(
        "unknown escape in a string",
        '\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four digits',
      );
    }
  }

  #number(): number | undefined {
    numberSyntax.lastIndex = this.#at;
    const digits = numberSyntax.exec(this.#text)?.[0];
    if (digits === undefined) return undefined;
    const value = Number(digits);
    if (!Number.isFinite(value)) throw this.#error("number too large", "a float64");
    this.#at += digits.length;
    return value;
  }

  #word(): JsonValue {
    wordSyntax.lastIndex = this.#at;
    const word = wordSyntax.exec(this.#text)?.[0] ?? "";
    const value = words.get(word) ?? (this.#options.pythonFloats ? floatWords.get(word) : undefined);
    if (value === undefined && word !== "null") throw this.#error("not JSON", "a value");
    this.#at += word.length;
    return value ?? null;
  }
}

const clip = (key: string): string => (key.length > 40 ? `${key.slice(0, 40)}…` : key);

/** Parses JSON; `file` is what errors call it. Throws ModelError. */
export function parseJson(text: string, file: string, options: JsonOptions = {}): JsonValue {
  return new JsonParser(text, file, options).document();
}

/** Whether a value is an object, not null and not an array. */
export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * JSON as Python reads it: like `JSON.stringify`, but NaN and the infinities are written bare instead of turning into
 * null. Keys keep their order, so the same value always gives the same text.
 */
export function printJson(value: JsonValue): string {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return Object.is(value, -0) ? "-0.0" : String(value);
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
  if (Array.isArray(value)) return `[${value.map(printJson).join(", ")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${printJson(item)}`).join(", ")}}`;
}
