/**
 * Makes one loop of two that walk memory as one: the rows and columns of a pointwise convolution, the taps and channels of a window whose
 * rows lie side by side. Longer loops cut into fuller tiles, and a short inner loop no longer starts again and again.
 *
 * Loops over v and w merge where everything that depends on either reads or writes [.., a + v, w, ..], with w alone on an axis as long as
 * its loop: the two axes are then one of index a * extent + (v * extent + w). The axes are merged in the buffer, for all who use it.
 */
import { combineAffine, fromAffine, toAffine } from "../../ir/affine.ts";
import {
  add,
  type Buffer,
  type Expr,
  type For,
  int,
  type Kernel,
  load,
  makeVar,
  mul,
  read,
  type Stmt,
  store,
  type Var,
} from "../../ir/kernel.ts";
import { bodiesOf, expressionsOf, freeVars, mapStmts, operandsOf } from "../../ir/walk-kernel.ts";

/** Two loops, one directly inside the other. */
interface Pair {
  readonly outer: For;
  readonly inner: For;
  readonly extents: readonly [outer: number, inner: number];
  /** The first of the two axes, for every buffer that is indexed by the loops. */
  readonly axes: ReadonlyMap<Buffer, number>;
}

export function mergeLoops(kernel: Kernel): Kernel {
  const pair = findPair(kernel.body);
  return pair === undefined ? kernel : mergeLoops(mergePair(kernel, pair));
}

function findPair(stmts: readonly Stmt[]): Pair | undefined {
  for (const stmt of stmts) {
    const found =
      (stmt.kind === "for" ? pairOf(stmt) : undefined) ?? bodiesOf(stmt).map(findPair).find(Boolean);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pairOf(outer: For): Pair | undefined {
  const [inner] = outer.body;
  if (outer.body.length !== 1 || inner.kind !== "for" || outer.bind !== "serial" || inner.bind !== "serial")
    return undefined;
  if (outer.extent.kind !== "const" || inner.extent.kind !== "const") return undefined;
  const axes = new AxisSearch(outer.var, inner.var, inner.extent.value).run(inner.body);
  return axes && { outer, inner, extents: [outer.extent.value, inner.extent.value], axes };
}

/** Looks for the axes two variables index; gives up where one of them is used in any other way. */
class AxisSearch {
  private readonly axes = new Map<Buffer, number>();
  private readonly v: Var;
  private readonly w: Var;
  private readonly extent: number;

  constructor(v: Var, w: Var, extent: number) {
    this.v = v;
    this.w = w;
    this.extent = extent;
  }

  run(stmts: readonly Stmt[]): ReadonlyMap<Buffer, number> | undefined {
    return this.stmts(stmts) && this.axes.size > 0 ? this.axes : undefined;
  }

  private stmts(stmts: readonly Stmt[]): boolean {
    return stmts.every((stmt) => {
      if (stmt.kind === "store") return this.access(stmt.buffer, stmt.index) && this.expr(stmt.value);
      return (
        expressionsOf(stmt).every((expr) => this.expr(expr)) &&
        bodiesOf(stmt).every((body) => this.stmts(body))
      );
    });
  }

  private expr(expr: Expr): boolean {
    if (expr.kind === "load") return this.access(expr.buffer, expr.index);
    if (expr.kind === "var") return expr.var !== this.v && expr.var !== this.w;
    return operandsOf(expr).every((operand) => this.expr(operand));
  }

  private access(buffer: Buffer, index: readonly Expr[]): boolean {
    const uses = index.map((expr) => freeVars(expr));
    const holders = uses.flatMap((vars, axis) => (vars.has(this.v) || vars.has(this.w) ? [axis] : []));
    if (holders.length === 0) return index.every((expr) => this.expr(expr));
    const [first, second] = holders;
    const known = this.axes.get(buffer) ?? first;
    this.axes.set(buffer, first);
    if (
      holders.length !== 2 ||
      second !== first + 1 ||
      known !== first ||
      buffer.shape[second] !== this.extent
    )
      return false;
    return this.isStep(index[first]) && isVar(index[second], this.w);
  }

  /** a + v */
  private isStep(expr: Expr): boolean {
    const { terms } = toAffine(expr);
    const own = terms.filter(({ atom }) => freeVars(atom).has(this.v));
    const inner = terms.some(({ atom }) => freeVars(atom).has(this.w));
    return own.length === 1 && own[0].coefficient === 1 && isVar(own[0].atom, this.v) && !inner;
  }
}

const isVar = (expr: Expr, variable: Var): boolean => expr.kind === "var" && expr.var === variable;

function mergePair(kernel: Kernel, { outer, inner, extents, axes }: Pair): Kernel {
  const merged = new Map([...axes].map(([buffer, axis]) => [buffer, mergeShape(buffer, axis)]));
  const variable = makeVar(outer.var.name);
  const index = (buffer: Buffer, list: readonly Expr[]): readonly Expr[] =>
    mergeIndex(list, axes.get(buffer) ?? 0, extents[1], { outer: outer.var, inner: inner.var, variable });
  const rewritten = mapStmts(kernel.body, {
    expr: (expr) => {
      const buffer = expr.kind === "load" ? merged.get(expr.buffer) : undefined;
      return expr.kind === "load" && buffer !== undefined
        ? load(buffer, index(expr.buffer, expr.index), expr.lanes)
        : expr;
    },
    stmt: (stmt) => {
      const buffer = stmt.kind === "store" || stmt.kind === "alloc" ? merged.get(stmt.buffer) : undefined;
      if (stmt.kind === "alloc" && buffer !== undefined) return { kind: "alloc", buffer };
      if (stmt.kind === "store" && buffer !== undefined)
        return store(buffer, index(stmt.buffer, stmt.index), stmt.value);
      if (stmt.kind !== "for" || stmt.var !== outer.var) return stmt;
      const [loop] = stmt.body;
      return loop.kind === "for"
        ? { ...stmt, var: variable, extent: int(extents[0] * extents[1]), body: loop.body }
        : stmt;
    },
  });
  const params = kernel.params.map((param) => ({
    ...param,
    buffer: merged.get(param.buffer) ?? param.buffer,
  }));
  return { ...kernel, params, body: rewritten };
}

const mergeShape = (buffer: Buffer, axis: number): Buffer => {
  const { shape } = buffer;
  return {
    ...buffer,
    shape: [...shape.slice(0, axis), Number(shape[axis]) * Number(shape[axis + 1]), ...shape.slice(axis + 2)],
  };
};

/** One index for two axes: where the loops index them, the merged loop does. */
function mergeIndex(
  index: readonly Expr[],
  axis: number,
  extent: number,
  { outer, inner, variable }: { outer: Var; inner: Var; variable: Var },
): readonly Expr[] {
  const position = isVar(index[axis + 1], inner)
    ? add(mul(fromAffine(withoutVar(index[axis], outer)), int(extent)), read(variable))
    : add(mul(index[axis], int(extent)), index[axis + 1]);
  return [...index.slice(0, axis), fromAffine(toAffine(position)), ...index.slice(axis + 2)];
}

const withoutVar = (expr: Expr, variable: Var) => combineAffine(toAffine(expr), toAffine(read(variable)), -1);
