/**
 * Vectors inside a kernel that holds a whole row (softmax, layer normalization): its parallel axes are not contiguous, the loops of its
 * stages are. Stages run along the row in vectors; sums, products and extrema keep one partial result a lane and fold the lanes at the
 * end, in an order that depends on the length of the row alone.
 */
import {
  type Buffer,
  constant,
  type Expr,
  extract,
  type For,
  forLoop,
  int,
  load,
  makeVar,
  mul,
  read,
  type Stmt,
  scalar,
  splat,
  store,
  type Var,
} from "../../ir/kernel.ts";
import type { ScalarName } from "../../ir/scalar.ts";
import {
  boundVars,
  buffersOf,
  freeVars,
  mapExpr,
  replaceBuffers,
  substitute,
  visitExprs,
  visitStmts,
} from "../../ir/walk-kernel.ts";
import { constantOr, isParallel, loadsOf } from "./analyze.ts";
import { nest, segments, sink, splitOver } from "./loops.ts";
import { canVectorize, strideAlong } from "./vectorize.ts";

export const vectorizeRows = (stmts: readonly Stmt[], lanes: number): readonly Stmt[] =>
  lanes === 1 ? stmts : rows(rowsInMemory(stmts), lanes);

function rows(stmts: readonly Stmt[], lanes: number): readonly Stmt[] {
  return stmts.flatMap((stmt): readonly Stmt[] => {
    if (stmt.kind !== "for" || stmt.bind !== "serial") return [stmt];
    const inner = isParallel(stmt) ? stage(stmt, lanes) : reduction(stmt, lanes);
    return inner ?? [{ ...stmt, body: rows(stmt.body, lanes) }];
  });
}

/** Registers that a loop indexes which stays a loop lie in memory in the end: said now, they can be read as vectors. */
function rowsInMemory(stmts: readonly Stmt[]): readonly Stmt[] {
  const serial = new Set<Var>();
  visitStmts(stmts, (stmt) => void (stmt.kind === "for" && stmt.bind === "serial" && serial.add(stmt.var)));
  const moved = new Map<Buffer, Buffer>();
  const note = (buffer: Buffer, index: readonly Expr[]): void => {
    const isIndexed = index.some((expr) => [...freeVars(expr)].some((variable) => serial.has(variable)));
    if (buffer.space === "register" && isIndexed && !moved.has(buffer))
      moved.set(buffer, { ...buffer, space: "local" });
  };
  visitExprs(stmts, (expr) => expr.kind === "load" && note(expr.buffer, expr.index));
  visitStmts(stmts, (stmt) => stmt.kind === "store" && note(stmt.buffer, stmt.index));
  return replaceBuffers(stmts, moved);
}

/** A loop whose iterations are independent, in vectors and a scalar rest. */
function stage(loop: For, lanes: number): readonly Stmt[] | undefined {
  if (
    constantOr(loop.extent, 0) < lanes ||
    boundVars(loop.body).length > 0 ||
    !canVectorize(loop.body, loop.var)
  )
    return undefined;
  return segments(loop.extent, lanes).flatMap((segment) => {
    const { outer, inner, body } = splitOver(loop.var, segment, loop.body);
    const tile = inner === undefined ? body : sink(inner, "vector", body);
    return nest(outer === undefined ? [] : [outer], tile);
  });
}

/** What a reduction does to one accumulator: acc = acc `by` value. */
interface Update {
  readonly accumulator: Buffer;
  readonly index: readonly Expr[];
  readonly by: keyof typeof identities;
  readonly value: Expr;
}

/** What changes nothing. */
const identities = { add: 0, mul: 1, max: -Infinity, min: Infinity } as const satisfies Partial<
  Record<ScalarName, number>
>;

