/**
 * Identifiers. Names of variables and buffers come from model files and from passes; here they become identifiers of the target
 * language: readable, unique where they are visible, never a reserved word, short. The same input gives the same names.
 */

const LONGEST = 48;

/**
 * An identifier made of `name`: letters, digits and single underscores, beginning with a letter, ending without an underscore (two in
 * a row, or one in front, are reserved in C++ and WGSL). `fallback` stands in where nothing is left.
 */
export function identifier(name: string, fallback = "v"): string {
  const clean = name
    .slice(0, 4 * LONGEST)
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+/, "")
    .slice(0, LONGEST)
    .replace(/_+$/, "");
  if (clean === "") return fallback;
  return /^[0-9]/.test(clean) ? `${fallback}${clean}` : clean;
}

/** Gives names to objects, scope by scope: names of a closed scope are free again, so that two loops after one another may both say `i`. */
export class Names {
  readonly #reserved: ReadonlySet<string>;
  readonly #scopes: Set<string>[] = [new Set()];
  readonly #names = new Map<object, string>();

  constructor(reserved: ReadonlySet<string>) {
    this.#reserved = reserved;
  }

  /** The name of `key`, which is declared here if it was not before. */
  declare(key: object, wanted: string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = this.fresh(wanted);
    this.#names.set(key, name);
    return name;
  }

  /** The same, but the name stays taken until the end: for what the target declares outside the scope. */
  declareOutermost(key: object, wanted: string): string {
    const name = this.declare(key, wanted);
    this.#scopes[0].add(name);
    return name;
  }

  /** Spells `key` as `text`, which is the caller's care. */
  assign(key: object, text: string): void {
    this.#names.set(key, text);
  }

  /** The name of something declared, or undefined. */
  get(key: object): string | undefined {
    return this.#names.get(key);
  }

  /** An identifier not in use here, taken from now on. */
  fresh(wanted: string): string {
    const base = identifier(wanted);
    const joint = /[0-9]$/.test(base) ? "_" : "";
    let name = base;
    for (let number = 1; this.#taken(name); number++) name = `${base}${joint}${number}`;
    this.#scopes[this.#scopes.length - 1].add(name);
    return name;
  }

  /** Runs `body` in a scope of its own. */
  scoped<T>(body: () => T): T {
    this.#scopes.push(new Set());
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }

  #taken(name: string): boolean {
    return this.#reserved.has(name) || this.#scopes.some((scope) => scope.has(name));
  }
}
