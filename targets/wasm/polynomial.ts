/**
 * Index arithmetic as polynomials: a constant and terms, each a coefficient times a product of atoms. An atom is a variable, or an
 * expression the algebra does not look into (`floordiv`, `mod`, a load ...). All of it is exact modulo 2^32, which is what addresses
 * are computed in, so equal polynomials are equal addresses and may be computed wherever it costs least.
 */
import type { Expr, Var } from "../../ir/kernel.ts";

export interface Atom {
  /** Equal for equal atoms. */
  readonly key: string;
  readonly expr: Expr;
  /** The variables it depends on. */
  readonly vars: ReadonlySet<Var>;
  /** Whether it depends on variables alone. What memory or a register holds changes between two statements. */
  readonly pure: boolean;
}

export interface Term {
  /** Of the factors: equal for equal products. */
  readonly key: string;
  readonly coefficient: number;
  /** Sorted by key; none for a constant, which occurs in the course of a computation only. */
  readonly factors: readonly Atom[];
}

export interface Polynomial {
  readonly constant: number;
  /** Sorted by key, each product once, none with coefficient zero. */
  readonly terms: readonly Term[];
}

function termOf(coefficient: number, factors: readonly Atom[]): Term {
  return { key: factors.map((factor) => factor.key).join("*"), coefficient, factors };
}

export const constantPolynomial = (constant: number): Polynomial => ({ constant, terms: [] });
export const atomPolynomial = (atom: Atom): Polynomial => ({ constant: 0, terms: [termOf(1, [atom])] });

/** A key of the terms without the constant. */
export const termsKey = ({ terms }: Polynomial): string =>
  terms.map(({ key, coefficient }) => `${coefficient}*${key}`).join("+");

function canonical(constant: number, terms: readonly Term[]): Polynomial {
  const sums = new Map<string, Term>();
  for (const term of terms) {
    const { key, coefficient, factors } = term;
    const known = sums.get(key);
    sums.set(
      key,
      known === undefined ? term : { key, coefficient: known.coefficient + coefficient, factors },
    );
  }
  const kept = [...sums.values()].filter(({ key, coefficient }) => coefficient !== 0 && key !== "");
  kept.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { constant: constant + (sums.get("")?.coefficient ?? 0), terms: kept };
}

export function addPolynomials(a: Polynomial, b: Polynomial): Polynomial {
  const constant = a.constant + b.constant;
  if (a.terms.length === 0) return { constant, terms: b.terms };
  if (b.terms.length === 0) return { constant, terms: a.terms };
  return canonical(constant, [...a.terms, ...b.terms]);
}

export function scalePolynomial({ constant, terms }: Polynomial, by: number): Polynomial {
  if (by === 0) return constantPolynomial(0);
  const scaled = terms.map(({ key, coefficient, factors }) => ({
    key,
    coefficient: coefficient * by,
    factors,
  }));
  return { constant: constant * by, terms: scaled };
}

export function multiplyPolynomials(a: Polynomial, b: Polynomial): Polynomial {
  if (a.terms.length === 0) return scalePolynomial(b, a.constant);
  if (b.terms.length === 0) return scalePolynomial(a, b.constant);
  const all = (p: Polynomial): readonly Term[] => [...p.terms, termOf(p.constant, [])];
  const products = all(a).flatMap((x) =>
    all(b).map((y) => {
      const factors = [...x.factors, ...y.factors].sort((p, q) => (p.key < q.key ? -1 : 1));
      return termOf(x.coefficient * y.coefficient, factors);
    }),
  );
  return canonical(0, products);
}

/** The terms for which `keep` holds, and those for which it does not. The constant goes with the first. */
export function splitTerms(
  p: Polynomial,
  keep: (term: Term) => boolean,
): readonly [Polynomial, readonly Term[]] {
  return [{ constant: p.constant, terms: p.terms.filter(keep) }, p.terms.filter((term) => !keep(term))];
}

export const dependsOn = (term: Term, v: Var): boolean => term.factors.some(({ vars }) => vars.has(v));
export const isVariable = (atom: Atom, v: Var): boolean => atom.expr.kind === "var" && atom.expr.var === v;

/** Whether `v` occurs only as a plain factor, once in each term: then going from v to v + 1 adds `slopeIn(p, v)`. */
export const isLinearIn = ({ terms }: Polynomial, v: Var): boolean =>
  terms.every((term) => {
    const dependent = term.factors.filter(({ vars }) => vars.has(v));
    return dependent.length === 0 || (dependent.length === 1 && isVariable(dependent[0], v));
  });

/** What a polynomial that is linear in `v` grows by when v grows by one. */
export function slopeIn({ terms }: Polynomial, v: Var): Polynomial {
  const dependent = terms.filter((term) => dependsOn(term, v));
  const slopes = dependent.map(({ coefficient, factors }) =>
    termOf(
      coefficient,
      factors.filter((atom) => !isVariable(atom, v)),
    ),
  );
  return canonical(0, slopes);
}
