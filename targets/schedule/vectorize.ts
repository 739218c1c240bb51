/**
 * Turns loops bound to `vector` into vector expressions. Along the loop, loads must be contiguous or constant; register buffers whose last
 * axis is the loop become buffers of vectors. An extent of several vectors is unrolled.
 */
import { toAffine } from "../../ir/affine.ts";
import { CompilerBug } from "../../ir/errors.ts";
import {
  add,
  type Buffer,
  type Expr,
  type For,
  int,
  load,
  type Stmt,
  scalar,
  splat,
  store,
  type Var,
} from "../../ir/kernel.ts";
import { freeVars, mapStmts, substitute, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";

type Stride = "constant" | "contiguous" | "other";

const coefficientOf = (expr: Expr, variable: Var): number => {
  const { terms } = toAffine(expr);
  let sum = 0;
  for (const { coefficient, atom } of terms) {
    if (atom.kind === "var" && atom.var === variable) sum += coefficient;
    else if (freeVars(atom).has(variable)) return Number.NaN;
  }
  return sum;
};

/** How an index moves as `variable` advances. */
export function strideAlong(index: readonly Expr[], variable: Var): Stride {
  const steps = index.map((expr) => coefficientOf(expr, variable));
  if (steps.every((step) => step === 0)) return "constant";
  const last = steps.length - 1;
  return steps[last] === 1 && steps.slice(0, last).every((step) => step === 0) ? "contiguous" : "other";
}

/** Dtypes whose vectors targets spell; bool only as a condition, never in memory. */
const vectorTypes: ReadonlySet<string> = new Set(["f32", "i32", "u32"]);

/** Whether statements may run as vectors along `variable`: every load and store constant or contiguous, no other use of it. */
export function canVectorize(stmts: readonly Stmt[], variable: Var): boolean {
  let ok = true;
  visitExprs(stmts, (expr) => {
    if (expr.kind === "load" && freeVars(expr).has(variable)) {
      ok &&= strideAlong(expr.index, variable) === "contiguous" && vectorTypes.has(expr.dtype);
    }
    if (expr.kind === "cast" && freeVars(expr).has(variable))
      ok &&= vectorTypes.has(expr.dtype) && expr.arg.dtype === "bool";
  });
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "store") {
      const stride = strideAlong(stmt.index, variable);
      ok &&=
        (stride === "contiguous" || stmt.buffer.space === "register") && vectorTypes.has(stmt.buffer.dtype);
      ok &&= usesOnlyThroughLoads(stmt.value, variable);
    }
    if (stmt.kind === "if") ok &&= !freeVars(stmt.cond).has(variable);
    if (stmt.kind === "for") ok &&= !freeVars(stmt.extent).has(variable);
  });
  return ok;
}

function usesOnlyThroughLoads(expr: Expr, variable: Var): boolean {
  if (expr.kind === "load") return true;
  if (expr.kind === "var") return expr.var !== variable;
  if (expr.kind === "const") return true;
  return (expr.kind === "scalar" ? expr.args : [expr.arg]).every((arg) =>
    usesOnlyThroughLoads(arg, variable),
  );
}

/** Replaces every `vector` loop by vectors of `lanes`. */
export function vectorize(stmts: readonly Stmt[], lanes: number): readonly Stmt[] {
  const widened = new Map<Buffer, Buffer>();
  visitStmts(stmts, (stmt) => {
    if (stmt.kind === "for" && stmt.bind === "vector") noteRegisters(stmt, lanes, widened);
  });
  const loops = mapStmts(stmts, {
    stmt: (stmt) =>
      stmt.kind === "for" && stmt.bind === "vector" ? vectorizeLoop(stmt, lanes, widened) : stmt,
  });
  return mapStmts(loops, {
    stmt: (stmt) =>
      stmt.kind === "alloc" ? { kind: "alloc", buffer: widened.get(stmt.buffer) ?? stmt.buffer } : stmt,
  });
}

