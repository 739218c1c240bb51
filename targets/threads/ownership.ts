/**
 * Whether the iterations of a loop touch memory of their own, so that threads may share them: every address that an iteration writes must
 * tell which iteration it was.
 *
 * An index is a sum of terms. Let `c` be the coefficient of the loop's variable v. Terms of at least c are high, the others, with the lanes of
 * a vector, are low. If the low ones stay below c, and the high ones are all multiples of a D of at least c * extent, then v is
 * (index mod D) / c, rounded down. That covers tiles and remainders, rows and channels, whatever the loops around and inside.
 */
import { affineInterval, type Ranges, toAffine } from "../../ir/affine.ts";
import type { Buffer, Expr, For, Var } from "../../ir/kernel.ts";
import { freeVars, substitute } from "../../ir/walk-kernel.ts";

/** A place in memory that a loop's body reads or writes. */
export interface Touch {
  readonly buffer: Buffer;
  readonly index: Expr;
  readonly lanes: number;
}

/** What is known of variables: ranges of loops and sizes, values of `let`s. */
export interface Facts {
  readonly ranges: Ranges;
  readonly lets: ReadonlyMap<Var, Expr>;
  /** Sums found so far, by their expression. */
  readonly sums: Map<Expr, Sum>;
}

/** An index as a sum, and the variables in each of its terms. */
interface Sum {
  readonly constant: number;
  readonly terms: readonly {
    readonly coefficient: number;
    readonly atom: Expr;
    readonly vars: ReadonlySet<Var>;
  }[];
}

/** An index against a loop: `slope * v + sum of highs + low`. */
interface Position {
  readonly slope: number;
  /** Coefficients of at least the slope. */
  readonly highs: readonly number[];
  readonly constant: number;
  /** Of the low terms and the lanes, without the constant. */
  readonly low: { readonly min: number; readonly max: number };
}

/** Whether touches of the same memory, made by different iterations of `loop`, never meet. */
export function isOwned(loop: For, touches: readonly Touch[], facts: Facts): boolean {
  const positions = touches.map((touch) => positionOf(loop.var, touch, facts));
  if (positions.some((position) => position === undefined)) return false;
  const known = positions as readonly Position[];
  const slopes = new Set(known.map(({ slope }) => slope));
  if (slopes.size > 1) return false;
  const [slope] = slopes;
  const period = periodOf(loop, slope, known);
  if (period === undefined) return false;
  const starts = known.map(({ constant }) => (period === Infinity ? constant : modulo(constant, period)));
  const least = Math.min(...known.map(({ low }, i) => starts[i] + low.min));
  const most = Math.max(...known.map(({ low }, i) => starts[i] + low.max));
  return most - least < slope;
}

function positionOf(variable: Var, { index, lanes }: Touch, facts: Facts): Position | undefined {
  const { constant, terms } = sumOf(index, facts);
  const own = terms.filter(({ vars }) => vars.has(variable));
  const slope = own[0]?.coefficient ?? 0;
  // The variable inside a quotient or under a load tells nothing.
  if (own.length !== 1 || own[0].atom.kind !== "var" || slope <= 0) return undefined;
  const others = terms.filter((term) => term !== own[0]);
  const isHigh = ({ coefficient }: { coefficient: number }): boolean => Math.abs(coefficient) >= slope;
  const lows = others.filter((term) => !isHigh(term));
  const low = affineInterval({ constant: 0, terms: lows }, facts.ranges);
  return {
    slope,
    highs: others.filter(isHigh).map(({ coefficient }) => Math.abs(coefficient)),
    constant,
    low: { min: low.min, max: low.max + lanes - 1 },
  };
}

function sumOf(index: Expr, { lets, sums }: Facts): Sum {
  const known = sums.get(index);
  if (known !== undefined) return known;
  const { constant, terms } = toAffine(throughLets(index, lets));
  const sum = { constant, terms: terms.map((term) => ({ ...term, vars: freeVars(term.atom) })) };
  sums.set(index, sum);
  return sum;
}

/** The D above; undefined where there is none. The smallest will do, so that constants that are high terms too fall away. */
function periodOf({ extent }: For, slope: number, positions: readonly Position[]): number | undefined {
  const highs = positions.flatMap((position) => position.highs);
  if (highs.length === 0) return Infinity;
  if (extent.kind !== "const") return undefined;
  const divisor = highs.reduce(greatestCommonDivisor);
  const span = slope * extent.value;
  if (divisor % span === 0) return span;
  return divisor >= span && divisor % slope === 0 ? divisor : undefined;
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
const modulo = (value: number, by: number): number => ((value % by) + by) % by;

/** The expression over loop variables and sizes alone. */
function throughLets(expr: Expr, lets: ReadonlyMap<Var, Expr>): Expr {
  const named = [...freeVars(expr)].filter((v) => lets.has(v));
  return named.length === 0 ? expr : throughLets(substitute(expr, lets), lets);
}
