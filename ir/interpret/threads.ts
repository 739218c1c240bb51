/**
 * Parallel loops. The workgroups of a grid run one after another in shuffled order; the threads of a workgroup, in shuffled order too, from
 * barrier to barrier. A program that is right for every order is right for this one, and one that is not is likely to show it for some
 * seed; unordered accesses to the same element are found by `races.ts` for any order.
 */
import { CompilerBug } from "../errors.ts";
import type { For, Stmt, Var } from "../kernel.ts";
import { bodiesOf, visitStmts } from "../walk-kernel.ts";
import type { NumberCode } from "./access.ts";
import { compileExpressions } from "./expr.ts";
import { bindVar, type Frame, fork, type Scope } from "./frame.ts";

export type Code = (frame: Frame) => void;
export type Barrier = Extract<Stmt, { kind: "barrier" }>;
/** Yields the barriers it arrives at. */
export type SteppedCode = (frame: Frame) => Generator<Barrier, void, void>;

/** How bodies are compiled (`stmt.ts`): to run to the end, or to stop at barriers. */
export interface BodyCompilers {
  readonly body: (stmts: readonly Stmt[], scope: Scope) => Code;
  readonly stepped: (stmts: readonly Stmt[], scope: Scope) => SteppedCode;
}

export const isGrid = ({ bind }: For): boolean => bind.startsWith("grid.");
export const isThread = ({ bind }: For): boolean => bind.startsWith("thread.");

/** Whether threads running these statements meet at a barrier. Thread loops inside have meetings of their own. */
export function hasBarrier(stmts: readonly Stmt[]): boolean {
  return stmts.some((stmt) => {
    if (stmt.kind === "barrier") return true;
    return !(stmt.kind === "for" && isThread(stmt)) && bodiesOf(stmt).some(hasBarrier);
  });
}

/** Perfectly nested loops of one kind, as one loop over all their iterations. */
interface Nest {
  readonly count: NumberCode;
  /** Sets the loop variables for iteration `i`. */
  readonly enter: (frame: Frame, i: number) => void;
  readonly body: readonly Stmt[];
  readonly scope: Scope;
}

function compileNest(outermost: For, scope: Scope, belongs: (loop: For) => boolean): Nest {
  const loops: For[] = [outermost];
  for (
    let body = outermost.body;
    body.length === 1 && body[0].kind === "for" && belongs(body[0]);
    body = loops[loops.length - 1].body
  ) {
    loops.push(body[0]);
  }
  const { body } = loops[loops.length - 1];
  rejectInner(body, belongs, scope);
  const extents = loops.map((loop) => compileExpressions([], scope).number(loop.extent));
  const [inner, slots] = bindAll(
    scope,
    loops.map((loop) => loop.var),
  );
  return {
    body,
    scope: inner,
    count: (frame) => extents.reduce((count, extent) => count * extent(frame), 1),
    enter: (frame, i) => {
      let rest = i;
      for (let depth = slots.length - 1; depth >= 0; depth--) {
        const extent = extents[depth](frame);
        frame.numbers[slots[depth]] = rest % extent;
        rest = Math.floor(rest / extent);
      }
    },
  };
}

function rejectInner(body: readonly Stmt[], belongs: (loop: For) => boolean, scope: Scope): void {
  visitStmts(body, (stmt) => {
    if (stmt.kind === "for" && belongs(stmt)) {
      throw new CompilerBug(
        "interpret",
        `${scope.kernel}: ${stmt.bind} is not perfectly nested in its kind of loops`,
      );
    }
  });
}

function bindAll(scope: Scope, vars: readonly Var[]): readonly [Scope, readonly number[]] {
  let inner = scope;
  const slots = vars.map((variable) => {
    const [next, slot] = bindVar(inner, variable);
    inner = next;
    return slot;
  });
  return [inner, slots];
}

export function compileGrid(stmt: For, scope: Scope, compile: BodyCompilers): Code {
  const nest = compileNest(stmt, scope, isGrid);
  const body = compile.body(nest.body, nest.scope);
  return (frame) => {
    for (const i of scope.schedule.shuffle(nest.count(frame))) {
      const group = fork(frame, 0, { id: scope.schedule.nextGroup(), phase: 0, shared: new Map() });
      nest.enter(group, i);
      body(group);
    }
  };
}

export function compileThreads(stmt: For, scope: Scope, compile: BodyCompilers): Code {
  const nest = compileNest(stmt, scope, isThread);
  const run = hasBarrier(nest.body)
    ? meeting(nest, compile.stepped(nest.body, nest.scope), scope)
    : independent(nest, compile.body(nest.body, nest.scope), scope);
  return (frame) => {
    // What the workgroup did before and does after the loop is ordered with what its threads do.
    frame.workgroup.phase++;
    run(frame);
    frame.workgroup.phase++;
  };
}

/** Threads that never wait: one after another, in one frame. */
function independent(nest: Nest, body: Code, scope: Scope): Code {
  return (frame) => {
    const inner = fork(frame, 0);
    for (const thread of scope.schedule.shuffle(nest.count(frame))) {
      inner.thread = thread;
      nest.enter(inner, thread);
      body(inner);
    }
  };
}

/** Threads that meet at barriers: all at once, each in a frame of its own. */
function meeting(nest: Nest, body: SteppedCode, scope: Scope): Code {
  return (frame) => {
    const threads = Array.from({ length: nest.count(frame) }, (_, thread) => {
      const own = fork(frame, thread);
      nest.enter(own, thread);
      return body(own);
    });
    while (advance(threads, scope)) frame.workgroup.phase++;
  };
}

/** Takes every thread to its next barrier. False when all have ended; throws when they meet at different places. */
function advance(threads: readonly Generator<Barrier, void, void>[], scope: Scope): boolean {
  const places = new Set<Barrier | undefined>();
  for (const thread of scope.schedule.shuffle(threads.length)) {
    const { value } = threads[thread].next();
    places.add(value ?? undefined);
  }
  if (places.size > 1) {
    throw new CompilerBug("interpret", `${scope.kernel} has a divergent barrier`, {
      expected: "all threads of a workgroup at one barrier",
      got: places.has(undefined)
        ? "threads that ended while others wait"
        : `${places.size} different barriers`,
    });
  }
  return !places.has(undefined) && threads.length > 0;
}