/** Register buffers that the loop runs along become buffers of vectors. */
function noteRegisters(loop: For, lanes: number, widened: Map<Buffer, Buffer>): void {
  const note = (buffer: Buffer, index: readonly Expr[]): void => {
    if (buffer.space !== "register" || strideAlong(index, loop.var) !== "contiguous" || widened.has(buffer))
      return;
    const last = buffer.shape[buffer.shape.length - 1];
    if (typeof last !== "number" || last % lanes !== 0)
      throw new CompilerBug("vectorize", `${buffer.name} is no multiple of ${lanes}`);
    widened.set(buffer, { ...buffer, lanes, shape: [...buffer.shape.slice(0, -1), last / lanes] });
  };
  visitExprs(loop.body, (expr) => expr.kind === "load" && note(expr.buffer, expr.index));
  visitStmts(loop.body, (stmt) => stmt.kind === "store" && note(stmt.buffer, stmt.index));
}

function vectorizeLoop(loop: For, lanes: number, widened: ReadonlyMap<Buffer, Buffer>): readonly Stmt[] {
  if (loop.extent.kind !== "const" || loop.extent.value % lanes !== 0) {
    throw new CompilerBug("vectorize", `a vector loop needs a multiple of ${lanes} iterations`);
  }
  return Array.from({ length: loop.extent.value / lanes }, (_, i) =>
    new Lanes(loop.var, i, lanes, widened).stmts(loop.body),
  ).flat();
}

/** One vector's worth of a loop body. */
class Lanes {
  private readonly variable: Var;
  private readonly vector: number;
  private readonly lanes: number;
  private readonly widened: ReadonlyMap<Buffer, Buffer>;

  constructor(variable: Var, vector: number, lanes: number, widened: ReadonlyMap<Buffer, Buffer>) {
    this.variable = variable;
    this.vector = vector;
    this.lanes = lanes;
    this.widened = widened;
  }

  stmts(body: readonly Stmt[]): readonly Stmt[] {
    return body.map((stmt): Stmt => {
      switch (stmt.kind) {
        case "store": {
          const value = splat(this.expr(stmt.value), this.lanes);
          const register = this.widened.get(stmt.buffer);
          return register === undefined
            ? store(stmt.buffer, this.begin(stmt.index), value)
            : store(register, this.registerIndex(stmt.index), value);
        }
        case "for":
          return { ...stmt, body: this.stmts(stmt.body) };
        case "if":
          return { ...stmt, then: this.stmts(stmt.then), otherwise: this.stmts(stmt.otherwise) };
        default:
          throw new CompilerBug("vectorize", `cannot vectorize a ${stmt.kind}`);
      }
    });
  }

  /** The index of the vector's first lane. */
  private begin(index: readonly Expr[]): readonly Expr[] {
    const first = new Map([[this.variable, int(this.vector * this.lanes)]]);
    return index.map((expr) => substitute(expr, first));
  }

  private registerIndex(index: readonly Expr[]): readonly Expr[] {
    return [...index.slice(0, -1), add(int(0), int(this.vector))];
  }

  private expr(expr: Expr): Expr {
    switch (expr.kind) {
      case "const":
      case "var":
        return expr;
      case "load": {
        const register = this.widened.get(expr.buffer);
        if (strideAlong(expr.index, this.variable) === "constant") return expr;
        return register === undefined
          ? load(expr.buffer, this.begin(expr.index), this.lanes)
          : load(register, this.registerIndex(expr.index));
      }
      case "scalar": {
        const args = expr.args.map((arg) => this.expr(arg));
        return args.every((arg) => arg.lanes === 1) ? { ...expr, args } : scalar(expr.name, ...args);
      }
      default: {
        const arg = this.expr(expr.arg);
        return { ...expr, arg, lanes: arg.lanes };
      }
    }
  }
}
