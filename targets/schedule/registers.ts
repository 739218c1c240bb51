/**
 * Gives every element of a register buffer a variable of its own (a register buffer of rank 0). Buffers that are indexed by loops that
 * stay loops move to local memory instead.
 */
import { type Buffer, type Expr, int, load, mul, type Stmt, store } from "../../ir/kernel.ts";
import { mapStmts, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";

export function splitRegisters(stmts: readonly Stmt[]): readonly Stmt[] {
  const moving = dynamicBuffers(stmts);
  const cells = new Map<Buffer, Map<string, Buffer>>();
  const local = new Map<Buffer, Buffer>();
  const cell = (buffer: Buffer, index: readonly Expr[]): Buffer => {
    const key = index.map((expr) => (expr.kind === "const" ? expr.value : 0)).join("_");
    const known = cells.get(buffer) ?? new Map<string, Buffer>();
    cells.set(buffer, known);
    const made = known.get(key) ?? {
      ...buffer,
      name: key === "" ? buffer.name : `${buffer.name}_${key}`,
      shape: [],
    };
    known.set(key, made);
    return made;
  };
  const inMemory = (buffer: Buffer): Buffer => {
    const last = buffer.shape.length - 1;
    const shape =
      buffer.lanes === 1
        ? buffer.shape
        : buffer.shape.map((dim, axis) => (axis === last ? Number(dim) * buffer.lanes : dim));
    const made = local.get(buffer) ?? { ...buffer, space: "local" as const, lanes: 1, shape };
    local.set(buffer, made);
    return made;
  };
  const spread = (buffer: Buffer, index: readonly Expr[]): readonly Expr[] =>
    buffer.lanes === 1
      ? index
      : index.map((expr, axis) => (axis === index.length - 1 ? mul(expr, int(buffer.lanes)) : expr));
  const rewritten = mapStmts(stmts, {
    expr: (expr) => {
      if (expr.kind !== "load" || expr.buffer.space !== "register") return expr;
      if (moving.has(expr.buffer))
        return load(inMemory(expr.buffer), spread(expr.buffer, expr.index), expr.lanes);
      return load(cell(expr.buffer, expr.index), []);
    },
    stmt: (stmt) => {
      if (stmt.kind !== "store" || stmt.buffer.space !== "register") return stmt;
      if (moving.has(stmt.buffer))
        return store(inMemory(stmt.buffer), spread(stmt.buffer, stmt.index), stmt.value);
      return store(cell(stmt.buffer, stmt.index), [], stmt.value);
    },
  });
  return mapStmts(rewritten, {
    stmt: (stmt) => {
      if (stmt.kind !== "alloc" || stmt.buffer.space !== "register") return stmt;
      if (moving.has(stmt.buffer)) return { kind: "alloc", buffer: inMemory(stmt.buffer) };
      return [...(cells.get(stmt.buffer)?.values() ?? [])].map((buffer): Stmt => ({ kind: "alloc", buffer }));
    },
  });
}

/** Register buffers with an index that is no constant. */
function dynamicBuffers(stmts: readonly Stmt[]): ReadonlySet<Buffer> {
  const dynamic = new Set<Buffer>();
  const check = (buffer: Buffer, index: readonly Expr[]): void => {
    if (buffer.space === "register" && index.some((expr) => expr.kind !== "const")) dynamic.add(buffer);
  };
  visitExprs(stmts, (expr) => {
    if (expr.kind === "load") check(expr.buffer, expr.index);
  });
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "store") check(stmt.buffer, stmt.index);
  });
  return dynamic;
}
