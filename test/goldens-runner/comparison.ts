/**
 * What came out of one check of one case: everything that differs, the worst ratio of difference to tolerance, and the raw results. A ratio
 * above 1 is a failure. Types and shapes are part of what is expected.
 */
import { isNDArray } from "../../compiler/arrays.ts";
import { getElement } from "../../ir/elements.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { Closeness } from "../support/close.ts";

const typeOf = ({ dtype, shape }: NDArray): string => `${dtype}[${shape}]`;

export class Comparison {
  readonly problems: string[] = [];
  readonly raw = new Map<string, NDArray>();
  worst = 0;

  /** Compares a list of arrays with what is expected, in order. */
  arrays(what: string, got: readonly unknown[], expected: readonly NDArray[], closeness: Closeness): void {
    if (got.length !== expected.length)
      this.problems.push(`${what}: expected ${expected.length} arrays, got ${got.length}`);
    expected.forEach((array, i) => {
      const name = expected.length === 1 ? what : `${what} ${i}`;
      if (got[i] !== undefined) this.array(name, got[i], array, closeness);
    });
  }

  array(what: string, got: unknown, expected: NDArray, closeness: Closeness): void {
    if (!isNDArray(got)) {
      this.problems.push(`${what}: expected ${typeOf(expected)}, got ${JSON.stringify(got)}`);
      return;
    }
    this.raw.set(what, got);
    if (typeOf(got) !== typeOf(expected))
      this.problems.push(`${what}: expected ${typeOf(expected)}, got ${typeOf(got)}`);
    else this.elements(what, got, expected, closeness);
  }

  /** The worst element of an array. */
  private elements(what: string, got: NDArray, expected: NDArray, closeness: Closeness): void {
    let [worst, at] = [0, -1];
    for (let i = 0; i < expected.data.length; i++) {
      const ratio = ratioOf(getElement(got, i), getElement(expected, i), closeness);
      if (ratio > worst) [worst, at] = [ratio, i];
    }
    this.worst = Math.max(this.worst, worst);
    if (worst <= 1) return;
    const [x, y] = [getElement(got, at), getElement(expected, at)];
    this.problems.push(
      `${what}: element ${at} of ${typeOf(expected)}: expected ${y}, got ${x}, ratio ${worst.toPrecision(3)}`,
    );
  }

  number(what: string, got: number, expected: number, closeness: Closeness): void {
    const ratio = ratioOf(got, expected, closeness);
    this.worst = Math.max(this.worst, ratio);
    if (ratio > 1)
      this.problems.push(`${what}: expected ${expected}, got ${got}, ratio ${ratio.toPrecision(3)}`);
  }

  /** Plain values: shapes, sizes, texts. */
  equal(what: string, got: unknown, expected: unknown): void {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    if (a !== b) this.problems.push(`${what}: expected ${b}, got ${a}`);
  }
}

/** |got - expected| in tolerances. NaN equals NaN, infinities themselves. */
function ratioOf(got: number, expected: number, { absolute, relative }: Closeness): number {
  if (Object.is(got, expected) || got === expected) return 0;
  const tolerance = absolute + relative * Math.abs(expected);
  const ratio = Math.abs(got - expected) / tolerance;
  return Number.isFinite(expected) && Number.isFinite(got) ? ratio : Number.POSITIVE_INFINITY;
}
