/**
 * Ways of comparing results that are not unique: factorizations up to signs and order, partitions, arrays without defined contents.
 */
import { getElement } from "../../ir/elements.ts";
import { type NDArray, sizeOf, stridesOf } from "../../ir/ndarray.ts";
import type { Closeness } from "../support/close.ts";
import type { Comparison } from "./comparison.ts";

interface Results {
  readonly inputs: readonly NDArray[];
  readonly got: readonly NDArray[];
  readonly expected: readonly NDArray[];
  readonly closeness: Closeness;
}
type SpecialCheck = (results: Results, comparison: Comparison) => void;

export const specialChecks: { readonly [check: string]: SpecialCheck | undefined } = {
  shape: checkTypes,
  partition: checkPartition,
  qr: (results, comparison) => {
    checkTypes(results, comparison);
    const [q, r] = results.got;
    const { closeness, inputs } = results;
    comparison.array("q r", product(q, r), inputs[0], closeness);
    comparison.array("q' q", product(transposed(q), q), identity(q.shape), closeness);
  },
  svd: (results, comparison) => {
    checkTypes(results, comparison);
    const { got, expected, inputs, closeness } = results;
    const rank = expected[1].shape.at(-1) ?? 0;
    comparison.array("singular values", got[1], expected[1], closeness);
    comparison.array("u s v", product(scaled(columns(got[0], rank), got[1]), got[2]), inputs[0], closeness);
  },
  eigh: (results, comparison) => {
    checkTypes(results, comparison);
    const { got, expected, inputs, closeness } = results;
    comparison.array("eigenvalues", got[0], expected[0], closeness);
    comparison.array("v w v'", product(scaled(got[1], got[0]), transposed(got[1])), inputs[0], closeness);
  },
  eigenvalues: checkEigenvalues,
};

function checkTypes({ got, expected }: Results, comparison: Comparison): void {
  const types = (arrays: readonly NDArray[]): string[] =>
    arrays.map(({ dtype, shape }) => `${dtype}[${shape}]`);
  comparison.equal("types", types(got), types(expected));
}

/** As many of the smallest elements stand in front as stand there in the expected result, in any order. */
function checkPartition({ inputs, got, expected, closeness }: Results, comparison: Comparison): void {
  checkTypes({ inputs, got, expected, closeness }, comparison);
  const sorted = (order: NDArray): number[] => [...order.data].map((at) => getElement(inputs[0], Number(at)));
  const values = sorted(got[0]);
  comparison.equal(
    "permutation",
    [...got[0].data].map(Number).sort((a, b) => a - b),
    values.map((_, i) => i),
  );
  // The pivot is the one place where both orders must agree: all before it are not above it, all behind it not below.
  const theirs = sorted(expected[0]);
  const pivots = theirs.flatMap((value, k) => (isPivot(theirs, k) ? [{ k, value }] : []));
  if (!pivots.some(({ k, value }) => isPivot(values, k) && values[k] === value))
    comparison.problems.push(`not a partition: ${values}`);
}

const isPivot = (values: readonly number[], k: number): boolean =>
  values.every((value, i) => (i < k ? value <= values[k] : value >= values[k]));

/** Complex eigenvalues as a set: each expected one has a partner. */
function checkEigenvalues({ got, expected, closeness }: Results, comparison: Comparison): void {
  const pairs = ([re, im]: readonly NDArray[]): [number, number][] =>
    [...re.data].map((_, i) => [getElement(re, i), getElement(im, i)]);
  const left = pairs(got);
  comparison.equal("number of eigenvalues", left.length, expected[0].data.length);
  for (const [re, im] of pairs(expected)) {
    const distances = left.map(([a, b]) => Math.hypot(a - re, b - im));
    const nearest = distances.indexOf(Math.min(...distances));
    const [a, b] = left.splice(nearest, 1)[0] ?? [Number.NaN, Number.NaN];
    comparison.number("real part", a, re, closeness);
    comparison.number("imaginary part", b, im, closeness);
  }
}

// Matrices in the last two axes, f32.

const make = (shape: readonly number[], value: (batch: number, i: number, j: number) => number): NDArray => {
  const [rows, columnCount] = shape.slice(-2);
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, at) => {
    const inner = at % (rows * columnCount);
    return value(Math.floor(at / (rows * columnCount)), Math.floor(inner / columnCount), inner % columnCount);
  });
  return { dtype: "f32", shape, data };
};

const at = (a: NDArray, batch: number, i: number, j: number): number => {
  const strides = stridesOf(a.shape).slice(-2);
  return getElement(a, batch * sizeOf(a.shape.slice(-2)) + i * strides[0] + j * strides[1]);
};

const withLast = (a: NDArray, rows: number, columnCount: number): number[] => [
  ...a.shape.slice(0, -2),
  rows,
  columnCount,
];

function product(a: NDArray, b: NDArray): NDArray {
  const [rows, inner] = a.shape.slice(-2);
  return make(withLast(a, rows, b.shape.at(-1) ?? 0), (batch, i, j) => {
    let total = 0;
    for (let k = 0; k < inner; k++) total += at(a, batch, i, k) * at(b, batch, k, j);
    return total;
  });
}

const transposed = (a: NDArray): NDArray =>
  make(withLast(a, a.shape.at(-1) ?? 0, a.shape.at(-2) ?? 0), (batch, i, j) => at(a, batch, j, i));

/** The columns of `a`, each times a number. */
const scaled = (a: NDArray, by: NDArray): NDArray =>
  make(a.shape, (batch, i, j) => at(a, batch, i, j) * getElement(by, batch * (by.shape.at(-1) ?? 0) + j));

const columns = (a: NDArray, count: number): NDArray =>
  make(withLast(a, a.shape.at(-2) ?? 0, count), (batch, i, j) => at(a, batch, i, j));

const identity = (shape: readonly number[]): NDArray => {
  const size = shape.at(-1) ?? 0;
  return make([...shape.slice(0, -2), size, size], (_, i, j) => (i === j ? 1 : 0));
};
