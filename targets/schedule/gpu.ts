/**
 * The schedule for GPUs. Every nest of parallel loops is spread over one flat range of threads; each computes a register tile of its own.
 * Sums over much for few results (weight gradients, losses) are shared by the threads of a workgroup instead: each sums a stride of
 * the range, and a tree in shared memory, fixed by shapes alone, adds up what they have.
 */
import { CompilerBug } from "../../ir/errors.ts";
import {
  add, type Buffer, type Expr, forLoop, int, type Kernel, load, makeBuffer, makeVar, mul, read, type Stmt, scalar, store, sub,
} from "../../ir/kernel.ts"; // biome-ignore format: one line
import type { Limits } from "../target.ts";
import { allowsReuse, constantOr, findHot, type HotLoop, iterations, peelParallel } from "./analyze.ts";
import { sinkWindows, unrollSmall } from "./cpu.ts";
import { type Loop, sink, splitOver } from "./loops.ts";

type Grid = NonNullable<Limits["grid"]>;

/** Results of one thread along each tiled axis. */
const TILE = 4;
/** Iterations per result from which a sum is worth sharing among threads, where there are few results. */
const LONG_SUM = 1024;

/** The position of a thread: its workgroup and its number in it. */
interface Position {
  readonly group: Expr;
  readonly thread: Expr;
  readonly threads: number;
}

/** A nest spread over threads: how many workgroups it needs, and its code at one position. */
interface Spread {
  readonly groups: Expr;
  readonly code: readonly Stmt[];
}

export function scheduleGpu(kernel: Kernel, { threads }: Grid): Kernel {
  return bind(kernel, threads, (nest, at) => spreadNest(nest, at));
}

/** One thread runs the loops as they are. */
export function bindSerial(kernel: Kernel): Kernel {
  return bind(kernel, 1, (nest) => ({ groups: int(1), code: [nest] }));
}

/** All nests of a kernel share one grid; where one needs fewer workgroups than another, the rest skip it. */
function bind(kernel: Kernel, threads: number, spread: (nest: Stmt, at: Position) => Spread): Kernel {
  const [group, thread] = [makeVar("group"), makeVar("thread")];
  const at = { group: read(group), thread: read(thread), threads };
  const spreads = kernel.body.map((nest) => spread(nest, at));
  const groups = spreads.map((part) => part.groups).reduce((a, b) => scalar("max", a, b));
  const body = spreads.flatMap(({ groups: own, code }): readonly Stmt[] =>
    spreads.length === 1
      ? code
      : [{ kind: "if", cond: scalar("lt", at.group, own), then: code, otherwise: [] }],
  );
  return {
    ...kernel,
    body: [forLoop(group, groups, [forLoop(thread, int(threads), body, "thread.x")], "grid.x")],
  };
}

function spreadNest(stmt: Stmt, at: Position): Spread {
  if (stmt.kind === "for" && stmt.bind === "parallel") {
    const { loops, body } = peelBound([stmt]);
    return overThreads(loops, body, at);
  }
  const { loops, body } = peelParallel([stmt]);
  if (loops.length === 0) throw new CompilerBug("schedule", "a kernel must be a list of parallel nests");
  const inner = unrollSmall(sinkWindows(body), 1);
  const hot = findHot(inner);
  if (hot === undefined) return overThreads(loops, inner, at);
  // A shared sum keeps its tile small: every accumulator goes through shared memory.
  const row = tile(loops, inner, hot, 1);
  const shared = sharedSum(row.loops, row.body, at);
  if (shared !== undefined) return shared;
  const tiled = tile(loops, inner, hot, hot.window > 1 ? 1 : 2);
  return overThreads(tiled.loops, tiled.body, at);
}

/** Peels perfectly nested loops that are bound `parallel`. */
function peelBound(stmts: readonly Stmt[]): { loops: Loop[]; body: readonly Stmt[] } {
  const [only] = stmts;
  if (stmts.length !== 1 || only.kind !== "for" || only.bind !== "parallel")
    return { loops: [], body: stmts };
  const { loops, body } = peelBound(only.body);
  return { loops: [{ variable: only.var, extent: only.extent }, ...loops], body };
}

/** Cuts up to `most` axes that share loads into tiles of `TILE`, where they divide evenly. */
function tile(
  loops: readonly Loop[],
  body: readonly Stmt[],
  hot: HotLoop,
  most: number,
): { loops: readonly Loop[]; body: readonly Stmt[] } {
  let tiled = body;
  let rest = [...loops];
  const axes = [...loops]
    .reverse()
    .filter(({ variable, extent }) => constantOr(extent, 1) % TILE === 0 && allowsReuse(hot.body, variable));
  for (const loop of axes.slice(0, most)) {
    const {
      outer,
      inner,
      body: split,
    } = splitOver(
      loop.variable,
      { start: int(0), tiles: int(constantOr(loop.extent, TILE) / TILE), size: TILE },
      tiled,
    );
    tiled = inner === undefined ? split : sink(inner, "unroll", split);
    rest = rest.flatMap((other) => (other === loop ? (outer === undefined ? [] : [outer]) : [other]));
  }
  return { loops: rest, body: tiled };
}

const total = (loops: readonly Loop[]): Expr =>
  loops.reduce<Expr>((product, { extent }) => mul(product, extent), int(1));
const ceilDiv = (a: Expr, b: number): Expr => scalar("floordiv", add(a, int(b - 1)), int(b));

/** Gives loop variables their values at a position of the flat range over all of them: once, ahead of what uses them. */
function decode(loops: readonly Loop[], flat: Expr): Stmt[] {
  const lets: Stmt[] = [];
  let rest = flat;
  for (const [i, { variable, extent }] of [...loops.entries()].reverse()) {
    lets.push({ kind: "let", var: variable, value: i === 0 ? rest : scalar("mod", rest, extent) });
    rest = scalar("floordiv", rest, extent);
  }
  return lets;
}

