/**
 * The invariants of the kernel IR, and of the normal form that emitters rely on. A broken one is a CompilerBug naming the kernel; the
 * passes are ours, so nothing a user does should get here.
 *
 * Of every kernel, at any stage (`verifyKernel`):
 *  1. A variable is bound once (dim, loop or `let`) and read only where it is in scope.
 *  2. A buffer is a parameter or allocated, once, before its use and in scope; parameters are global, allocations are not.
 *  3. An index has one i32 scalar per axis; only buffers with an axis are read `lanes` elements at a time.
 *  4. Parameters are read and written as their access mode says.
 *  5. dtype and lanes of an expression follow from its operands; constants are values of their type.
 *  6. Extents are i32 scalars, conditions bool scalars; a stored value has its buffer's dtype, and its lanes where it has lanes.
 *  7. Symbols in shapes are dims of the kernel; dims are i32 scalars.
 *  8. Grid loops do not stand inside thread loops, and no bind of them occurs inside itself. Barriers stand inside thread loops.
 *  9. Register and local buffers are used inside the thread loops they are allocated in, shared ones inside their grid loops.
 *
 * Of kernels for an emitter (`verifyEmittable`), moreover:
 * 10. Buffers have at most one axis, registers none; allocations have constant sizes that fit the limits.
 * 11. Loops are serial, or grid and thread loops: outermost, perfectly nested, thread inside grid, thread extents constant, within limits.
 * 12. Scalar operators are basic; lanes are 1 or those of the target.
 */
import { isStaticShape, symbolsOf } from "./dim.ts";
import { byteWidth, isFloat } from "./dtype.ts";
import { CompilerBug, type ErrorDetails } from "./errors.ts";
import type { Access, Bind, Buffer, Expr, For, Kernel, Stmt, Var } from "./kernel.ts";
import { sizeOf } from "./ndarray.ts";
import { scalarResult, scalars, wrap } from "./scalar.ts";
import { allocationsOf, operandsOf, visitExprs, visitStmts } from "./walk-kernel.ts";

/** What is in scope at a statement. */
interface Scope {
  readonly vars: Set<Var>;
  readonly buffers: Map<Buffer, Home>;
  /** The grid and thread loops around. */
  readonly binds: readonly Bind[];
}

interface Home {
  readonly access: Access;
  /** The grid and thread loops around its allocation. */
  readonly binds: readonly Bind[];
}

type Fail = (message: string, details?: ErrorDetails) => CompilerBug;

interface Context {
  readonly fail: Fail;
  readonly seenVars: Set<Var>;
  readonly seenBuffers: Set<Buffer>;
  readonly symbols: ReadonlySet<string>;
}

/** Throws a CompilerBug of `stage` where an invariant does not hold. */
export function verifyKernel(kernel: Kernel, stage = "verify"): void {
  const fail: Fail = (message, details = {}) =>
    new CompilerBug(stage, message, { where: kernel.name, ...details });
  const symbols = new Set(kernel.dims.map(({ symbol }) => symbol));
  const context: Context = { fail, seenVars: new Set(), seenBuffers: new Set(), symbols };
  const scope: Scope = { vars: new Set(), buffers: new Map(), binds: [] };
  for (const { symbol, var: variable } of kernel.dims) {
    if (variable.dtype !== "i32" || variable.lanes !== 1) throw fail(`dim ${symbol} is not an i32 scalar`);
    bind(variable, scope, context);
  }
  if (symbols.size !== kernel.dims.length) throw fail("a dim is declared twice");
  for (const { buffer, access } of kernel.params) {
    if (buffer.space !== "global")
      throw fail(`parameter ${buffer.name} is not global`, { got: buffer.space });
    declare(buffer, { access, binds: [] }, scope, context);
  }
  verifyBody(kernel.body, scope, context);
}

function bind(variable: Var, scope: Scope, { seenVars, fail }: Context): void {
  if (seenVars.has(variable)) throw fail(`variable ${variable.name} is bound twice`);
  seenVars.add(variable);
  scope.vars.add(variable);
}

