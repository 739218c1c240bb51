/**
 * Dimensions: integer polynomials in named symbols. `28` and `n` and `10*n + 2` are dimensions; the leading `None` of Keras is the
 * symbol `n`. Most are plain numbers and stay plain numbers. A symbol never counts as 1 for broadcasting.
 */
import { ModelError } from "./errors.ts";

/** `coefficient * symbols[0] * symbols[1] ...`; symbols sorted, the empty product is 1. */
interface Term {
  readonly coefficient: number;
  readonly symbols: readonly string[];
}
/** A sum of terms in canonical order, none of them zero, at least one with a symbol. */
export interface SymbolicDim {
  readonly terms: readonly Term[];
}
export type Dim = number | SymbolicDim;
export type Shape = readonly Dim[];
/** The value of each symbol, for one call. */
export type Bindings = ReadonlyMap<string, number>;

export const symbol = (name: string): Dim => ({ terms: [{ coefficient: 1, symbols: [name] }] });
export const isStatic = (dim: Dim): dim is number => typeof dim === "number";
export const isStaticShape = (shape: Shape): shape is readonly number[] => shape.every(isStatic);

const termsOf = (dim: Dim): readonly Term[] =>
  typeof dim === "number" ? [{ coefficient: dim, symbols: [] }] : dim.terms;
const keyOf = (term: Term): string => term.symbols.join("*");

function canonical(terms: readonly Term[]): Dim {
  const sums = new Map<string, Term>();
  for (const term of terms) {
    const key = keyOf(term);
    const coefficient = term.coefficient + (sums.get(key)?.coefficient ?? 0);
    sums.set(key, { coefficient, symbols: term.symbols });
  }
  const kept = [...sums.values()].filter((term) => term.coefficient !== 0);
  if (kept.every((term) => term.symbols.length === 0)) return kept[0]?.coefficient ?? 0;
  // Highest degree first, then by name: one spelling for one polynomial.
  kept.sort((a, b) => b.symbols.length - a.symbols.length || (keyOf(a) < keyOf(b) ? -1 : 1));
  return { terms: kept };
}

export function addDims(a: Dim, b: Dim): Dim {
  return typeof a === "number" && typeof b === "number" ? a + b : canonical([...termsOf(a), ...termsOf(b)]);
}

export function mulDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const products = termsOf(a).flatMap((x) =>
    termsOf(b).map((y) => ({
      coefficient: x.coefficient * y.coefficient,
      symbols: [...x.symbols, ...y.symbols].sort(),
    })),
  );
  return canonical(products);
}

export const subDims = (a: Dim, b: Dim): Dim => addDims(a, mulDims(-1, b));

/** `a / b` when it is again a polynomial with integer coefficients, else undefined. Divides by one term only. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  const divisors = termsOf(b);
  if (divisors.length !== 1 || divisors[0].coefficient === 0) return undefined;
  const terms: Term[] = [];
  for (const term of termsOf(a)) {
    const symbols = [...term.symbols];
    for (const name of divisors[0].symbols) {
      const at = symbols.indexOf(name);
      if (at < 0) return undefined;
      symbols.splice(at, 1);
    }
    const coefficient = term.coefficient / divisors[0].coefficient;
    if (!Number.isInteger(coefficient)) return undefined;
    terms.push({ coefficient, symbols });
  }
  return canonical(terms);
}

export const equalDims = (a: Dim, b: Dim): boolean => a === b || (a !== 0 && printDim(a) === printDim(b));
export const equalShapes = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, axis) => equalDims(dim, b[axis]));

export const productOf = (shape: Shape): Dim => shape.reduce<Dim>(mulDims, 1);

/** The names of all symbols in the shape, each once, in order of appearance. */
export function symbolsOf(shape: Shape): string[] {
  return [...new Set(shape.flatMap((dim) => termsOf(dim).flatMap((term) => term.symbols)))];
}

/** Replaces symbols by dimensions. */
export function substituteDim(dim: Dim, by: ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === "number") return dim;
  return dim.terms.reduce<Dim>((sum, term) => {
    const factors = term.symbols.map((name) => by.get(name) ?? symbol(name));
    return addDims(sum, factors.reduce<Dim>(mulDims, term.coefficient));
  }, 0);
}

/** The number a dimension stands for; throws ModelError when a symbol has no value. */
export function evaluateDim(dim: Dim, bindings: Bindings): number {
  if (typeof dim === "number") return dim;
  let sum = 0;
  for (const { coefficient, symbols } of dim.terms) {
    let product = coefficient;
    for (const name of symbols) {
      const value = bindings.get(name);
      if (value === undefined)
        throw new ModelError(`dimension ${printDim(dim)} has no value`, { where: name });
      product *= value;
    }
    sum += product;
  }
  return sum;
}

export const evaluateShape = (shape: Shape, bindings: Bindings): number[] =>
  shape.map((dim) => evaluateDim(dim, bindings));

/** `10*n + 2`; numbers as they are. */
export function printDim(dim: Dim): string {
  if (typeof dim === "number") return String(dim);
  return dim.terms
    .map(({ coefficient, symbols }) => {
      if (symbols.length === 0) return String(coefficient);
      return coefficient === 1 ? symbols.join("*") : [coefficient, ...symbols].join("*");
    })
    .join(" + ")
    .replaceAll("+ -", "- ");
}

/** Reads what `printDim` writes; throws ModelError on anything else. */
export function parseDim(text: string): Dim {
  const terms = text.replaceAll(" ", "").replaceAll("-", "+-").split("+");
  return terms
    .filter((term) => term !== "")
    .map((term): Dim => {
      const sign = term.startsWith("-") ? -1 : 1;
      return term
        .slice(sign < 0 ? 1 : 0)
        .split("*")
        .map(parseFactor)
        .reduce<Dim>(mulDims, sign);
    })
    .reduce<Dim>(addDims, 0);
}

function parseFactor(text: string): Dim {
  if (/^\d+$/.test(text)) return Number(text);
  if (/^[A-Za-z_]\w*$/.test(text)) return symbol(text);
  throw new ModelError("not a dimension", {
    expected: "an integer, a name, or sums and products of them",
    got: text,
  });
}