/** One thread per tile. */
function overThreads(loops: readonly Loop[], body: readonly Stmt[], at: Position): Spread {
  const count = total(loops);
  const flat = add(mul(at.group, int(at.threads)), at.thread);
  const code = [...decode(loops, flat), ...body];
  return {
    groups: ceilDiv(count, at.threads),
    code: [{ kind: "if", cond: scalar("lt", flat, count), then: code, otherwise: [] }],
  };
}

/** One workgroup per tile, the range of the sum strided over its threads; undefined where the work is not such a sum. */
function sharedSum(loops: readonly Loop[], body: readonly Stmt[], at: Position): Spread | undefined {
  const hot = findHot(body);
  if (hot === undefined || hot.window > 1 || iterations(hot) < LONG_SUM || iterations({ loops }) > 65535)
    return undefined;
  const batched = hot.loops[0].extent.kind !== "const";
  const sums = accumulators(hot.body);
  if (!batched || sums === undefined) return undefined;
  const position = body.findIndex((stmt) => stmt.kind === "for" && stmt.var === hot.loops[0].variable);
  if (position < 0) return undefined;
  const first = scalar("eq", at.thread, int(0));
  const begin = body.slice(0, position).map((stmt) => onlyFirst(stmt, sums, first));
  const end = body.slice(position + 1);
  const code = [
    ...begin,
    ...strided(hot, at),
    ...addUp(sums, at),
    { kind: "if", cond: first, then: end, otherwise: [] } as const,
  ];
  return { groups: total(loops), code: [...decode(loops, at.group), ...code] };
}

interface Cell {
  readonly buffer: Buffer;
  /** Elements of the register buffer that the tile uses: all of them. */
  readonly count: number;
}

/** The register buffers that a reduction adds to; undefined where it does anything else. */
function accumulators(stmts: readonly Stmt[]): readonly Cell[] | undefined {
  const cells = new Map<Buffer, Cell>();
  for (const stmt of stmts) {
    if (stmt.kind === "for" && stmt.bind === "unroll") {
      const inner = accumulators(stmt.body);
      if (inner === undefined) return undefined;
      for (const cell of inner) cells.set(cell.buffer, cell);
      continue;
    }
    if (stmt.kind !== "store" || stmt.buffer.space !== "register" || stmt.buffer.dtype !== "f32")
      return undefined;
    const { value } = stmt;
    const adds =
      value.kind === "scalar" &&
      value.name === "add" &&
      value.args[0].kind === "load" &&
      value.args[0].buffer === stmt.buffer;
    if (!adds) return undefined;
    cells.set(stmt.buffer, {
      buffer: stmt.buffer,
      count: stmt.buffer.shape.reduce<number>((n, dim) => n * Number(dim), 1),
    });
  }
  return [...cells.values()];
}

/** What an accumulator begins with counts once: in the first thread. */
function onlyFirst(stmt: Stmt, sums: readonly Cell[], first: Expr): Stmt {
  if (stmt.kind === "for") return { ...stmt, body: stmt.body.map((inner) => onlyFirst(inner, sums, first)) };
  if (
    stmt.kind !== "store" ||
    stmt.value.kind === "const" ||
    !sums.some(({ buffer }) => buffer === stmt.buffer)
  )
    return stmt;
  return {
    ...stmt,
    value: scalar("select", first, stmt.value, { kind: "const", dtype: "f32", lanes: 1, value: 0 }),
  };
}

/** The flat range of the two outermost reduction loops, every `threads`-th index of it. */
function strided({ loops, body }: HotLoop, at: Position): readonly Stmt[] {
  const split = loops.slice(0, 2);
  const turn = makeVar("turn");
  const count = total(split);
  const turns = ceilDiv(sub(count, at.thread), at.threads);
  const flat = add(mul(read(turn), int(at.threads)), at.thread);
  const inner = loops
    .slice(2)
    .reduceRight<readonly Stmt[]>((stmts, { variable, extent }) => [forLoop(variable, extent, stmts)], body);
  return [forLoop(turn, turns, [...decode(split, flat), ...inner])];
}

/** Adds the accumulators of all threads up in shared memory, by halves; every thread has the total afterwards. */
function addUp(sums: readonly Cell[], at: Position): readonly Stmt[] {
  return sums.flatMap(({ buffer, count }) => {
    const shared = makeBuffer(`${buffer.name}_shared`, buffer.dtype, [count, at.threads], "shared");
    const cells = Array.from({ length: count }, (_, cell) => cell);
    const index = (cell: number): readonly Expr[] => unflatten(cell, buffer.shape.map(Number)).map(int);
    const put = cells.map((cell) => store(shared, [int(cell), at.thread], load(buffer, index(cell))));
    const halves: Stmt[] = [];
    for (let width = at.threads / 2; width >= 1; width /= 2) {
      const fold = cells.map((cell) =>
        store(
          shared,
          [int(cell), at.thread],
          add(load(shared, [int(cell), at.thread]), load(shared, [int(cell), add(at.thread, int(width))])),
        ),
      );
      halves.push(
        { kind: "if", cond: scalar("lt", at.thread, int(width)), then: fold, otherwise: [] },
        { kind: "barrier" },
      );
    }
    const get = cells.map((cell) => store(buffer, index(cell), load(shared, [int(cell), int(0)])));
    return [{ kind: "alloc", buffer: shared }, ...put, { kind: "barrier" }, ...halves, ...get];
  });
}

function unflatten(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const extent of [...shape].reverse()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}
