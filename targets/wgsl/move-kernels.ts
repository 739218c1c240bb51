/**
 * Kernels that clear and copy slots, in normal form like those of the compiler, so that they go through the same emitter and run in the
 * same compute pass as all others.
 */
import { symbol } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import type { Buffer, Expr, Kernel, Stmt, Var } from "../../ir/kernel.ts";
import {
  add,
  constant,
  forLoop,
  int,
  load,
  makeBuffer,
  makeVar,
  mul,
  read,
  scalar,
  store,
} from "../../ir/kernel.ts";
import { limits } from "./limits.ts";
import { isNarrow } from "./types.ts";

export function copyKernel(dtype: DType): Kernel {
  const [from, to] = [argument("source", dtype), argument("target", dtype)];
  const params: Kernel["params"] = [
    { buffer: from, access: "read" },
    { buffer: to, access: "write" },
  ];
  return elementwise("copy", params, (i) => store(to, [i], load(from, [i])));
}

export function clearKernel(dtype: DType): Kernel {
  const to = argument("target", dtype);
  return elementwise("clear", [{ buffer: to, access: "write" }], (i) =>
    store(to, [i], constant(0, to.dtype)),
  );
}

/** Four bytes are moved as they are, whatever they mean: an f32 that is not a number keeps its bits. */
const argument = (name: string, dtype: DType): Buffer =>
  makeBuffer(name, isNarrow(dtype) ? dtype : "u32", [symbol("size")], "global");

/** One thread for each of `size` elements. */
function elementwise(name: string, params: Kernel["params"], statement: (i: Expr) => Stmt): Kernel {
  const threads = limits.grid?.threads ?? 1;
  const [size, block, lane, i]: Var[] = ["size", "part", "lane", "i"].map((hint) => makeVar(hint));
  const groups = scalar("floordiv", add(read(size), int(threads - 1)), int(threads));
  const then = [statement(read(i))];
  const inside: Stmt = { kind: "if", cond: scalar("lt", read(i), read(size)), then, otherwise: [] };
  const position: Stmt = { kind: "let", var: i, value: add(mul(read(block), int(threads)), read(lane)) };
  const body = forLoop(lane, int(threads), [position, inside], "thread.x");
  return {
    name,
    params,
    dims: [{ symbol: "size", var: size }],
    body: [forLoop(block, groups, [body], "grid.x")],
  };
}
