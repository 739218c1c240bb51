/**
 * Statements as closures. Code without barriers runs to its end; code with barriers is a generator that yields at each of them, so that
 * the threads of a workgroup can be advanced from barrier to barrier (`threads.ts`).
 */
import { evaluateShape } from "../dim.ts";
import { byteWidth, dtypes } from "../dtype.ts";
import { CompilerBug } from "../errors.ts";
import type { Buffer, For, Stmt } from "../kernel.ts";
import { sizeOf } from "../ndarray.ts";
import { compilePlace, compileStore, compileVectorStore } from "./access.ts";
import { type Compiled, compileExpressionsOf } from "./expr.ts";
import { bindBuffer, bindVar, type Frame, type Scope } from "./frame.ts";
import { allocate, type Memory } from "./memory.ts";
import { RaceRecord } from "./races.ts";
import {
  type Barrier,
  type BodyCompilers,
  type Code,
  compileGrid,
  compileThreads,
  hasBarrier,
  isGrid,
  isThread,
  type SteppedCode,
} from "./threads.ts";

/** Compiles one statement after another; what `let` and `alloc` bind is in scope of the rest. */
function compileInOrder<T>(
  stmts: readonly Stmt[],
  scope: Scope,
  compile: (stmt: Stmt, scope: Scope) => readonly [T, Scope],
): T[] {
  let inner = scope;
  return stmts.map((stmt) => {
    const [code, next] = compile(stmt, inner);
    inner = next;
    return code;
  });
}

/** Code that runs to its end. A barrier in it is met by one thread only. */
export function compileBody(stmts: readonly Stmt[], scope: Scope): Code {
  const codes = compileInOrder(stmts, scope, compileStmt);
  if (codes.length === 1) return codes[0];
  return (frame) => {
    for (const code of codes) code(frame);
  };
}

function compileStmt(stmt: Stmt, scope: Scope): readonly [Code, Scope] {
  const code = compileExpressionsOf(stmt, scope);
  switch (stmt.kind) {
    case "for":
      return [withPrologue(code, compileFor(stmt, scope, code)), scope];
    case "let":
      return compileLet(stmt, scope, code);
    case "store":
      return [withPrologue(code, compileStoreStmt(stmt, scope, code)), scope];
    case "if": {
      const cond = code.number(stmt.cond);
      const [then, otherwise] = [compileBody(stmt.then, scope), compileBody(stmt.otherwise, scope)];
      return [withPrologue(code, (frame) => (cond(frame) !== 0 ? then(frame) : otherwise(frame))), scope];
    }
    case "alloc":
      return compileAlloc(stmt.buffer, scope);
    case "barrier":
      return [(frame) => void frame.workgroup.phase++, scope];
    default:
      return stmt satisfies never;
  }
}

function withPrologue({ prologue }: Compiled, code: Code): Code {
  if (prologue.length === 0) return code;
  return (frame) => {
    for (const step of prologue) step(frame);
    code(frame);
  };
}

function compileLet(
  stmt: Extract<Stmt, { kind: "let" }>,
  scope: Scope,
  code: Compiled,
): readonly [Code, Scope] {
  const [inner, slot] = bindVar(scope, stmt.var);
  return [withPrologue(code, stmt.var.lanes > 1 ? vectorLet() : numberLet()), inner];
  function vectorLet(): Code {
    const value = code.vector(stmt.value);
    return (frame) => {
      frame.vectors[slot] = value(frame);
    };
  }
  function numberLet(): Code {
    const value = code.number(stmt.value);
    return (frame) => {
      frame.numbers[slot] = value(frame);
    };
  }
}

function compileStoreStmt(stmt: Extract<Stmt, { kind: "store" }>, scope: Scope, code: Compiled): Code {
  const { buffer, value } = stmt;
  const place = compilePlace(scope, buffer, stmt.index.map(code.number), value.lanes);
  if (value.lanes === 1 && buffer.lanes === 1) return compileStore(place, buffer, code.number(value));
  return compileVectorStore(place, code.vector(value));
}

const compilers: BodyCompilers = {
  body: (stmts, scope) => compileBody(stmts, scope),
  stepped: (stmts, scope) => compileStepped(stmts, scope),
};