function declare(buffer: Buffer, home: Home, scope: Scope, { seenBuffers, symbols, fail }: Context): void {
  if (seenBuffers.has(buffer)) throw fail(`buffer ${buffer.name} is declared twice`);
  const stray = symbolsOf(buffer.shape).find((symbol) => !symbols.has(symbol));
  if (stray !== undefined)
    throw fail(`the shape of ${buffer.name} uses a symbol that is no dim`, { got: stray });
  seenBuffers.add(buffer);
  scope.buffers.set(buffer, home);
}

function verifyBody(stmts: readonly Stmt[], outer: Scope, context: Context): void {
  const scope: Scope = { vars: new Set(outer.vars), buffers: new Map(outer.buffers), binds: outer.binds };
  for (const stmt of stmts) verifyStmt(stmt, scope, context);
}

function verifyStmt(stmt: Stmt, scope: Scope, context: Context): void {
  const { fail } = context;
  switch (stmt.kind) {
    case "for":
      verifyFor(stmt, scope, context);
      return;
    case "let":
      verifyExpr(stmt.value, scope, context);
      requireType(stmt.value, stmt.var.dtype, stmt.var.lanes, `let ${stmt.var.name}`, fail);
      bind(stmt.var, scope, context);
      return;
    case "store": {
      const { buffer, index, value } = stmt;
      if (verifyAccess(buffer, index, value.lanes, scope, context) === "read")
        throw fail(`${buffer.name} is read-only`);
      verifyExpr(value, scope, context);
      requireType(value, buffer.dtype, value.lanes, `a store to ${buffer.name}`, fail);
      return;
    }
    case "if":
      verifyExpr(stmt.cond, scope, context);
      requireType(stmt.cond, "bool", 1, "a condition", fail);
      verifyBody(stmt.then, scope, context);
      verifyBody(stmt.otherwise, scope, context);
      return;
    case "alloc":
      if (stmt.buffer.space === "global") throw fail(`${stmt.buffer.name} is allocated in global memory`);
      declare(stmt.buffer, { access: "readwrite", binds: scope.binds }, scope, context);
      return;
    case "barrier":
      if (!scope.binds.some(isThreadBind)) throw fail("a barrier outside of thread loops");
      return;
    default:
      stmt satisfies never;
  }
}

const isGridBind = (bind: Bind): boolean => bind.startsWith("grid.");
const isThreadBind = (bind: Bind): boolean => bind.startsWith("thread.");
const isParallel = (bind: Bind): boolean => isGridBind(bind) || isThreadBind(bind);

function verifyFor(loop: For, scope: Scope, context: Context): void {
  const { fail } = context;
  verifyExpr(loop.extent, scope, context);
  requireType(loop.extent, "i32", 1, `the extent of ${loop.var.name}`, fail);
  if (loop.var.dtype !== "i32" || loop.var.lanes !== 1)
    throw fail(`loop variable ${loop.var.name} is not an i32 scalar`);
  if (isParallel(loop.bind) && scope.binds.includes(loop.bind))
    throw fail(`${loop.bind} occurs inside itself`);
  if (isGridBind(loop.bind) && scope.binds.some(isThreadBind))
    throw fail(`${loop.bind} stands inside a thread loop`);
  const binds = isParallel(loop.bind) ? [...scope.binds, loop.bind] : scope.binds;
  const inner: Scope = { vars: new Set(scope.vars), buffers: scope.buffers, binds };
  bind(loop.var, inner, context);
  verifyBody(loop.body, inner, context);
}

