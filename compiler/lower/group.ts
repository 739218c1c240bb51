/**
 * A fused group as stages: what is computed where. Ops of the group are inlined into the expressions that use them, or staged: computed
 * into a buffer, tile by tile. This file decides which, and infers the box each stage needs per tile; `kernel.ts` then writes loops.
 */
import { type Affine, fromAffine, type Ranges } from "../../ir/affine.ts";
import { type Dim, equalDims, evaluateDim, type Shape, symbolsOf } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Block, Op, OpResult, Value } from "../../ir/graph.ts";
import { type Expr, makeVar, read as readVar, type Var } from "../../ir/kernel.ts";
import type { Control, Lowering, OpTable } from "../../ir/op.ts";
import { hull, type Span, spanOf, stepAlong } from "./access.ts";
import { Evaluator, isInlinable } from "./evaluator.ts";
import { framesOf, innerOf } from "./frame.ts";

/** An op of the group that is computed into buffers, and the box of its results that one tile needs. */
export interface Stage {
  readonly op: Op;
  readonly box: readonly Span[];
}

export interface Placement {
  /** The parallel axes, as axes of the main result, and the variable that counts each. */
  readonly axes: readonly { readonly axis: number; readonly variable: Var; readonly extent: Dim }[];
  /** In the order of computation. */
  readonly stages: readonly Stage[];
  readonly main: OpResult;
}

/** Elements a stage may hold per tile. */
const LARGEST_TILE = 16384;
/** Elements that a reduction may compute per tile, in all and per axis: windows, not rows, so that it keeps its own parallelism. */
const LARGEST_WINDOW = 16;
const LARGEST_SIDE = 8;

/**
 * Iterations of a reduction that one tile may do all by itself: a kernel of its own would cost more than what it could run in parallel (ten
 * classes from 64 features).
 */
const LITTLE_WORK = 1024;

/** Scalar operations per element that are cheaper computed again than kept. */
const CHEAP = 2;
/** Scalar operations that are worth computing up to `SLACK` times over to save writing and reading: what lies under a border, say. */
const MODERATE = 48;
const SLACK = 2;

/** Whether a map of this cost is better computed `times` times per element than once and kept. */
export const worthRepeating = (cost: number, times: number): boolean =>
  times <= 1 || cost <= CHEAP || (cost <= MODERATE && times < SLACK);

/** The staged ops of a block: results that leave it, reductions, and maps too costly to compute once per use. */
export function stagedOps(block: Block, ops: OpTable): ReadonlySet<Op> {
  const staged = new Set<Op>();
  const reads = new Map<Op, number>();
  const evaluator = new Evaluator(ops);
  const frames = framesOf(block, ops);
  const stored = new Set(block.returns.map((value) => innerOf(value, frames)));
  for (const op of [...block.ops].reverse()) {
    if (frames.has(op)) continue;
    const size = typicalSize(op.results[0].type.shape);
    const read = reads.get(op) ?? 0;
    const leaves = op.results.some((result) => stored.has(result));
    if (leaves || reduces(op, ops) || !worthRepeating(evaluator.cost(op), read / size)) staged.add(op);
    // What is inlined is computed as often as it is read, and reads its operands as often.
    const times = reduces(op, ops) ? domainSize(op, ops) : staged.has(op) ? size : Math.max(read, size);
    for (const operand of op.operands) {
      if (operand.kind === "result") reads.set(operand.op, (reads.get(operand.op) ?? 0) + times);
    }
  }
  return staged;
}

/** True for reductions over more than one element: they are loops of their own and always staged. */
export const reduces = (op: Op, ops: OpTable): boolean =>
  loweringOf(op, ops).kind === "reduce" && !isInlinable(op, ops);

/** Sizes are compared with every symbol at this value. */
const TYPICAL = 64;

export const typicalSize = (shape: Shape): number =>
  shape.reduce<number>((size, dim) => {
    const symbols = symbolsOf([dim]);
    return size * evaluateDim(dim, new Map(symbols.map((symbol) => [symbol, TYPICAL])));
  }, 1);

/** Iterations of a reduction: results times window. */
export function domainSize(op: Op, ops: OpTable): number {
  const lowering = loweringOf(op, ops);
  const kept = typicalSize(op.results[0].type.shape);
  if (lowering.kind !== "reduce") return kept;
  return kept * typicalSize(lowering.extents(new Evaluator(ops).context(op)));
}

/** Whether a reduction for so many elements is done in no time. */
export const isLittle = (op: Op, elements: number, ops: OpTable): boolean =>
  (domainSize(op, ops) / typicalSize(op.results[0].type.shape)) * elements <= LITTLE_WORK;

/** Multiplications per element read or written from which a reduction is a contraction that a register tile is made for. */
const INTENSE = 8;

