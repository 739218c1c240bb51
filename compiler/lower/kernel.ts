/**
 * Writes the loops of a fused group: the parallel axes outside, inside them one stage after the other. The kernel is naive (serial loops,
 * multi-dimensional indices, one element at a time) and right; schedules make it fast.
 */
import { type Affine, fromAffine, type Interval, simplify } from "../../ir/affine.ts";
import type { Dim } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Block, Op, OpResult, Value } from "../../ir/graph.ts";
import {
  add, type Buffer, type Expr, forLoop, int, type Kernel, load, makeBuffer, makeVar, read as readVar, type Stmt, store, type Var,
} from "../../ir/kernel.ts"; // biome-ignore format: one line
import type { Lowering, OpTable } from "../../ir/op.ts";
import { Evaluator, type Sizes } from "./evaluator.ts";
import { type Framed, frameNests, framesOf } from "./frame.ts";
import { blockSymbols, loweringOf, type Placement, place, reduces, type Stage, stagedOps } from "./group.ts";
import { type Slice, Slices } from "./slices.ts";

/** The suffix of the size variable that counts the whole call rather than a chunk of it. */
export const TOTAL = "_total";

export interface LoweredGroup {
  readonly kernel: Kernel;
  /** Every result is a plain sum, so that the kernel may run chunk by chunk and add to what is there. */
  readonly additive: boolean;
}

interface Options {
  /** The slices among the arguments and returns of the block. */
  readonly slices?: ReadonlyMap<Value, Slice>;
  /** Add to the results instead of replacing them; only for additive groups. */
  readonly accumulate?: boolean;
}

/** Elements of a stage that may live in registers, once its loops are unrolled. */
const REGISTER_ELEMENTS = 64;

/** The kernel of a group: parameters are the block's arguments, then its returns. */
export function lowerGroup(
  block: Block,
  axes: readonly number[],
  name: string,
  ops: OpTable,
  options: Options = {},
): LoweredGroup {
  const placement = place(block, ops, axes);
  if (placement === undefined) throw new CompilerBug("lower", `group ${name} cannot be placed`);
  return new GroupWriter(block, placement, ops, options).write(name);
}

/** Where a returned value is written. */
interface Output {
  readonly value: Value;
  readonly buffer: Buffer;
  /** Around what the group computes of it. */
  readonly frame: Framed | undefined;
}

class GroupWriter {
  private readonly sizes: Sizes;
  private readonly ranges = new Map<Var, Interval>();
  private readonly inputs = new Map<Value, Buffer>();
  /** Where each value that leaves the group is written: perhaps bare and in a frame. */
  private readonly outputs = new Map<Value, Output[]>();
  /** The same in the order of the block's returns. */
  private readonly returned: Output[] = [];
  private readonly frames: ReadonlyMap<Op, Framed>;
  private readonly scratch = new Map<Value, { buffer: Buffer; stage: Stage }>();
  private readonly readInside = new Set<Value>();
  private readonly totals = new Map<string, Var>();
  private readonly slices: Slices;
  /** Stores of results, behind everything that is read: a result may take the place of something the group reads. */
  private readonly last: Stmt[] = [];
  private readonly evaluator: Evaluator;
  private readonly block: Block;
  private readonly placement: Placement;
  private readonly ops: OpTable;
  private readonly options: Options;

  constructor(block: Block, placement: Placement, ops: OpTable, options: Options) {
    this.block = block;
    this.placement = placement;
    this.ops = ops;
    this.options = options;
    const symbols = blockSymbols(block);
    this.sizes = {
      extents: new Map(symbols.map((symbol) => [symbol, this.size(symbol)])),
      totals: this.totals,
    };
    this.slices = new Slices(options.slices ?? new Map(), (counter, extent) =>
      this.noteLoop(counter, extent),
    );
    this.frames = framesOf(block, ops);
    this.nameBuffers();
    this.evaluator = new Evaluator(ops, {
      onRead: (value, index) => this.readBuffer(value, index),
      ranges: this.ranges,
      sizes: { extents: this.sizes.extents, totals: new TotalSizes(this.totals) },
    });
  }

  private size(name: string): Var {
    const variable = makeVar(name);
    this.ranges.set(variable, { min: 1, max: Number.POSITIVE_INFINITY });
    return variable;
  }

  private nameBuffers(): void {
    const buffer = (value: Value, name: string): Buffer =>
      makeBuffer(name, value.type.dtype, this.slices.shapeOf(value), "global");
    this.block.args.forEach((arg, i) => this.inputs.set(arg, buffer(arg, arg.name ?? `in${i}`)));
    this.block.returns.forEach((value, i) => {
      const frame = value.kind === "result" ? this.frames.get(value.op) : undefined;
      const inner = frame?.inner ?? value;
      const output = { value, buffer: buffer(value, `out${i}`), frame };
      this.outputs.set(inner, [...(this.outputs.get(inner) ?? []), output]);
      this.returned.push(output);
    });
    const staged = stagedOps(this.block, this.ops);
    for (const op of this.block.ops) {
      for (const operand of op.operands)
        if (operand.kind === "result" && staged.has(operand.op)) this.readInside.add(operand);
    }
  }