function compileFor(stmt: For, scope: Scope, code: Compiled): Code {
  if (isGrid(stmt)) return compileGrid(stmt, scope, compilers);
  if (isThread(stmt)) return compileThreads(stmt, scope, compilers);
  const extent = code.number(stmt.extent);
  const [inner, slot] = bindVar(scope, stmt.var);
  const body = compileBody(stmt.body, inner);
  if (stmt.bind === "vector") {
    // The iterations become lanes: no order between them may matter.
    return (frame) => {
      for (const i of scope.schedule.shuffle(extent(frame))) {
        frame.numbers[slot] = i;
        body(frame);
      }
    };
  }
  return (frame) => {
    const count = extent(frame);
    for (let i = 0; i < count; i++) {
      frame.numbers[slot] = i;
      body(frame);
    }
  };
}

function compileAlloc(buffer: Buffer, scope: Scope): readonly [Code, Scope] {
  const [inner, slot] = bindBuffer(scope, buffer);
  const size = sizeOf(evaluateShape(buffer.shape, scope.bindings)) * buffer.lanes;
  const make = (): Memory => allocate(buffer.dtype, size, dtypes[buffer.dtype].allocate(size));
  switch (buffer.space) {
    case "global":
      throw new CompilerBug("interpret", `${scope.kernel} allocates ${buffer.name} in global memory`);
    case "shared":
      return [
        (frame) => {
          const { shared } = frame.workgroup;
          const width = byteWidth(buffer.dtype);
          const memory = shared.get(slot) ?? {
            ...make(),
            races: new RaceRecord(size * width, width).view(0, width),
          };
          shared.set(slot, memory);
          frame.memories[slot] = memory;
        },
        inner,
      ];
    case "local":
    case "register":
      return [
        (frame) => {
          const before: Memory | undefined = frame.memories[slot];
          if (before === undefined) frame.memories[slot] = make();
          else before.written?.marks.fill(0);
        },
        inner,
      ];
    default:
      return buffer.space satisfies never;
  }
}

/** Code that stops at barriers. */
export function compileStepped(stmts: readonly Stmt[], scope: Scope): SteppedCode {
  const codes = compileInOrder(stmts, scope, compileSteppedStmt);
  return function* (frame) {
    for (const code of codes) {
      const rest = code(frame);
      if (rest !== undefined) yield* rest;
    }
  };
}

type MaybeStepped = (frame: Frame) => Generator<Barrier, void, void> | undefined;

function compileSteppedStmt(stmt: Stmt, scope: Scope): readonly [MaybeStepped, Scope] {
  if (!hasBarrier([stmt])) {
    const [code, inner] = compileStmt(stmt, scope);
    return [(frame) => void code(frame), inner];
  }
  const code = compileExpressionsOf(stmt, scope);
  const prepare = withPrologue(code, () => undefined);
  if (stmt.kind === "if") {
    const cond = code.number(stmt.cond);
    const [then, otherwise] = [compileStepped(stmt.then, scope), compileStepped(stmt.otherwise, scope)];
    return [
      (frame) => {
        prepare(frame);
        return cond(frame) !== 0 ? then(frame) : otherwise(frame);
      },
      scope,
    ];
  }
  if (stmt.kind === "for") return [compileSteppedFor(stmt, scope, code.number(stmt.extent), prepare), scope];
  if (stmt.kind === "barrier") return [() => once(stmt), scope];
  throw new CompilerBug("interpret", `a barrier inside ${stmt.kind}`);
}

function compileSteppedFor(
  stmt: For,
  scope: Scope,
  extent: (frame: Frame) => number,
  prepare: Code,
): MaybeStepped {
  const [inner, slot] = bindVar(scope, stmt.var);
  const body = compileStepped(stmt.body, inner);
  return function* (frame) {
    prepare(frame);
    const count = extent(frame);
    for (let i = 0; i < count; i++) {
      frame.numbers[slot] = i;
      yield* body(frame);
    }
  };
}

function* once(barrier: Barrier): Generator<Barrier, void, void> {
  yield barrier;
}
