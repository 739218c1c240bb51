/**
 * The kernel IR: loops over scalars, one kernel at a time. A tree of statements with expressions as leaves. Variables and buffers are
 * objects, not names. What kind of loop a loop is (serial, unrolled, a grid axis ...) is data on the loop, so that a schedule is a
 * rewrite of this tree and nothing else.
 *
 * Indices are multi-dimensional until `flatten`; afterwards every buffer has rank 0 or 1. Index arithmetic is i32.
 */
import type { Dim } from "./dim.ts";
import type { DType } from "./dtype.ts";
import { type ScalarName, scalarResult } from "./scalar.ts";

/** A loop variable, a size, or a value bound by `let`. Immutable. */
export interface Var {
  readonly name: string;
  readonly dtype: DType;
  readonly lanes: number;
}

/**
 * Where a buffer lives. `global`: passed in by the launch. `shared`: one per workgroup. `local`: one per thread, in memory, indexable by
 * anything. `register`: one per thread, in registers: once unrolled, all its indices are constants.
 */
export type Space = "global" | "shared" | "local" | "register";

export interface Buffer {
  readonly name: string;
  readonly dtype: DType;
  /** Extents per axis, outermost first; row-major. Symbols are those of the kernel's `dims`. */
  readonly shape: readonly Dim[];
  readonly space: Space;
  /** Elements are vectors of this many lanes (register buffers after `vectorize`); 1 otherwise. */
  readonly lanes: number;
}

/** Every expression knows its element type and its number of lanes (1 = scalar). Conditions have dtype bool. */
export type Expr = { readonly dtype: DType; readonly lanes: number } & (
  | { readonly kind: "const"; readonly value: number }
  | { readonly kind: "var"; readonly var: Var }
  /** `lanes` consecutive elements along the last axis, beginning at `index`; one vector element where `buffer.lanes > 1`. */
  | { readonly kind: "load"; readonly buffer: Buffer; readonly index: readonly Expr[] }
  | { readonly kind: "scalar"; readonly name: ScalarName; readonly args: readonly Expr[] }
  /** Value conversion: float to integer truncates and saturates, NaN gives 0; to bool is `!= 0`. */
  | { readonly kind: "cast"; readonly arg: Expr }
  /** The same bits as another type of the same width. */
  | { readonly kind: "bitcast"; readonly arg: Expr }
  /** A scalar in every lane. */
  | { readonly kind: "splat"; readonly arg: Expr }
  /** One lane of a vector. */
  | { readonly kind: "extract"; readonly arg: Expr; readonly lane: number }
);

export type Bind =
  | "serial"
  /** Iterations are independent and the body stays as it is: a schedule may spread them, and does no more. */
  | "parallel"
  | "unroll"
  | "vector"
  | "grid.x"
  | "grid.y"
  | "grid.z"
  | "thread.x"
  | "thread.y"
  | "thread.z";

export type Stmt =
  /** `var` runs from 0 to `extent - 1`. Threads of one grid position run together and may meet at barriers. */
  | {
      readonly kind: "for";
      readonly var: Var;
      readonly extent: Expr;
      readonly bind: Bind;
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "let"; readonly var: Var; readonly value: Expr }
  /** Writes `value.lanes` consecutive elements along the last axis, beginning at `index`. */
  | { readonly kind: "store"; readonly buffer: Buffer; readonly index: readonly Expr[]; readonly value: Expr }
  | {
      readonly kind: "if";
      readonly cond: Expr;
      readonly then: readonly Stmt[];
      readonly otherwise: readonly Stmt[];
    }
  /** The buffer lives until the end of the enclosing statement list. Its content is undefined. */
  | { readonly kind: "alloc"; readonly buffer: Buffer }
  /** All threads of the workgroup meet; their writes to shared and global memory are visible afterwards. */
  | { readonly kind: "barrier" };

export type For = Extract<Stmt, { kind: "for" }>;
/** `fresh`: what was there before is not looked at, what the kernel itself wrote is. */
export type Access = "read" | "write" | "readwrite" | "fresh";

export interface Kernel {
  readonly name: string;
  /** Global buffers, in the order of the launch's arguments. */
  readonly params: readonly { readonly buffer: Buffer; readonly access: Access }[];
  /** The symbols that shapes and extents may use; the launch gives their values, in this order. */
  readonly dims: readonly { readonly symbol: string; readonly var: Var }[];
  readonly body: readonly Stmt[];
}

// Constructors. They fill in dtype and lanes; none of them simplifies (see `compiler/rules/index-arithmetic.ts`).

export const makeVar = (name: string, dtype: DType = "i32", lanes = 1): Var => ({ name, dtype, lanes });
export const constant = (value: number, dtype: DType = "i32", lanes = 1): Expr => ({
  kind: "const",
  dtype,
  lanes,
  value,
});
export const int = (value: number): Expr => constant(value);
export const read = (v: Var): Expr => ({ kind: "var", dtype: v.dtype, lanes: v.lanes, var: v });
export const cast = (arg: Expr, dtype: DType): Expr =>
  arg.dtype === dtype ? arg : { kind: "cast", dtype, lanes: arg.lanes, arg };
export const bitcast = (arg: Expr, dtype: DType): Expr => ({ kind: "bitcast", dtype, lanes: arg.lanes, arg });
export const splat = (arg: Expr, lanes: number): Expr =>
  arg.lanes === lanes ? arg : { kind: "splat", dtype: arg.dtype, lanes, arg };
export const extract = (arg: Expr, lane: number): Expr => ({
  kind: "extract",
  dtype: arg.dtype,
  lanes: 1,
  arg,
  lane,
});

/** A load of `lanes` elements; for buffers of vectors, of one vector. */
export const load = (buffer: Buffer, index: readonly Expr[], lanes = buffer.lanes): Expr => ({
  kind: "load",
  dtype: buffer.dtype,
  lanes,
  buffer,
  index,
});

/** Applies a scalar operator; scalars among vector arguments are splat. */
export function scalar(name: ScalarName, ...args: Expr[]): Expr {
  const lanes = Math.max(...args.map((arg) => arg.lanes));
  const dtype = scalarResult(
    name,
    args.map((arg) => arg.dtype),
  );
  return { kind: "scalar", dtype, lanes, name, args: args.map((arg) => splat(arg, lanes)) };
}

export const add = (a: Expr, b: Expr): Expr => scalar("add", a, b);
export const sub = (a: Expr, b: Expr): Expr => scalar("sub", a, b);
export const mul = (a: Expr, b: Expr): Expr => scalar("mul", a, b);
export const div = (a: Expr, b: Expr): Expr => scalar("div", a, b);

export const forLoop = (v: Var, extent: Expr, body: readonly Stmt[], bind: Bind = "serial"): For => ({
  kind: "for",
  var: v,
  extent,
  bind,
  body,
});
export const store = (buffer: Buffer, index: readonly Expr[], value: Expr): Stmt => ({
  kind: "store",
  buffer,
  index,
  value,
});
export const makeBuffer = (
  name: string,
  dtype: DType,
  shape: readonly Dim[],
  space: Space,
  lanes = 1,
): Buffer => ({
  name,
  dtype,
  shape,
  space,
  lanes,
});
