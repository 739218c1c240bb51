/**
 * What an op is. Everything the project knows of an op is in its one definition: its types, its meaning, its gradient, how it becomes
 * loops, and samples that feed the op test matrix and the fuzzer. Nothing else in the compiler names an op.
 */
import type { Builder, OpSignature } from "./builder.ts";
import type { Bindings, Dim } from "./dim.ts";
import type { Attrs, Block, Op, Value } from "./graph.ts";
import type { Buffer, Expr, Stmt } from "./kernel.ts";
import type { NDArray } from "./ndarray.ts";
import type { TensorType } from "./type.ts";

/** How far targets may differ from `evaluate`: not at all, by the rounding of a sum's order, or by a function's stated ULP. */
export type Tolerance = "exact" | "rounding" | "approx";

/** What `evaluate` gets besides its operands. */
export interface EvaluateContext {
  /** Result types with all symbols bound. */
  readonly types: readonly { readonly dtype: TensorType["dtype"]; readonly shape: readonly number[] }[];
  readonly bindings: Bindings;
  /** A zero-filled array for result `index`; f32 results are held in f64 when the evaluation is wide. */
  allocate(index: number): NDArray;
  /** What a region of the op gives for these arguments. */
  run(region: number, args: readonly NDArray[]): readonly NDArray[];
}

/** What the functions of a lowering get besides indices. */
export interface LowerContext<A extends Attrs = Attrs> {
  readonly attrs: A;
  readonly operands: readonly TensorType[];
  readonly results: readonly TensorType[];
  /** A dimension as an i32 expression; symbols become the kernel's size variables, which count the present chunk of the batch. */
  extent(dim: Dim): Expr;
  /** The same for the whole call: what a mean over the batch divides by. */
  total(dim: Dim): Expr;
}

/** Operand number `operand` at an index, one expression per axis. */
export type Read = (operand: number, index: readonly Expr[]) => Expr;

/** What a hand-built kernel writes to, in memory: its results, and what it asked for besides. */
export interface Memory {
  readonly results: readonly Buffer[];
  readonly scratch: readonly Buffer[];
}

/** The place of an array in a larger one of the same rank. */
export interface Frame {
  /** Where it begins, per axis. */
  readonly offset: readonly number[];
  /** What lies around it. */
  readonly fill: Expr;
}

/** How an op becomes loops. The compiler looks at `kind` and at index expressions, never at names. */
export type Lowering<A extends Attrs = Attrs> =
  /** Re-indexes operand 0: element `index` of the result is element `source(index)` of the operand. Costs nothing. */
  | { readonly kind: "view"; source(ctx: LowerContext<A>, index: readonly Expr[]): readonly Expr[] }
  /** Re-labels operand 0: the same elements in the same row-major order. Costs nothing; an alias in memory. */
  | { readonly kind: "alias" }
  /** Operands one after the other along `axis`: no work where they can be written in place, else a map. */
  | {
      readonly kind: "join";
      axis(attrs: A): number;
      at(ctx: LowerContext<A>, index: readonly Expr[], read: Read): Expr;
    }
  /** One expression per element of the result. */
  | {
      readonly kind: "map";
      at(ctx: LowerContext<A>, index: readonly Expr[], read: Read): Expr;
      /** Where operand 0 lies inside the result as it is, with one constant around it: whoever makes the operand can write it there. */
      frame?(ctx: LowerContext<A>): Frame | undefined;
    }
  /** A loop over `extents` for each element; the state is a tuple, one component per result. */
  | {
      readonly kind: "reduce";
      extents(ctx: LowerContext<A>): readonly Dim[];
      init(ctx: LowerContext<A>): readonly Expr[];
      body(ctx: LowerContext<A>, index: readonly Expr[], at: readonly Expr[], read: Read): readonly Expr[];
      /** Component i may use components 0..i of both sides only, so that trailing results nobody uses can be dropped. */
      combine(ctx: LowerContext<A>, state: readonly Expr[], value: readonly Expr[]): readonly Expr[];
    }
  /**
   * Loops written by hand, for what is no expression per element: sorting, scattering, factorizations. One nest of `parallel` loops,
   * serial ones inside. Such an op is a kernel of its own; views and cheap maps on its operands are read through all the same.
   */
  | {
      readonly kind: "kernel";
      /** Memory beside the results, with an axis per parallel loop in front. */
      scratch?(ctx: LowerContext<A>): readonly TensorType[];
      build(ctx: LowerContext<A>, read: Read, memory: Memory): Stmt;
    }
  /** Runs blocks of other ops. */
  | { readonly kind: "region"; readonly control: Control<A> };

