/**
 * The one pass that turns multi-dimensional indices into positions: afterwards every buffer in memory has rank 1. Row-major, with strides
 * that may hold size variables.
 */
import { type Ranges, simplify } from "../../ir/affine.ts";
import { type Dim, productOf } from "../../ir/dim.ts";
import {
  add,
  type Buffer,
  type Expr,
  int,
  type Kernel,
  load,
  mul,
  read,
  type Stmt,
  store,
  type Var,
} from "../../ir/kernel.ts";
import { mapStmts } from "../../ir/walk-kernel.ts";

export function flatten(kernel: Kernel, ranges: Ranges): Kernel {
  const sizes = new Map(kernel.dims.map(({ symbol, var: variable }) => [symbol, variable]));
  const flat = new Map<Buffer, Buffer>();
  const flatBuffer = (buffer: Buffer): Buffer => {
    if (buffer.space === "register") return buffer;
    const known = flat.get(buffer) ?? { ...buffer, shape: [productOf(buffer.shape)] };
    flat.set(buffer, known);
    return known;
  };
  const position = (buffer: Buffer, index: readonly Expr[]): readonly Expr[] =>
    buffer.space === "register" ? index : [simplify(linear(buffer.shape, index, sizes), ranges)];
  const body = mapStmts(kernel.body, {
    expr: (expr) =>
      expr.kind === "load" && expr.buffer.space !== "register"
        ? load(flatBuffer(expr.buffer), position(expr.buffer, expr.index), expr.lanes)
        : expr,
    stmt: (stmt): Stmt => {
      if (stmt.kind === "store")
        return store(flatBuffer(stmt.buffer), position(stmt.buffer, stmt.index), stmt.value);
      return stmt.kind === "alloc" ? { kind: "alloc", buffer: flatBuffer(stmt.buffer) } : stmt;
    },
  });
  return {
    ...kernel,
    params: kernel.params.map((param) => ({ ...param, buffer: flatBuffer(param.buffer) })),
    body,
  };
}

function linear(shape: readonly Dim[], index: readonly Expr[], sizes: ReadonlyMap<string, Var>): Expr {
  return index.reduce<Expr>((flat, expr, axis) => {
    const inner = productOf(shape.slice(axis + 1));
    return add(flat, mul(expr, dimExpr(inner, sizes)));
  }, int(0));
}

/** A dimension as an expression over size variables. */
export function dimExpr(dim: Dim, sizes: ReadonlyMap<string, Var>): Expr {
  if (typeof dim === "number") return int(dim);
  return dim.terms
    .map(({ coefficient, symbols }) =>
      symbols.reduce<Expr>((product, name) => {
        const variable = sizes.get(name);
        return variable === undefined ? product : mul(product, read(variable));
      }, int(coefficient)),
    )
    .reduce(add);
}
