/**
 * Kernels by hand, in the normal form in which schedules hand them to emitters, and bundles around them. The WASM tests and the tile
 * benchmark share them.
 */
import type { Dim } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import {
  type Access,
  add,
  type Buffer,
  constant,
  type Expr,
  forLoop,
  int,
  type Kernel,
  load,
  makeBuffer,
  makeVar,
  mul,
  read,
  type Stmt,
  splat,
  store,
} from "../../ir/kernel.ts";
import type { Binding, Bundle, Program, Region, Slot, Step } from "../../ir/program.ts";

export const VECTOR = 4;

export const globalBuffer = (name: string, size: Dim, dtype: DType = "f32"): Buffer =>
  makeBuffer(name, dtype, [size], "global");
export const register = (name: string, lanes = 1, dtype: DType = "f32"): Buffer =>
  makeBuffer(name, dtype, [], "register", lanes);

export function kernelOf(
  name: string,
  params: readonly (readonly [Access, Buffer])[],
  body: readonly Stmt[],
  dims: Kernel["dims"] = [],
): Kernel {
  return { name, params: params.map(([access, buffer]) => ({ access, buffer })), dims, body };
}

/** A loop whose body is a function of its counter. */
export function loopOf(name: string, extent: number | Expr, body: (i: Expr) => readonly Stmt[]): Stmt {
  const counter = makeVar(name);
  return forLoop(counter, typeof extent === "number" ? int(extent) : extent, body(read(counter)));
}

export const ifOf = (cond: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt => ({
  kind: "if",
  cond,
  then,
  otherwise,
});

/** A value used several times. */
export function letOf(name: string, value: Expr): readonly [Stmt, Expr] {
  const v = makeVar(name, value.dtype, value.lanes);
  return [{ kind: "let", var: v, value }, read(v)];
}

export const at = (base: Expr, ...terms: readonly (readonly [Expr, number])[]): Expr =>
  terms.reduce((sum, [value, by]) => add(sum, by === 1 ? value : mul(value, int(by))), base);

/**
 * C[M, N] = A[M, K] * B, with B packed in panels of 8 columns: [N / 8, K, 8]. The register tile is 4 x 8, eight accumulators.
 */
export function matmulTile(m: number, n: number, k: number): Kernel {
  const [a, b, c] = [globalBuffer("a", m * k), globalBuffer("b", k * n), globalBuffer("c", m * n)];
  const rows = 4;
  const accumulators = Array.from({ length: rows * 2 }, (_, i) => register(`acc${i}`, VECTOR));
  const zero = constant(0, "f32", VECTOR);
  const tile = (io: Expr, jo: Expr): Stmt[] => [
    ...accumulators.map((buffer): Stmt => ({ kind: "alloc", buffer })),
    ...accumulators.map((buffer) => store(buffer, [], zero)),
    loopOf("k", k, (kk) => multiplyTile([a, b], accumulators, [io, jo, kk], k)),
    ...accumulators.map((buffer, i) => {
      const row = i >> 1;
      return store(c, [at(int(row * n + (i & 1) * VECTOR), [io, rows * n], [jo, 8])], load(buffer, []));
    }),
  ];
  const body = loopOf("jo", n / 8, (jo) => [loopOf("io", m / rows, (io) => tile(io, jo))]);
  return kernelOf(
    `matmul_${m}_${n}_${k}`,
    [
      ["read", a],
      ["read", b],
      ["write", c],
    ],
    [body],
  );
}

/**
 * One step along K. The order of the loads decides how V8 of Node 20 allocates registers: the splats of A first is the fastest of the
 * orders tried (test/bench/wasm-tile.ts).
 */
function multiplyTile(
  [a, b]: readonly [Buffer, Buffer],
  accumulators: readonly Buffer[],
  [io, jo, kk]: readonly [Expr, Expr, Expr],
  k: number,
): Stmt[] {
  const rowAt = (r: number): Expr => at(int(r * k), [io, 4 * k], [kk, 1]);
  const rows = [0, 1, 2, 3].map((r) => letOf(`a${r}`, splat(load(a, [rowAt(r)]), VECTOR)));
  const columns = [0, VECTOR].map((j) => letOf(`b${j}`, load(b, [at(int(j), [jo, 8 * k], [kk, 8])], VECTOR)));
  const step = (acc: Buffer, i: number): Stmt =>
    store(acc, [], add(load(acc, []), mul(rows[i >> 1][1], columns[i & 1][1])));
  return [...rows.map(([stmt]) => stmt), ...columns.map(([stmt]) => stmt), ...accumulators.map(step)];
}

export const slotOf = (
  name: string,
  region: Region,
  size: Dim,
  offset: Dim = 0,
  dtype: DType = "f32",
): Slot => ({
  name,
  dtype,
  size,
  region,
  offset,
});
export const whole = (slot: Slot, advance = 0): Binding => ({ slot, advance });
export const input = (index: number, size: Dim, dtype: DType = "f32"): Slot =>
  slotOf(`in${index}`, { kind: "input", index }, size, 0, dtype);
export const output = (index: number, size: Dim, dtype: DType = "f32"): Slot =>
  slotOf(`out${index}`, { kind: "output", index }, size, 0, dtype);
export const launch = (
  kernel: Kernel,
  args: readonly (Slot | Binding)[],
  dims: readonly Dim[] = [],
): Step => ({
  kind: "launch",
  kernel,
  args: args.map((arg) => ("slot" in arg ? arg : whole(arg))),
  dims,
});

/** The interface of a program, taken from the slots its inputs and outputs are. */
export function programOf(
  name: string,
  inputs: readonly Slot[],
  outputs: readonly Slot[],
  steps: readonly Step[],
  more: { readonly symbols?: readonly string[]; readonly arenaBytes?: Dim } = {},
): Program {
  const port = ({ name: slotName, dtype, size }: Slot): Program["inputs"][number] => ({
    name: slotName,
    dtype,
    shape: [size],
  });
  const { symbols = [], arenaBytes = 0 } = more;
  return { name, symbols, inputs: inputs.map(port), outputs: outputs.map(port), arenaBytes, steps };
}

export const bundleOf = (
  programs: readonly Program[],
  weights = new Uint8Array(0),
  state = new Uint8Array(0),
): Bundle => ({
  name: "test",
  programs,
  weights: { bytes: weights, fields: [] },
  state: { bytes: state, fields: [] },
});