/** When the regions of an op run, and what they get. They are isolated: what they use from outside are operands, the captures. */
export type Control<A extends Attrs = Attrs> =
  /** Region 0, once, on all operands: it becomes one kernel. */
  | { readonly runs: "once" }
  /** Region 0 where operand 0 (a bool) is true, else region 1. Both get the other operands, all of them captures. */
  | { readonly runs: "choice" }
  /** Region 1 as long as region 0 answers true. Both get the carries, then the captures; region 1 gives the next carries. */
  | { readonly runs: "while"; carries(attrs: A): number; attrs(carries: number): A }
  /** Region 0 so many times, on the carries, a slice of each stacked operand, the captures. */
  | { readonly runs: "for"; counts(attrs: A): Counted; attrs(counts: Counted): A };

/** A loop whose length is known when it starts. Operands: carries, stacked ones, captures. Results: last carries, stacked ones. */
export interface Counted {
  readonly length: Dim;
  /** From the last slice to the first. */
  readonly reverse: boolean;
  readonly carries: number;
  /** The axis along which each stacked operand is cut. */
  readonly inputs: readonly number[];
  /** The axis along which the slices of each stacked result lie. */
  readonly outputs: readonly number[];
}

/** A way to call the op: operand types and attributes. `range` bounds random operands (default -2 to 2). */
export interface Sample<A extends Attrs = Attrs> {
  readonly operands: readonly TensorType[];
  readonly attrs: A;
  readonly range?: readonly [number, number];
  /** Brings random operands to where the op is well-conditioned. */
  adapt?(operands: readonly NDArray[]): readonly NDArray[];
  readonly regions?: readonly Block[];
}

export interface OpDef<A extends Attrs = Attrs> extends OpSignature {
  /** One sentence: what the results are. */
  readonly doc: string;
  readonly tolerance: Tolerance;
  /** The names of attributes, for the text and IRDL; optional ones end in "?". */
  readonly attrNames: readonly string[];
  infer(operands: readonly TensorType[], attrs: A, regions: readonly Block[]): readonly TensorType[];
  /** The meaning, in plain loops: the oracle, and constant folding. */
  evaluate(operands: readonly NDArray[], attrs: A, context: EvaluateContext): readonly NDArray[];
  /**
   * The gradient of the operands given that of the results (absent: zero), as graph ops, so that it differentiates again. An op without it
   * stops gradients; `gradient: "zero"` says that they are zero (comparisons, integers).
   */
  readonly gradient?: "zero" | Gradient<A>;
  /** The op for all iterations of a loop at once; absent where there is no such op. Of ops with one result. */
  readonly stack?: Stack<A>;
  readonly lower: Lowering<A>;
  readonly samples: readonly Sample<A>[];
}

/** Spelled as a method, so that an op with narrower attributes fits into a table of all ops. */
export type Gradient<A extends Attrs = Attrs> = {
  of(
    b: Builder,
    op: Op & { readonly attrs: A },
    dys: readonly (Value | undefined)[],
    tools: GradientTools,
  ): readonly (Value | undefined)[] | undefined;
}["of"];

/** An operand for all iterations: with one more axis, at `axis`, which counts them; or the same in each, then `axis` is undefined. */
export interface Stacked {
  readonly value: Value;
  readonly axis: number | undefined;
}

/**
 * What `op` gives in all iterations: with one more axis at `axis`, or, where that is undefined, their sum. At least one operand varies.
 * Answers undefined where it cannot be said in one op.
 */
export type Stack<A extends Attrs = Attrs> = {
  of(
    b: Builder,
    op: Op & { readonly attrs: A },
    operands: readonly Stacked[],
    axis: number | undefined,
  ): Value | undefined;
}["of"];

/** What the gradient of an op with regions needs besides a builder. */
export interface GradientTools {
  /** The operands whose gradient anybody wants. */
  readonly wanted: readonly boolean[];
  /** Appends to `b` the gradients of `wrt` given those of `ys`; undefined where there is none. */
  backward(
    b: Builder,
    ys: readonly Value[],
    dys: readonly (Value | undefined)[],
    wrt: readonly Value[],
  ): readonly (Value | undefined)[];
  /** True for ops that are better done again than kept: they only move or repeat. */
  isFree(op: Op): boolean;
}

export type OpTable = ReadonlyMap<string, OpDef>;
