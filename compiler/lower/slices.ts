/**
 * Arguments and results of kernels that are slices of larger arrays. A slice has no memory of its own: a kernel inside a loop reads and writes
 * it where it lies in the stack, at an index that the loop's counter gives. Counters reach kernels as dims.
 */
import type { Dim, Shape } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Value } from "../../ir/graph.ts";
import { type Expr, type Kernel, makeVar, read, type Var } from "../../ir/kernel.ts";

/** An array of which a value is a slice, cut out by the counters of the loops around. */
export interface Slice {
  readonly shape: Shape;
  /** From the innermost loop outwards: the axis the slice does not have, and the symbol that says where it is cut. */
  readonly cuts: readonly Cut[];
}
export interface Cut {
  readonly axis: number;
  readonly symbol: string;
  readonly extent: Dim;
}

/** The slices among a kernel's arguments and results. */
export class Slices {
  private readonly slices: ReadonlyMap<Value, Slice>;
  private readonly counters = new Map<string, Var>();

  /** `note` is told the counter of each loop and its extent. */
  constructor(
    slices: ReadonlyMap<Value, Slice>,
    note: (counter: Var, extent: Dim) => void = () => undefined,
  ) {
    this.slices = slices;
    for (const { symbol, extent } of [...slices.values()].flatMap(({ cuts }) => cuts)) {
      if (this.counters.has(symbol)) continue;
      const counter = makeVar(symbol);
      this.counters.set(symbol, counter);
      note(counter, extent);
    }
  }

  /** The shape of the array that a value lies in. */
  shapeOf(value: Value): Shape {
    return this.slices.get(value)?.shape ?? value.type.shape;
  }

  /** The index in that array. */
  index(value: Value, index: readonly Expr[]): readonly Expr[] {
    const cuts = this.slices.get(value)?.cuts ?? [];
    return cuts.reduce((inner, { axis, symbol }) => {
      const counter = this.counters.get(symbol);
      if (counter === undefined) throw new CompilerBug("lower", `no loop counts ${symbol}`);
      return [...inner.slice(0, axis), read(counter), ...inner.slice(axis)];
    }, index);
  }

  get dims(): Kernel["dims"] {
    return [...this.counters].map(([symbol, variable]) => ({ symbol, var: variable }));
  }
}
