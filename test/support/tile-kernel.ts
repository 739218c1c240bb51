/**
 * A register tile as the schedules make it: C += A * B, both operands packed, tiles of 6 rows by 2 vectors of 8, blocks along K and M.
 * A is [m / 6][k][6], B is [n / 16][k][16], C row-major.
 */
import {
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
  scalar,
  splat,
  store,
} from "../../ir/kernel.ts";
import { global, kernel } from "./native-bundle.ts";

export const ROWS = 6;
export const LANES = 8;
const VECTORS = 2;
export const COLUMNS = VECTORS * LANES;

export interface TileSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly blockM: number;
  readonly blockK: number;
}

const sum = (...terms: readonly Expr[]): Expr => terms.reduce(add);
const times = (e: Expr, factor: number): Expr => mul(e, int(factor));

interface Place {
  readonly k: Expr;
  readonly row: Expr;
  readonly column: Expr;
}

function tile([a, b, c]: readonly Buffer[], { n, k, blockK }: TileSizes, place: Place): readonly Stmt[] {
  const counter = makeVar("k");
  const step = sum(place.k, read(counter));
  const cells = Array.from({ length: ROWS * VECTORS }, (_, at) => ({
    r: Math.floor(at / VECTORS),
    v: at % VECTORS,
  }));
  const acc = cells.map(({ r, v }) => makeBuffer(`acc${r}${v}`, "f32", [], "register", LANES));
  const right = Array.from({ length: VECTORS }, (_, v) => makeVar(`b${v}`, "f32", LANES));
  const left = Array.from({ length: ROWS }, (_, r) => makeVar(`a${r}`, "f32", LANES));
  const indexB = (v: number): Expr =>
    sum(times(place.column, COLUMNS * k), times(step, COLUMNS), int(v * LANES));
  const indexA = (r: number): Expr => sum(times(place.row, ROWS * k), times(step, ROWS), int(r));
  const indexC = ({ r, v }: { r: number; v: number }): Expr =>
    sum(times(place.row, ROWS * n), times(place.column, COLUMNS), int(r * n + v * LANES));
  const bind = (target: (typeof left)[number], value: Expr): Stmt => ({ kind: "let", var: target, value });
  const row = (r: number): Stmt[] => [
    bind(left[r], splat(load(a, [indexA(r)]), LANES)),
    ...right.map((value, v) => {
      const target = acc[r * VECTORS + v];
      return store(target, [], scalar("fma", read(left[r]), read(value), load(target, [])));
    }),
  ];
  const loads = right.map((target, v) => bind(target, load(b, [indexB(v)], LANES)));
  return [
    ...acc.map((buffer): Stmt => ({ kind: "alloc", buffer })),
    ...acc.map((buffer) => store(buffer, [], constant(0, "f32", LANES))),
    forLoop(counter, int(blockK), [...loads, ...left.flatMap((_, r) => row(r))]),
    ...cells.map((cell, at) =>
      store(c, [indexC(cell)], add(load(c, [indexC(cell)], LANES), load(acc[at], []))),
    ),
  ];
}

/** Sizes must be multiples of the blocks, blocks of the tile. */
export function matmulKernel(sizes: TileSizes): Kernel {
  const { m, n, k, blockM, blockK } = sizes;
  const buffers = [global("a", "f32", m * k), global("b", "f32", k * n), global("c", "f32", m * n)];
  return kernel("matmul", buffers.slice(0, 2), buffers.slice(2), () => {
    const [kBlock, mBlock, column, row] = ["k_block", "m_block", "column", "row"].map((name) =>
      makeVar(name),
    );
    const place = {
      k: times(read(kBlock), blockK),
      row: sum(times(read(mBlock), blockM / ROWS), read(row)),
      column: read(column),
    };
    const rows = forLoop(row, int(blockM / ROWS), tile(buffers, sizes, place));
    const columns = forLoop(column, int(n / COLUMNS), [rows]);
    return [forLoop(kBlock, int(k / blockK), [forLoop(mBlock, int(m / blockM), [columns])])];
  });
}