/** A nest of reduction loops with one partial result a lane along the innermost. */
function reduction(outer: For, lanes: number): readonly Stmt[] | undefined {
  const around: For[] = [];
  let loop = outer;
  while (
    loop.body.length === 1 &&
    loop.body[0].kind === "for" &&
    loop.body[0].bind === "serial" &&
    !isParallel(loop.body[0])
  ) {
    around.push(loop);
    loop = loop.body[0];
  }
  const updates = matchUpdates(
    loop,
    [...around, loop].map((each) => each.var),
    lanes,
  );
  if (updates === undefined) return undefined;
  const partials = updates.map(
    ({ accumulator }): Buffer => ({ ...accumulator, name: `${accumulator.name}_lanes`, shape: [], lanes }),
  );
  const body = inLanes(loop, updates, partials, lanes);
  const whole = around.reduceRight<readonly Stmt[]>((stmts, each) => [{ ...each, body: stmts }], body);
  return [
    ...partials.flatMap((buffer, i): Stmt[] => [
      { kind: "alloc", buffer },
      store(buffer, [], splat(constant(identities[updates[i].by], buffer.dtype), lanes)),
    ]),
    ...whole,
    ...updates.map((update, i) => fold(update, partials[i], lanes)),
  ];
}

/** The updates of a loop body; undefined where something else happens, or nothing to load in vectors. */
function matchUpdates(loop: For, variables: readonly Var[], lanes: number): readonly Update[] | undefined {
  if (constantOr(loop.extent, 0) < lanes || !canVectorize(loop.body, loop.var)) return undefined;
  const updates = loop.body.map((stmt) => matchUpdate(stmt, variables));
  const known = updates.filter((update) => update !== undefined);
  const written = new Set(known.map(({ accumulator }) => accumulator));
  const reads = (expr: Expr): boolean => [...buffersOf(expr).keys()].some((buffer) => written.has(buffer));
  const isSpread = loadsOf(loop.body).some(({ index }) => strideAlong(index, loop.var) === "contiguous");
  return known.length === updates.length && isSpread && !known.some(({ value }) => reads(value))
    ? known
    : undefined;
}

function matchUpdate(stmt: Stmt, variables: readonly Var[]): Update | undefined {
  if (stmt.kind !== "store" || stmt.buffer.space !== "register" || stmt.buffer.dtype !== "f32")
    return undefined;
  const { buffer, index, value } = stmt;
  if (index.some((expr) => variables.some((variable) => freeVars(expr).has(variable)))) return undefined;
  if (value.kind !== "scalar" || !isFoldable(value.name)) return undefined;
  const [state, other] = value.args;
  const isState = state.kind === "load" && state.buffer === buffer;
  return isState ? { accumulator: buffer, index, by: value.name, value: other } : undefined;
}

const isFoldable = (name: ScalarName): name is keyof typeof identities => name in identities;

/** The loop over vectors, and what is left of it one by one. */
function inLanes(
  loop: For,
  updates: readonly Update[],
  partials: readonly Buffer[],
  lanes: number,
): readonly Stmt[] {
  return segments(loop.extent, lanes).map((segment) => {
    const variable = makeVar(loop.var.name);
    const start =
      segment.size === lanes ? mul(read(variable), int(lanes)) : scalar("add", segment.start, read(variable));
    const body = updates.map(({ accumulator, index, by, value }, i) => {
      const at = substitute(
        segment.size === lanes ? widen(value, loop.var, lanes) : value,
        new Map([[loop.var, start]]),
      );
      return segment.size === lanes
        ? store(partials[i], [], scalar(by, load(partials[i], []), splat(at, lanes)))
        : store(accumulator, index, scalar(by, load(accumulator, index), at));
    });
    return forLoop(variable, segment.tiles, body);
  });
}

/** Loads along the variable become loads of vectors. */
const widen = (expr: Expr, variable: Var, lanes: number): Expr =>
  mapExpr(expr, (node) => {
    if (node.kind === "load")
      return strideAlong(node.index, variable) === "contiguous" ? load(node.buffer, node.index, lanes) : node;
    if (node.kind === "scalar")
      return node.args.every((arg) => arg.lanes === 1) ? node : scalar(node.name, ...node.args);
    return "arg" in node && node.kind !== "splat" ? { ...node, lanes: node.arg.lanes } : node;
  });

function fold({ accumulator, index, by }: Update, partial: Buffer, lanes: number): Stmt {
  const all = Array.from({ length: lanes }, (_, lane) => extract(load(partial, []), lane));
  return store(
    accumulator,
    index,
    [load(accumulator, index), ...all].reduce((a, b) => scalar(by, a, b)),
  );
}
