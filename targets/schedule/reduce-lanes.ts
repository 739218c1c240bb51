/**
 * Vectorizes a reduction along its innermost loop: each lane sums its own share, and the lanes are added up at the end. For sums of
 * products whose operands are both contiguous along that loop (a matrix times a transposed one), where no result axis is.
 */
import {
  type Buffer,
  type Expr,
  extract,
  type For,
  int,
  load,
  makeVar,
  mul,
  read,
  type Stmt,
  scalar,
  splat,
  store,
} from "../../ir/kernel.ts";
import { freeVars, substitute } from "../../ir/walk-kernel.ts";
import { constantOr, loadsOf } from "./analyze.ts";
import { strideAlong } from "./vectorize.ts";

/** The pieces of `{ acc = init; for r.. { acc = acc + value } }`, as a lowering writes a sum. */
export interface SumLoop {
  readonly loop: For;
  readonly accumulator: Buffer;
  readonly value: Expr;
}

/** Recognises an innermost loop that adds one contiguous value to one accumulator. */
export function matchSum(loop: For, lanes: number): SumLoop | undefined {
  const [stmt] = loop.body;
  if (loop.body.length !== 1 || stmt.kind !== "store" || stmt.buffer.space !== "register") return undefined;
  const { value } = stmt;
  if (value.kind !== "scalar" || value.name !== "add" || value.dtype !== "f32") return undefined;
  const [acc, term] = value.args;
  if (acc.kind !== "load" || acc.buffer !== stmt.buffer) return undefined;
  if (constantOr(loop.extent, 0) % lanes !== 0 || constantOr(loop.extent, 0) === 0) return undefined;
  const loads = loadsOf([store(stmt.buffer, [], term)]);
  const contiguous = loads.every(({ index }) => strideAlong(index, loop.var) === "contiguous");
  return contiguous && loads.length > 0 && isProduct(term)
    ? { loop, accumulator: stmt.buffer, value: term }
    : undefined;
}

/** A product of what lies in memory: registers hold one number each, there is no vector of them to load. */
const isProduct = (expr: Expr): boolean =>
  (expr.kind === "load" && expr.buffer.space !== "register") ||
  (expr.kind === "scalar" && expr.name === "mul" && expr.args.every(isProduct));

/** The innermost loop of a reduction nest, where it can be spread over lanes: one accumulator for all iterations of the nest. */
export function laneSum(
  stmts: readonly Stmt[],
  lanes: number,
  around: readonly For["var"][] = [],
): SumLoop | undefined {
  for (const stmt of stmts) {
    if (stmt.kind !== "for") continue;
    const inside = [...around, stmt.var];
    const found = matchSum(stmt, lanes) ?? laneSum(stmt.body, lanes, inside);
    if (found !== undefined && !isIndexedBy(found, inside)) return found;
  }
  return undefined;
}

const isIndexedBy = (sum: SumLoop, variables: readonly For["var"][]): boolean =>
  accumulatorIndex(sum).some((index) => variables.some((variable) => freeVars(index).has(variable)));

/** Rewrites the body of a tile: the sum runs in vectors, and is folded into the accumulator behind its loops. */
export function spreadSum(stmts: readonly Stmt[], sum: SumLoop, lanes: number): readonly Stmt[] {
  const partial: Buffer = { ...sum.accumulator, name: `${sum.accumulator.name}_lanes`, lanes };
  return stmts.flatMap((stmt): readonly Stmt[] => {
    if (stmt.kind !== "for" || !contains(stmt, sum.loop)) return [stmt];
    const index = accumulatorIndex(sum);
    const begin = store(partial, index, splat({ kind: "const", dtype: "f32", lanes: 1, value: 0 }, lanes));
    const total = Array.from({ length: lanes }, (_, lane) => extract(load(partial, index), lane)).reduce(
      (a, b) => scalar("add", a, b),
    );
    const fold = store(sum.accumulator, index, scalar("add", load(sum.accumulator, index), total));
    return [{ kind: "alloc", buffer: partial }, begin, replaceLoop(stmt, sum, partial, lanes), fold];
  });
}

const contains = (stmt: Stmt, loop: For): boolean =>
  stmt === loop || (stmt.kind === "for" && stmt.body.some((inner) => contains(inner, loop)));

function accumulatorIndex({ loop }: SumLoop): readonly Expr[] {
  const [stmt] = loop.body;
  return stmt.kind === "store" ? stmt.index : [];
}

function replaceLoop(stmt: Stmt, sum: SumLoop, partial: Buffer, lanes: number): Stmt {
  if (stmt.kind !== "for") return stmt;
  if (stmt !== sum.loop)
    return { ...stmt, body: stmt.body.map((inner) => replaceLoop(inner, sum, partial, lanes)) };
  const variable = makeVar(stmt.var.name);
  const index = accumulatorIndex(sum);
  const first = substitute(sum.value, new Map([[stmt.var, mul(read(variable), int(lanes))]]));
  const value = scalar("add", load(partial, index), widen(first, lanes));
  return {
    ...stmt,
    var: variable,
    extent: int(constantOr(stmt.extent, 0) / lanes),
    body: [store(partial, index, value)],
  };
}

/** Every load of the product becomes a load of `lanes` elements. */
function widen(expr: Expr, lanes: number): Expr {
  if (expr.kind === "load") return load(expr.buffer, expr.index, lanes);
  return expr.kind === "scalar" ? scalar(expr.name, ...expr.args.map((arg) => widen(arg, lanes))) : expr;
}