  private readBuffer(value: Value, index: readonly Expr[]): Expr | undefined {
    const input = this.inputs.get(value);
    if (input !== undefined) return load(input, this.slices.index(value, index));
    const held = this.scratch.get(value);
    if (held === undefined) return undefined;
    return load(held.buffer, this.localIndex(held.stage, index));
  }

  /** Positions within a stage's box; axes of extent 1 have none. */
  private localIndex({ box }: Stage, index: readonly Expr[]): Expr[] {
    return index.flatMap((expr, axis) => {
      const { low, extent } = box[axis];
      return extent === 1 ? [] : [simplify(minus(expr, low), this.ranges)];
    });
  }

  write(name: string): LoweredGroup {
    const tile = this.placement.axes.filter(({ extent }) => extent !== 1);
    for (const { variable, extent } of this.placement.axes) this.noteLoop(variable, extent);
    const inner = this.placement.stages.flatMap((stage) => this.stage(stage));
    // Every kernel is a nest of parallel loops, be it a single iteration.
    if (tile.length === 0) tile.push({ axis: -1, variable: makeVar("once"), extent: 1 });
    const body = tile.reduceRight<readonly Stmt[]>(
      (stmts, { variable, extent }) => [forLoop(variable, this.extent(extent), stmts)],
      [...inner, ...this.last],
    );
    const access = this.options.accumulate ? "readwrite" : "write";
    return {
      kernel: {
        name,
        params: [
          ...[...this.inputs.values()].map((buffer) => ({ buffer, access: "read" as const })),
          ...this.returned.map(({ buffer }) => ({
            buffer,
            access: access as "write" | "readwrite",
          })),
        ],
        dims: [
          ...[...this.sizes.extents].map(([symbol, variable]) => ({ symbol, var: variable })),
          ...[...this.totals].map(([symbol, variable]) => ({ symbol: symbol + TOTAL, var: variable })),
          ...this.slices.dims,
        ],
        body: [...this.frameStmts(), ...body],
      },
      additive: this.placement.stages.every((stage) => this.isPlainSum(stage)),
    };
  }

  private noteLoop(variable: Var, extent: Dim): void {
    this.ranges.set(variable, {
      min: 0,
      max: typeof extent === "number" ? extent - 1 : Number.POSITIVE_INFINITY,
    });
  }

  private extent(dim: Dim): Expr {
    return this.evaluator.dim(dim, this.sizes.extents);
  }

  private stage(stage: Stage): Stmt[] {
    const loops: { variable: Var; extent: Dim }[] = [];
    const index = stage.box.map(({ low, extent }, axis) => {
      if (extent === 1) return simplify(fromAffine(low), this.ranges);
      const variable = makeVar(`t${axis}`);
      this.noteLoop(variable, extent);
      loops.push({ variable, extent });
      return simplify(add(fromAffine(low), readVar(variable)), this.ranges);
    });
    const lowering = loweringOf(stage.op, this.ops);
    const allocs: Stmt[] = [];
    const body =
      lowering.kind === "reduce" && reduces(stage.op, this.ops)
        ? this.reduction(stage, lowering, index, loops, allocs)
        : this.map(stage, index, loops, allocs);
    const nest = loops.reduceRight<readonly Stmt[]>(
      (stmts, { variable, extent }) => [forLoop(variable, this.extent(extent), stmts)],
      body,
    );
    return [...allocs, ...nest];
  }

  /** A buffer for one tile of a result. */
  private hold(stage: Stage, result: OpResult, allocs: Stmt[]): Buffer {
    const shape = stage.box.map(({ extent }) => extent).filter((extent) => extent !== 1);
    const elements = shape.reduce<number>(
      (product, dim) => product * (typeof dim === "number" ? dim : Infinity),
      1,
    );
    const space = elements <= REGISTER_ELEMENTS ? "register" : "local";
    const suffix = result.index === 0 ? "" : String(result.index);
    const buffer = makeBuffer(`${stage.op.name}${suffix}`, result.type.dtype, shape, space);
    this.scratch.set(result, { buffer, stage });
    allocs.push({ kind: "alloc", buffer });
    return buffer;
  }

  private map(
    stage: Stage,
    index: readonly Expr[],
    loops: readonly { variable: Var }[],
    allocs: Stmt[],
  ): Stmt[] {
    const [result] = stage.op.results;
    const value = simplify(this.evaluator.inline(stage.op, index), this.ranges);
    const isStored = this.outputs.has(result);
    const isLast = loops.length === 0 && this.returned.length > 1;
    const isHeld = this.readInside.has(result) || (isLast && isStored);
    const held = isHeld ? this.hold(stage, result, allocs) : undefined;
    const local = loops.map(({ variable }) => readVar(variable));
    if (held === undefined) return isStored ? this.writes(result, index, value) : [];
    const storing = this.writes(result, index, load(held, local));
    if (isLast) this.last.push(...storing);
    return [store(held, local, value), ...(isLast ? [] : storing)];
  }