/** Checks a use of a buffer and returns its access mode. */
function verifyAccess(
  buffer: Buffer,
  index: readonly Expr[],
  lanes: number,
  scope: Scope,
  context: Context,
): Access {
  const { fail } = context;
  const home = scope.buffers.get(buffer);
  if (home === undefined) throw fail(`buffer ${buffer.name} is not in scope`);
  verifyReach(buffer, home, scope, fail);
  if (index.length !== buffer.shape.length) {
    throw fail(`wrong rank of an index into ${buffer.name}`, {
      expected: `${buffer.shape.length}`,
      got: `${index.length}`,
    });
  }
  for (const part of index) {
    verifyExpr(part, scope, context);
    requireType(part, "i32", 1, `an index into ${buffer.name}`, fail);
  }
  const fits = buffer.lanes > 1 ? lanes === buffer.lanes : lanes === 1 || buffer.shape.length > 0;
  if (!fits)
    throw fail(`wrong lanes of an access to ${buffer.name}`, {
      expected: `${buffer.lanes}`,
      got: `${lanes}`,
    });
  return home.access;
}

/** Private memory belongs to one thread, shared memory to one workgroup. */
function verifyReach(buffer: Buffer, home: Home, scope: Scope, fail: Fail): void {
  if (buffer.space === "global") return;
  const crosses = buffer.space === "shared" ? isGridBind : isParallel;
  const crossed = scope.binds.slice(home.binds.length).find(crosses);
  if (crossed !== undefined) {
    throw fail(
      `${buffer.space} buffer ${buffer.name} is allocated outside of the ${crossed} loop that uses it`,
    );
  }
}

function requireType(expr: Expr, dtype: Expr["dtype"], lanes: number, what: string, fail: Fail): void {
  if (expr.dtype === dtype && expr.lanes === lanes) return;
  throw fail(`${what} has the wrong type`, {
    expected: `${dtype}x${lanes}`,
    got: `${expr.dtype}x${expr.lanes}`,
  });
}

function verifyExpr(root: Expr, scope: Scope, context: Context): void {
  const { fail } = context;
  visitExprs(root, (expr) => {
    if (!Number.isInteger(expr.lanes) || expr.lanes < 1)
      throw fail("lanes must be positive", { got: `${expr.lanes}` });
    if (expr.kind === "var" && !scope.vars.has(expr.var))
      throw fail(`variable ${expr.var.name} is not in scope`);
    if (expr.kind === "load") verifyLoad(expr, scope, context);
    const problem = typeProblem(expr);
    if (problem !== undefined) {
      const operands = operandsOf(expr).map(({ dtype, lanes }) => `${dtype}x${lanes}`);
      throw fail(problem, { got: `${expr.dtype}x${expr.lanes} from (${operands.join(", ")})` });
    }
  });
}

function verifyLoad(expr: Extract<Expr, { kind: "load" }>, scope: Scope, context: Context): void {
  const { buffer, index, lanes } = expr;
  if (verifyAccess(buffer, index, lanes, scope, context) === "write")
    throw context.fail(`${buffer.name} is write-only`);
}

/** What is wrong with the type of a node, given those of its operands. */
function typeProblem(expr: Expr): string | undefined {
  const says = (holds: boolean, problem: string): string | undefined => (holds ? undefined : problem);
  switch (expr.kind) {
    case "const":
      return says(
        isFloat(expr.dtype) || wrap(expr.dtype, expr.value) === expr.value,
        "a constant is no value of its type",
      );
    case "var":
      return says(
        expr.dtype === expr.var.dtype && expr.lanes === expr.var.lanes,
        `${expr.var.name} is read as another type`,
      );
    case "load":
      return says(expr.dtype === expr.buffer.dtype, `a load of ${expr.buffer.name} has another dtype`);
    case "scalar":
      return scalarProblem(expr);
    case "cast":
      return says(expr.lanes === expr.arg.lanes, "a cast changes lanes");
    case "bitcast":
      return says(
        expr.lanes === expr.arg.lanes && byteWidth(expr.dtype) === byteWidth(expr.arg.dtype),
        "a bitcast changes width or lanes",
      );
    case "splat":
      return says(
        expr.dtype === expr.arg.dtype && expr.arg.lanes === 1,
        "a splat of what is no scalar of its type",
      );
    case "extract":
      return says(
        expr.dtype === expr.arg.dtype && expr.lanes === 1 && expr.lane >= 0 && expr.lane < expr.arg.lanes,
        "an extract of what is no lane",
      );
    default:
      return expr satisfies never;
  }
}