/** Whether a reduction is bound by its arithmetic: a tile has registers for one of these. */
export function isIntense(op: Op, ops: OpTable): boolean {
  if (!reduces(op, ops)) return false;
  const touched = [...op.operands, ...op.results].reduce((sum, { type }) => sum + typicalSize(type.shape), 0);
  return domainSize(op, ops) >= INTENSE * touched;
}

export function loweringOf(op: Op, ops: OpTable): Lowering {
  const def = ops.get(op.name);
  if (def === undefined) throw new CompilerBug("lower", `unknown op ${op.name}`);
  return def.lower;
}

/** How the regions of an op run, where it has any. */
export function controlOf(op: Op, ops: OpTable): Control | undefined {
  const lowering = loweringOf(op, ops);
  return lowering.kind === "region" ? lowering.control : undefined;
}

/** The main result: of those that leave the group, the one with most axes; its axes carry the tiles. */
function mainResult(stored: readonly Value[]): OpResult {
  const results = stored.filter((value): value is OpResult => value.kind === "result");
  const best = results.reduce((a, b) => (b.type.shape.length > a.type.shape.length ? b : a));
  return best;
}

/**
 * Places the stages of a block under as many parallel axes of its main result as nothing has to be computed twice for; undefined when
 * the ops cannot share a kernel. `axes` fixes the parallel axes instead.
 */
export function place(block: Block, ops: OpTable, axes?: readonly number[]): Placement | undefined {
  const frames = framesOf(block, ops);
  const stored = block.returns.map((value) => innerOf(value, frames));
  const main = mainResult(stored);
  let candidates = axes ?? main.type.shape.map((_, axis) => axis);
  for (;;) {
    const attempt = new PlacementAttempt(block, ops, main, candidates, new Set(stored)).run();
    if (attempt.kind === "placed") return attempt.placement;
    if (attempt.kind === "impossible" || axes !== undefined) return undefined;
    candidates = candidates.filter((axis) => axis !== attempt.axis);
  }
}

type Attempt =
  | { readonly kind: "placed"; readonly placement: Placement }
  /** Computing along this axis in parallel would compute something twice. */
  | { readonly kind: "drop"; readonly axis: number }
  | { readonly kind: "impossible" };

class PlacementAttempt {
  private readonly boxes = new Map<Op, (Span | undefined)[] | null>();
  private readonly tile: Placement["axes"];
  private readonly tileVars: ReadonlySet<Var>;
  private readonly staged: ReadonlySet<Op>;
  private readonly block: Block;
  private readonly ops: OpTable;
  private readonly main: OpResult;
  /** What leaves the group, without the frames around it. */
  private readonly stored: ReadonlySet<Value>;

  constructor(
    block: Block,
    ops: OpTable,
    main: OpResult,
    axes: readonly number[],
    stored: ReadonlySet<Value>,
  ) {
    this.stored = stored;
    this.block = block;
    this.ops = ops;
    this.main = main;
    this.staged = stagedOps(block, ops);
    this.tile = axes.map((axis) => ({ axis, variable: makeVar(`p${axis}`), extent: main.type.shape[axis] }));
    this.tileVars = new Set(this.tile.map(({ variable }) => variable));
  }

  run(): Attempt {
    const stages: Stage[] = [];
    for (const op of [...this.block.ops].reverse()) {
      if (!this.staged.has(op)) continue;
      const foreign = this.leaves(op) ? this.foreignAxis(op) : undefined;
      if (foreign !== undefined) return { kind: "drop", axis: foreign };
      const box = this.boxOf(op);
      if (box === undefined) return { kind: "impossible" };
      const clash = this.check(op, box);
      if (clash !== undefined) return clash;
      stages.unshift({ op, box });
      this.recordReads(op, box);
    }
    return { kind: "placed", placement: { axes: this.tile, stages, main: this.main } };
  }

  /** The box that readers need; for results nobody inside reads, the tile itself. */
  private boxOf(op: Op): readonly Span[] | undefined {
    const recorded = this.boxes.get(op);
    if (recorded === null) return undefined;
    const own =
      this.leaves(op) && (op === this.main.op || recorded === undefined) ? this.tileBox(op) : undefined;
    if (recorded === undefined) return own;
    const box: Span[] = [];
    for (const [axis, span] of recorded.entries()) {
      if (span === undefined) return undefined;
      const joined = own === undefined ? span : hull(span, own[axis]);
      if (joined === undefined) return undefined;
      box.push(joined);
    }
    return box;
  }

  private leaves(op: Op): boolean {
    return op.results.some((result) => this.stored.has(result));
  }