  /** Writes one element of a result everywhere it goes. */
  private writes(result: OpResult, index: readonly Expr[], element: Expr): Stmt[] {
    return (this.outputs.get(result) ?? []).map(({ value, buffer, frame }) => {
      const shifted = index.map((expr, axis) =>
        frame?.offset[axis] ? add(expr, int(frame.offset[axis])) : expr,
      );
      return store(buffer, this.slices.index(value, shifted), element);
    });
  }

  /** The constants around results. */
  private frameStmts(): readonly Stmt[] {
    return this.returned.flatMap(({ value, buffer, frame }) =>
      frame === undefined
        ? []
        : frameNests(
            buffer,
            value.type.shape,
            frame,
            (dim) => this.extent(dim),
            (index) => this.slices.index(value, index),
          ),
    );
  }

  private reduction(
    stage: Stage,
    lowering: Extract<Lowering, { kind: "reduce" }>,
    index: readonly Expr[],
    loops: readonly { variable: Var }[],
    allocs: Stmt[],
  ): Stmt[] {
    const { op } = stage;
    const ctx = this.evaluator.context(op);
    const wanted = op.results.filter((result) => this.outputs.has(result) || this.readInside.has(result));
    const results = op.results.slice(0, Math.max(...wanted.map((result) => result.index)) + 1);
    const buffers = results.map((result) => this.hold(stage, result, allocs));
    const local = loops.map(({ variable }) => readVar(variable));
    const state = buffers.map((buffer) => load(buffer, local));
    const at: Expr[] = [];
    const inner: { variable: Var; extent: Dim }[] = [];
    lowering.extents(ctx).forEach((extent, axis) => {
      if (extent === 1) {
        at.push(int(0));
        return;
      }
      const variable = makeVar(`r${axis}`);
      this.noteLoop(variable, extent);
      inner.push({ variable, extent });
      at.push(readVar(variable));
    });
    const init = lowering.init(ctx);
    const values = lowering.body(ctx, index, at, this.evaluator.reader(op)).slice(0, buffers.length);
    // Later components may look at earlier ones as they were: update from the last to the first.
    const next = lowering.combine(ctx, state, values).slice(0, buffers.length);
    const update = buffers.map((buffer, i) => store(buffer, local, simplify(next[i], this.ranges))).reverse();
    const nest = inner.reduceRight<readonly Stmt[]>(
      (stmts, { variable, extent }) => [forLoop(variable, this.extent(extent), stmts)],
      update,
    );
    const finish = results.flatMap((result, i) =>
      this.writes(result, index, this.total(result, index, state[i])),
    );
    return [...buffers.map((buffer, i) => store(buffer, local, init[i])), ...nest, ...finish];
  }

  /**
   * What a sum leaves: with `accumulate`, added to what is there. A chunk sums by itself first: thousands of small terms added to one large
   * number one by one would lose digits.
   */
  private total(result: OpResult, index: readonly Expr[], sum: Expr): Expr {
    const [output] = this.outputs.get(result) ?? [];
    if (!this.options.accumulate || output === undefined) return sum;
    return add(load(output.buffer, this.slices.index(output.value, index)), sum);
  }

  /** A reduction that leaves the group as it is, by addition from zero. */
  private isPlainSum({ op }: Stage): boolean {
    const lowering = loweringOf(op, this.ops);
    if (
      lowering.kind !== "reduce" ||
      !reduces(op, this.ops) ||
      !op.results.every((result) => this.outputs.get(result)?.every(({ frame }) => frame === undefined))
    )
      return false;
    const ctx = this.evaluator.context(op);
    const [zero] = lowering.init(ctx);
    const [state, value] = [0, 1].map(() => this.evaluator.placeholder(zero.dtype));
    const [sum] = lowering.combine(ctx, [state], [value]);
    const adds =
      sum.kind === "scalar" && sum.name === "add" && sum.args.includes(state) && sum.args.includes(value);
    return adds && zero.kind === "const" && zero.value === 0 && op.results.length === 1;
  }
}

/** Makes the variable of a symbol's total when it is first asked for. */
export class TotalSizes extends Map<string, Var> {
  private readonly made: Map<string, Var>;

  constructor(made: Map<string, Var>) {
    super();
    this.made = made;
  }

  override get(name: string): Var {
    const known = this.made.get(name) ?? makeVar(name + TOTAL);
    this.made.set(name, known);
    return known;
  }
}

const minus = (expr: Expr, low: Affine): Expr => ({
  kind: "scalar",
  dtype: "i32",
  lanes: 1,
  name: "sub",
  args: [expr, fromAffine(low)],
});
