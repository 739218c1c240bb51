/**
 * Which box of a tensor a tile needs. Given the index expressions at which a stage reads another, the box is, per axis, a lower bound that
 * moves with the tile and a constant extent. Halos and row bands fall out of this; nothing here knows what an op does.
 */
import {
  type Affine,
  affineInterval,
  combineAffine,
  equalExprs,
  type Ranges,
  toAffine,
} from "../../ir/affine.ts";
import type { Dim } from "../../ir/dim.ts";
import type { Expr, Var } from "../../ir/kernel.ts";

/** One axis of a box: indices from `low` to `low + extent - 1`. */
export interface Span {
  /** A sum over tile variables, plus a constant. */
  readonly low: Affine;
  readonly extent: Dim;
}

/** The span one index expression covers while the variables inside the tile run; undefined when it is not affine. */
export function spanOf(
  index: Expr,
  tile: ReadonlySet<Var>,
  inner: Ranges,
  symbolic: ReadonlyMap<Var, Dim>,
): Span | undefined {
  const { constant, terms } = toAffine(index);
  if (terms.some(({ atom }) => atom.kind !== "var")) return undefined;
  const isTile = ({ atom }: { atom: Expr }): boolean => atom.kind === "var" && tile.has(atom.var);
  const local = terms.filter((term) => !isTile(term));
  const whole = local.find(({ atom }) => atom.kind === "var" && symbolic.has(atom.var));
  const low = { constant, terms: terms.filter(isTile) };
  if (whole !== undefined) {
    const extent = whole.atom.kind === "var" ? symbolic.get(whole.atom.var) : undefined;
    const alone = local.length === 1 && whole.coefficient === 1 && low.terms.length === 0 && constant === 0;
    return alone && extent !== undefined ? { low, extent } : undefined;
  }
  const { min, max } = affineInterval({ constant: 0, terms: local }, inner);
  if (!Number.isFinite(min) || !Number.isFinite(max)) return undefined;
  return { low: combineAffine(low, { constant: min, terms: [] }), extent: max - min + 1 };
}

const sameTerms = (a: Affine, b: Affine): boolean =>
  a.terms.length === b.terms.length &&
  a.terms.every((term) =>
    b.terms.some((other) => other.coefficient === term.coefficient && equalExprs(other.atom, term.atom)),
  );

/** The smallest span that holds both; undefined when they move differently with the tile. */
export function hull(a: Span, b: Span): Span | undefined {
  if (!sameTerms(a.low, b.low)) return undefined;
  if (typeof a.extent !== "number" || typeof b.extent !== "number")
    return a.extent === b.extent ? a : undefined;
  const start = Math.min(a.low.constant, b.low.constant);
  const end = Math.max(a.low.constant + a.extent, b.low.constant + b.extent);
  return { low: { constant: start, terms: a.low.terms }, extent: end - start };
}

/** How far a span moves when a tile variable advances by one. */
export const stepAlong = ({ low }: Span, variable: Var): number =>
  low.terms.find(({ atom }) => atom.kind === "var" && atom.var === variable)?.coefficient ?? 0;
