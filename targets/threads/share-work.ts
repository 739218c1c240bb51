/**
 * How threads share a kernel in normal form: which loops are cut into parts, one for each thread; which statements one thread runs alone;
 * where all must meet before they go on. It reads the kernel and changes nothing, so schedules need not know of threads, and no bit of a
 * result depends on how many there are: every element is computed whole by one thread, in the order of the loops.
 */
import type { Buffer, Expr, For, Kernel, Stmt, Var } from "../../ir/kernel.ts";
import { allocationsOf, buffersOf, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import type { Aliases } from "../aliasing.ts";
import { rangesOf } from "../schedule/finish.ts";
import { type Facts, isOwned, type Touch } from "./ownership.ts";

export interface SharedWork {
  /** Loops of which thread t of T runs the iterations from trips * t / T to trips * (t + 1) / T. */
  readonly shared: ReadonlySet<For>;
  /** Statements of the kernel's body that the first thread runs alone. */
  readonly alone: ReadonlySet<Stmt>;
  /** Statements of the kernel's body before which all threads meet. */
  readonly meetings: ReadonlySet<Stmt>;
}

/** Operations below which a kernel is not worth a meeting of threads, which takes about a microsecond. */
const SMALL = 4096;

/** Undefined where the kernel is better run by one thread, or has to be. */
export function shareWork(kernel: Kernel, aliases: Aliases, least = SMALL): SharedWork | undefined {
  if (workOf(kernel.body) < least) return undefined;
  const plan = new Plan(kernel, aliases);
  return plan.shared.size > 0 && plan.isSound() ? plan : undefined;
}

class Plan implements SharedWork {
  readonly shared = new Set<For>();
  readonly alone = new Set<Stmt>();
  readonly meetings = new Set<Stmt>();
  readonly #kernel: Kernel;
  readonly #aliases: Aliases;
  readonly #facts: Facts;

  constructor(kernel: Kernel, aliases: Aliases) {
    this.#kernel = kernel;
    this.#aliases = aliases;
    this.#facts = { ranges: rangesOf(kernel), lets: letsOf(kernel), sums: new Map() };
    let written = new Set<Buffer>();
    for (const stmt of kernel.body) {
      const loop = stmt.kind === "for" ? this.#best(stmt) : undefined;
      const { reads, writes } = this.#memoryOf(stmt);
      if (loop !== undefined) this.shared.add(loop);
      else if (writes.size > 0) this.alone.add(stmt);
      if ([...reads, ...writes].some((buffer) => this.#overlapsAny(buffer, written))) {
        this.meetings.add(stmt);
        written = new Set();
      }
      for (const buffer of writes) written.add(buffer);
    }
  }

  /** False where threads would miss what one thread keeps to itself: registers it set, memory that each has of its own. */
  isSound(): boolean {
    const outer = new Set(this.#kernel.body.flatMap((stmt) => (stmt.kind === "alloc" ? [stmt.buffer] : [])));
    const setAlone = new Set<Buffer>();
    for (const stmt of this.alone)
      for (const [buffer, access] of buffersOf([stmt]))
        if (buffer.space === "register" && access !== "read") setAlone.add(buffer);
    return this.#kernel.body.every((stmt) => {
      if (stmt.kind === "alloc" || this.alone.has(stmt)) return true;
      return [...buffersOf([stmt])].every(
        ([buffer]) => !setAlone.has(buffer) && !(buffer.space === "local" && outer.has(buffer)),
      );
    });
  }

  /** Of the loop and those perfectly nested in it: the one whose iterations fall into equal parts best, the outermost of equals. */
  #best(loop: For): For | undefined {
    const owned = spineOf(loop).filter((candidate) => this.#isShareable(candidate));
    const [first, ...others] = owned;
    return others.reduce<For | undefined>(
      (best, next) => (best !== undefined && balance(next) > 1.1 * balance(best) ? next : best),
      first,
    );
  }

  #isShareable(loop: For): boolean {
    const own = new Set<Buffer>(allocationsOf(loop.body));
    const { reads, writes } = touchesOf(loop.body);
    const visible = (touches: readonly Touch[]): readonly Touch[] =>
      touches.filter(({ buffer }) => !own.has(buffer));
    const written = visible(writes);
    const places = new Set(written.map(({ buffer }) => buffer));
    // A register made outside the loop is a sum over its iterations.
    if (written.length === 0 || [...places].some(({ space }) => space !== "global")) return false;
    return [...places].every((place) => {
      const meeting = [...written, ...visible(reads)].filter(
        ({ buffer }) => this.#relation(buffer, place) !== undefined,
      );
      const partial = meeting.some(({ buffer }) => this.#relation(buffer, place) === "partial");
      return !partial && isOwned(loop, meeting, this.#facts);
    });
  }

  #memoryOf(stmt: Stmt): { reads: Set<Buffer>; writes: Set<Buffer> } {
    const own = new Set<Buffer>(allocationsOf([stmt]));
    const reads = new Set<Buffer>();
    const writes = new Set<Buffer>();
    for (const [buffer, access] of buffersOf([stmt])) {
      if (own.has(buffer) || buffer.space === "register") continue;
      if (access !== "write") reads.add(buffer);
      if (access !== "read") writes.add(buffer);
    }
    return { reads, writes };
  }

  #relation(a: Buffer, b: Buffer): ReturnType<Aliases["between"]> {
    if (a === b) return "same";
    const [i, j] = [a, b].map((buffer) => this.#kernel.params.findIndex((param) => param.buffer === buffer));
    return i < 0 || j < 0 ? undefined : this.#aliases.between(i, j);
  }

  #overlapsAny(buffer: Buffer, others: ReadonlySet<Buffer>): boolean {
    return [...others].some((other) => this.#relation(buffer, other) !== undefined);
  }
}

/** A loop and those perfectly nested in it, outermost first. */
function spineOf(loop: For): For[] {
  const inner = loop.body.filter(({ kind }) => kind !== "let");
  const [only] = inner;
  return inner.length === 1 && only.kind === "for" ? [loop, ...spineOf(only)] : [loop];
}

/** How well iterations fall into 2, 4 and 8 equal parts, two counting most: 1 is perfect. An unknown number may be one. */
function balance({ extent }: For): number {
  if (extent.kind !== "const") return 0.5;
  const share = (parts: number): number => extent.value / parts / Math.ceil(extent.value / parts);
  return (2 * share(2) + share(4) + share(8)) / 4;
}

/** The memory that statements read and write; registers too, but only those written. */
function touchesOf(stmts: readonly Stmt[]): { reads: Touch[]; writes: Touch[] } {
  const reads: Touch[] = [];
  const writes: Touch[] = [];
  visitExprs(stmts, (expr) => {
    if (expr.kind === "load" && expr.buffer.space !== "register")
      reads.push({ buffer: expr.buffer, index: expr.index[0], lanes: expr.lanes });
  });
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "store")
      writes.push({ buffer: stmt.buffer, index: stmt.index[0], lanes: stmt.value.lanes });
  });
  return { reads, writes };
}

function letsOf({ body }: Kernel): Facts["lets"] {
  const lets = new Map<Var, Expr>();
  visitStmts(body, (stmt) => {
    if (stmt.kind === "let" && stmt.value.dtype === "i32") lets.set(stmt.var, stmt.value);
  });
  return lets;
}

/** Operations, each vector one, loops of unknown length run once. */
function workOf(stmts: readonly Stmt[]): number {
  return stmts.reduce((sum, stmt) => {
    if (stmt.kind === "if") return sum + workOf(stmt.then) + workOf(stmt.otherwise);
    if (stmt.kind !== "for") return sum + 1;
    return sum + (stmt.extent.kind === "const" ? stmt.extent.value : 1) * workOf(stmt.body);
  }, 0);
}
