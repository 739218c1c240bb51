// Short spellings for kernels and programs that the tests of the WGSL emitter write by hand.

import type { DType } from "../../ir/dtype.ts";
import {
  type Access,
  add,
  type Bind,
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
  store,
} from "../../ir/kernel.ts";
import type { Binding, Program, Slot, Step } from "../../ir/program.ts";

/** An `if` without `else`. */
export const when = (cond: Expr, ...then: readonly Stmt[]): Stmt => ({
  kind: "if",
  cond,
  then,
  otherwise: [],
});

export const global = (name: string, dtype: DType = "f32", size = 0): Buffer =>
  makeBuffer(name, dtype, [size], "global");
export const params = (access: Access, ...buffers: readonly Buffer[]): Kernel["params"] =>
  buffers.map((buffer) => ({ buffer, access }));
export const alloc = (buffer: Buffer): Stmt => ({ kind: "alloc", buffer });
export const barrier: Stmt = { kind: "barrier" };
export const f32 = (value: number): Expr => constant(value, "f32");

/** Nested loops, outermost first, around what `body` makes of their variables. */
export function nest(
  loops: readonly (readonly [Bind, Expr | number])[],
  body: (...at: Expr[]) => readonly Stmt[],
): Stmt[] {
  const vars = loops.map(([bind]) => makeVar(bind.replace(".", "_")));
  return loops.reduceRight<Stmt[]>(
    (inner, [bind, extent], k) => [
      forLoop(vars[k], typeof extent === "number" ? int(extent) : extent, inner, bind),
    ],
    [...body(...vars.map(read))],
  );
}

export const bind = (slot: Slot, advance = 0): Binding => ({ slot, advance });
export const launch = (
  kernel: Kernel,
  args: readonly Binding[],
  dims: Extract<Step, { kind: "launch" }>["dims"] = [],
): Step => ({
  kind: "launch",
  kernel,
  args,
  dims,
});

export function programOf(
  ports: { readonly inputs?: Program["inputs"]; readonly outputs?: Program["outputs"] },
  arenaBytes: Program["arenaBytes"],
  steps: readonly Step[],
): Program {
  const { inputs = [], outputs = [] } = ports;
  return { name: "main", symbols: ["n"], inputs, outputs, arenaBytes, steps };
}

/** y[i] = x[i] * 2 + 1, over a symbolic size. */
export function affineKernel(): Kernel {
  const [x, y] = [global("x"), global("y")];
  const size = makeVar("n");
  const i = makeVar("i");
  const groups = scalar("floordiv", add(read(size), int(31)), int(32));
  const body = nest(
    [
      ["grid.x", groups],
      ["thread.x", 32],
    ],
    (group, thread) => [
      { kind: "let", var: i, value: add(mul(group, int(32)), thread) },
      when(
        scalar("lt", read(i), read(size)),
        store(y, [read(i)], add(mul(load(x, [read(i)]), f32(2)), f32(1))),
      ),
    ],
  );
  return {
    name: "affine",
    params: [...params("read", x), ...params("write", y)],
    dims: [{ symbol: "n", var: size }],
    body,
  };
}
