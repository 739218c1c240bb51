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
  readonly coefficient: number;
  /** Sorted by key. */
  readonly factors: readonly Atom[];
}

export interface Polynomial {
  readonly constant: number;
  /** Sorted by the keys of their factors, each product once, none with coefficient zero. */
  readonly terms: readonly Term[];
}

const productKey = (factors: readonly Atom[]): string => factors.map((factor) => factor.key).join("*");

export const constantPolynomial = (constant: number): Polynomial => ({ constant, terms: [] });
export const atomPolynomial = (atom: Atom): Polynomial => ({
  constant: 0,
  terms: [{ coefficient: 1, factors: [atom] }],
});

/** A key of the terms without the constant. */
export const termsKey = ({ terms }: Polynomial): string =>
  terms.map(({ coefficient, factors }) => `${coefficient}*${productKey(factors)}`).join("+");

function canonical(constant: number, terms: readonly Term[]): Polynomial {
  const sums = new Map<string, Term>();
  for (const { coefficient, factors } of terms) {
    const key = productKey(factors);
    sums.set(key, { coefficient: coefficient + (sums.get(key)?.coefficient ?? 0), factors });
  }
  const kept = [...sums].filter(([, term]) => term.coefficient !== 0);
  kept.sort(([a], [b]) => (a < b ? -1 : 1));
  return { constant, terms: kept.map(([, term]) => term) };
}

export const addPolynomials = (a: Polynomial, b: Polynomial): Polynomial =>
  canonical(a.constant + b.constant, [...a.terms, ...b.terms]);

export const scalePolynomial = ({ constant, terms }: Polynomial, by: number): Polynomial =>
  canonical(
    constant * by,
    terms.map(({ coefficient, factors }) => ({ coefficient: coefficient * by, factors })),
  );

export function multiplyPolynomials(a: Polynomial, b: Polynomial): Polynomial {
  const all = (p: Polynomial): readonly Term[] => [...p.terms, { coefficient: p.constant, factors: [] }];
  const products = all(a).flatMap((x) =>
    all(b).map((y) => ({
      coefficient: x.coefficient * y.coefficient,
      factors: [...x.factors, ...y.factors].sort((p, q) => (p.key < q.key ? -1 : 1)),
    })),
  );
  const isConstant = ({ factors }: Term): boolean => factors.length === 0;
  const constant = products.filter(isConstant).reduce((sum, { coefficient }) => sum + coefficient, 0);
  return canonical(
    constant,
    products.filter((term) => !isConstant(term)),
  );
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
  const slopes = terms
    .filter((term) => dependsOn(term, v))
    .map(({ coefficient, factors }) => ({
      coefficient,
      factors: factors.filter((atom) => !isVariable(atom, v)),
    }));
  const constant = slopes
    .filter(({ factors }) => factors.length === 0)
    .reduce((sum, term) => sum + term.coefficient, 0);
  return canonical(
    constant,
    slopes.filter(({ factors }) => factors.length > 0),
  );
}
