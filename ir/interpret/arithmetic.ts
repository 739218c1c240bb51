/**
 * Scalar operators as closures. The meaning is `applyScalar`'s; the operators that fill inner loops are written out, for speed, and
 * test/interpret.test.ts checks that they agree with it.
 */
import { type DType, dtypes } from "../dtype.ts";
import { getElement, setElement } from "../elements.ts";
import { applyScalar, type ScalarName } from "../scalar.ts";

/** An operator on values of one dtype. Unused arguments are 0. */
export type Operator = (a: number, b: number, c: number) => number;

const { fround } = Math;

const onF32: { readonly [N in ScalarName]?: Operator } = {
  add: (a, b) => fround(a + b),
  sub: (a, b) => fround(a - b),
  mul: (a, b) => fround(a * b),
  div: (a, b) => fround(a / b),
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  fma: (a, b, c) => fround(a * b + c),
  lt: (a, b) => (a < b ? 1 : 0),
};

const onI32: { readonly [N in ScalarName]?: Operator } = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: (a, b) => Math.imul(a, b),
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  floordiv: (a, b) => (b === 0 ? 0 : Math.floor(a / b) | 0),
  mod: (a, b) => (b === 0 ? 0 : (a - b * Math.floor(a / b)) | 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  eq: (a, b) => (a === b ? 1 : 0),
};

/** The operator `name` on `dtype`, the type of its first data argument. */
export function operatorOf(name: ScalarName, dtype: DType, arity: number): Operator {
  if (name === "select") return (condition, a, b) => (condition ? a : b);
  const fast = dtype === "f32" ? onF32[name] : dtype === "i32" ? onI32[name] : undefined;
  if (fast !== undefined) return fast;
  if (arity === 1) return (a) => applyScalar(name, dtype, [a]);
  if (arity === 2) return (a, b) => applyScalar(name, dtype, [a, b]);
  return (a, b, c) => applyScalar(name, dtype, [a, b, c]);
}

/** The same bits as another type of the same width. */
export function bitcaster(from: DType, to: DType): (value: number) => number {
  const buffer = new ArrayBuffer(8);
  const source = { dtype: from, shape: [1], data: dtypes[from].view(buffer, 0, 1) };
  const target = { dtype: to, shape: [1], data: dtypes[to].view(buffer, 0, 1) };
  return (value) => {
    setElement(source, 0, value);
    return getElement(target, 0);
  };
}