  /** A parallel axis that a result has not: it would be written again and again. Only for results nobody inside reads. */
  private foreignAxis(op: Op): number | undefined {
    if (this.boxes.has(op) && op !== this.main.op) return undefined;
    const { shape } = op.results[0].type;
    return this.tile.find(({ axis, extent }) => axis >= shape.length || !equalDims(shape[axis], extent))
      ?.axis;
  }

  private tileBox(op: Op): Span[] {
    const { shape } = op.results[0].type;
    return shape.map((extent, axis) => {
      const own = this.tile.find((candidate) => candidate.axis === axis);
      if (own === undefined) return { low: zero, extent };
      return { low: { constant: 0, terms: [{ coefficient: 1, atom: readVar(own.variable) }] }, extent: 1 };
    });
  }

  /** No element twice, no element of a result left out, nothing too large. */
  private check(op: Op, box: readonly Span[]): Attempt | undefined {
    const windowed = reduces(op, this.ops) && op !== this.main.op;
    let elements = 1;
    for (const { extent } of box) {
      if (typeof extent !== "number") return { kind: "impossible" };
      elements *= extent;
    }
    const isLarge = elements > LARGEST_WINDOW || box.some(({ extent }) => Number(extent) > LARGEST_SIDE);
    if (windowed && isLarge && !isLittle(op, elements, this.ops)) return { kind: "impossible" };
    if (elements > LARGEST_TILE && !(op === this.main.op)) return { kind: "impossible" };
    for (const { axis, variable, extent } of this.tile) {
      if (extent === 1) continue;
      const moves = box.some((span) => Math.abs(stepAlong(span, variable)) >= Number(span.extent));
      if (!moves) return { kind: "drop", axis };
    }
    if (this.leaves(op) && !this.covers(op, box)) return { kind: "impossible" };
    return undefined;
  }

  /** Whether the boxes of all tiles together are exactly the result. */
  private covers(op: Op, box: readonly Span[]): boolean {
    return op.results[0].type.shape.every((dim, axis) => {
      const { low, extent } = box[axis];
      if (low.constant !== 0) return false;
      if (low.terms.length === 0) return equalDims(dim, extent);
      const [{ coefficient, atom }] = low.terms;
      const tile = this.tile.find(({ variable }) => atom.kind === "var" && atom.var === variable);
      if (tile === undefined || low.terms.length > 1 || coefficient !== extent) return false;
      return coefficient === 1
        ? equalDims(tile.extent, dim)
        : typeof tile.extent === "number" && tile.extent * coefficient === dim;
    });
  }

  /** Runs the stage's expressions on symbolic indices and notes where they read other stages. */
  private recordReads(op: Op, box: readonly Span[]): void {
    const inner = new Map<Var, { min: number; max: number }>();
    const symbolic = new Map<Var, Dim>();
    const local = (name: string, extent: Dim): Expr => {
      const variable = makeVar(name);
      if (typeof extent === "number") inner.set(variable, { min: 0, max: extent - 1 });
      else symbolic.set(variable, extent);
      return readVar(variable);
    };
    const evaluator = new Evaluator(this.ops, {
      onRead: (value, index) => {
        if (value.kind === "arg") return evaluator.placeholder(value.type.dtype);
        if (!this.staged.has(value.op)) return undefined;
        this.note(value.op, index, inner, symbolic);
        return evaluator.placeholder(value.type.dtype);
      },
      ranges: inner,
    });
    const index = box.map(({ low, extent }, axis) => {
      const base = fromAffine(low);
      return extent === 1 ? base : addIndex(base, local(`t${axis}`, extent));
    });
    evaluator.visitStage(op, index, local);
  }

  private note(op: Op, index: readonly Expr[], inner: Ranges, symbolic: ReadonlyMap<Var, Dim>): void {
    const spans = index.map((expr) => spanOf(expr, this.tileVars, inner, symbolic));
    const known = this.boxes.get(op);
    if (known === null) return;
    if (known === undefined) {
      this.boxes.set(op, spans);
      return;
    }
    this.boxes.set(
      op,
      spans.map((span, axis) => {
        const other = known[axis];
        return span === undefined || other === undefined ? undefined : hull(span, other);
      }),
    );
  }
}

const zero: Affine = { constant: 0, terms: [] };
const addIndex = (a: Expr, b: Expr): Expr => ({
  kind: "scalar",
  dtype: "i32",
  lanes: 1,
  name: "add",
  args: [a, b],
});

/** The symbols a block's types use. */
export function blockSymbols(block: Block): string[] {
  const types = [
    ...block.args.map((arg) => arg.type),
    ...block.ops.flatMap((op) => op.results.map((r) => r.type)),
  ];
  return [...new Set(types.flatMap((type) => symbolsOf(type.shape)))].sort();
}