function scalarProblem({ name, args, dtype, lanes }: Extract<Expr, { kind: "scalar" }>): string | undefined {
  if (args.length !== scalars[name].arity) return `${name} takes ${scalars[name].arity} operands`;
  if (args.some((arg) => arg.lanes !== lanes)) return `${name} mixes lanes`;
  const dtypes = args.map((arg) => arg.dtype);
  if (name === "select" && dtypes[0] !== "bool") return "select needs a bool condition";
  const data = name === "select" ? dtypes.slice(1) : dtypes;
  if (data.some((other) => other !== data[0])) return `${name} mixes dtypes`;
  return scalarResult(name, dtypes) === dtype ? undefined : `${name} has the wrong result dtype`;
}

/** What an emitter's target allows. Absent: not checked. */
export interface EmitLimits {
  readonly lanes: number;
  readonly grid?: { readonly threads: number; readonly sharedBytes: number };
}

/** Throws a CompilerBug of `stage` where a kernel is not in the normal form of `targets/target.ts`. */
export function verifyEmittable(kernel: Kernel, limits?: EmitLimits, stage = "verify"): void {
  verifyKernel(kernel, stage);
  const fail: Fail = (message, details = {}) =>
    new CompilerBug(stage, message, { where: kernel.name, ...details });
  const allocated = allocationsOf(kernel.body);
  for (const buffer of [...kernel.params.map((param) => param.buffer), ...allocated]) {
    const most = buffer.space === "register" ? 0 : 1;
    if (buffer.shape.length > most) {
      throw fail(`${buffer.space} buffer ${buffer.name} is not flat`, {
        expected: `rank ${most}`,
        got: `${buffer.shape.length}`,
      });
    }
  }
  verifyAllocations(allocated, limits, fail);
  verifyNest(kernel, limits, fail);
  visitExprs(kernel.body, (expr) => {
    if (expr.kind === "scalar" && !scalars[expr.name].basic) throw fail(`${expr.name} is not expanded`);
    if (limits !== undefined && expr.lanes !== 1 && expr.lanes !== limits.lanes) {
      throw fail("lanes the target does not have", {
        expected: `1 or ${limits.lanes}`,
        got: `${expr.lanes}`,
      });
    }
  });
}

function verifyAllocations(buffers: readonly Buffer[], limits: EmitLimits | undefined, fail: Fail): void {
  let sharedBytes = 0;
  for (const { name, shape, space, dtype, lanes } of buffers) {
    if (!isStaticShape(shape)) throw fail(`${space} buffer ${name} has a symbolic size`);
    if (space === "shared") sharedBytes += sizeOf(shape) * lanes * byteWidth(dtype);
  }
  const most = limits?.grid?.sharedBytes ?? Infinity;
  if (sharedBytes > most)
    throw fail("too much shared memory", { expected: `at most ${most} bytes`, got: `${sharedBytes}` });
}

function verifyNest({ body }: Kernel, limits: EmitLimits | undefined, fail: Fail): void {
  let rest = body;
  let threads = 1;
  let inThreads = false;
  for (;;) {
    const [only] = rest;
    if (rest.length !== 1 || only.kind !== "for" || !isParallel(only.bind)) break;
    if (isThreadBind(only.bind)) {
      inThreads = true;
      if (only.extent.kind !== "const") throw fail(`the extent of ${only.bind} is not constant`);
      threads *= only.extent.value;
    } else if (inThreads) throw fail(`${only.bind} stands inside a thread loop`);
    rest = only.body;
  }
  visitStmts(rest, (stmt) => {
    if (stmt.kind === "for" && stmt.bind !== "serial")
      throw fail(`a ${stmt.bind} loop (${stmt.var.name}) below the nest of parallel loops`);
  });
  const most = limits?.grid?.threads ?? Infinity;
  if (threads > most)
    throw fail("too many threads in a workgroup", { expected: `at most ${most}`, got: `${threads}` });
}
