/**
 * Loops as a lowering writes them by hand: a few words for statements of the kernel IR, so that an algorithm reads like one. Loop variables
 * and let-bound values come as arguments of the function that gives the body.
 */
import {
  type Bind, type Buffer, constant, type Expr, forLoop, int, load, makeBuffer, makeVar, read, type Stmt, store,
} from "./kernel.ts"; // biome-ignore format: one line

const extentOf = (extent: Expr | number): Expr => (typeof extent === "number" ? int(extent) : extent);

function loop(extent: Expr | number, body: (i: Expr) => readonly Stmt[], name: string, bind: Bind): Stmt {
  const variable = makeVar(name);
  return forLoop(variable, extentOf(extent), body(read(variable)), bind);
}

/** for i in 0..extent */
export const each = (extent: Expr | number, body: (i: Expr) => readonly Stmt[], name = "i"): Stmt =>
  loop(extent, body, name, "serial");

/** A nest of parallel loops, one for each extent; without extents, a single iteration. */
export function inParallel(
  extents: readonly (Expr | number)[],
  body: (index: readonly Expr[]) => readonly Stmt[],
): Stmt {
  const level = (index: readonly Expr[]): readonly Stmt[] =>
    index.length === extents.length
      ? body(index)
      : [loop(extents[index.length], (i) => level([...index, i]), `p${index.length}`, "parallel")];
  if (extents.length === 0) return loop(1, () => body([]), "once", "parallel");
  return level([])[0];
}

export const when = (cond: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt => ({
  kind: "if",
  cond,
  then,
  otherwise,
});

/** Computes a value once, ahead of the statements that use it. */
export function bind(name: string, value: Expr, body: (value: Expr) => readonly Stmt[]): readonly Stmt[] {
  const variable = makeVar(name, value.dtype, value.lanes);
  return [{ kind: "let", var: variable, value }, ...body(read(variable))];
}

/** A variable that is written more than once. */
export interface Cell {
  readonly buffer: Buffer;
  readonly get: Expr;
  set(value: Expr): Stmt;
}

/** A variable with a first value, ahead of the statements that use it. */
export function cell(name: string, initial: Expr, body: (cell: Cell) => readonly Stmt[]): readonly Stmt[] {
  const buffer = makeBuffer(name, initial.dtype, [], "register");
  const made: Cell = { buffer, get: load(buffer, []), set: (value) => store(buffer, [], value) };
  return [{ kind: "alloc", buffer }, made.set(initial), ...body(made)];
}

/** 0 and 1 of a type. */
export const zeroOf = ({ dtype }: { readonly dtype: Expr["dtype"] }): Expr => constant(0, dtype);
export const oneOf = ({ dtype }: { readonly dtype: Expr["dtype"] }): Expr => constant(1, dtype);
