/**
 * Control flow of `keras.ops`: branches and loops whose bodies are functions of tensors. Bodies are traced into regions of `cond`, `while_loop`
 * and `scan`, in eager mode too: a loop over eager tensors is one compiled program, cached by what its body does. Loops of known length have
 * gradients, loops until a condition have none.
 */
import { type Dim, equalDims, printDim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { Block } from "../../../ir/graph.ts";
import { Captures } from "../../region-trace.ts";
import {
  cast, commonEngine, type Engine, elementwise, type Tensor, type TensorLike, toTensor,
} from "../../tensor.ts"; // biome-ignore format: one line
import type { Nest } from "../nest.ts";
import { leavesOf, packLeaves, settleVariables, type Traced, traceRegion } from "../region-scope.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";
import { clamp } from "./apply.ts";
import { operation, parametric } from "./operation.ts";
import { arange } from "./ranges.ts";

/** What loops carry: a tensor, or a list or dictionary of them. */
export type Carry = Nest<TensorLike>;
type Tensors = Nest<Tensor>;

const engineOf = (values: readonly TensorLike[]): Engine => commonEngine(values, session.engine());

/** First values of a loop: whole numbers count as i32, as in Keras. */
function initialOf(value: TensorLike, engine: Engine): Tensor {
  const isWhole = typeof value === "number" && Number.isInteger(value);
  return toTensor(value, engine, isWhole ? "i32" : session.floatx);
}

/**
 * The first values in the dtypes that the body gives back: a plain number takes the dtype of its next value. `trace` answers the next values
 * for given first ones.
 */
function settleNumbers(
  given: readonly TensorLike[],
  engine: Engine,
  trace: (first: readonly Tensor[]) => readonly Tensor[],
): readonly Tensor[] {
  const first = given.map((value) => initialOf(value, engine));
  if (!given.some((value) => typeof value === "number")) return first;
  const next = trace(first);
  return first.map((tensor, i) =>
    typeof given[i] === "number" && next[i] !== undefined ? cast(tensor, next[i].dtype) : tensor,
  );
}

function checkStructure(what: string, expected: number, got: number): void {
  if (expected !== got)
    throw new ModelError(`${what} must return the structure it is given`, {
      expected: `${expected} tensors`,
      got: `${got}`,
    });
}

/**
 * `whenTrue()` where `pred` is true, else `whenFalse()`: only that one runs. Both return the same structure of the same shapes and dtypes.
 *
 * Example: `ops.cond(ops.greater(x, 0), () => x.mul(2), () => x.neg())`.
 */
export const cond = operation(
  "core",
  "cond",
  (pred: TensorLike | boolean, whenTrue: () => unknown, whenFalse: () => unknown): unknown => {
    if (typeof pred === "boolean" || typeof pred === "number") return pred ? whenTrue() : whenFalse();
    return branch(pred, whenTrue, whenFalse);
  },
);

function branch(pred: TensorLike, whenTrue: () => unknown, whenFalse: () => unknown): unknown {
  const engine = engineOf([pred]);
  const choice = cast(toTensor(pred, engine), "bool");
  if (choice.rank > 0)
    throw new ModelError("the predicate of a branch must be one value", { got: choice.toString() });
  const { traced, variables } = settleVariables((known) => {
    const captures = new Captures();
    const branches = [whenTrue, whenFalse].map((body) =>
      traceRegion({ outer: engine, captures, variables: known, isLoop: false, body: () => body() }),
    );
    return { captures, branches, written: branches.flatMap(({ written }) => [...written]) };
  });
  const { captures, branches } = traced;
  const [first, second] = branches;
  checkStructure("Both branches", first.leaves.length, second.leaves.length);
  const regions = branches.map(({ leaves, finals, close }) => close([...leaves, ...finals]));
  const results = engine.op("cond", [choice, ...captures.tensors], {}, regions);
  const count = first.leaves.length;
  variables.forEach((variable, i) => void variable.assign(results[count + i]));
  return packLeaves(first.result, results);
}

/**
 * The branch with number `index` (clamped into range), called with the operands.
 *
 * Example: `ops.switch(i, [(x) => x.add(1), (x) => x.mul(5)], x)`.
 */
export const switchBranch = operation(
  "core",
  "switch",
  (index: TensorLike, branches: readonly ((...operands: never[]) => unknown)[], ...operands: Carry[]) => {
    const call = (i: number): unknown => branches[i](...(operands as never[]));
    const last = branches.length - 1;
    if (typeof index === "number") return call(Math.min(Math.max(Math.trunc(index), 0), last));
    const at = clamp(index, 0, last);
    const from = (i: number): unknown =>
      i === last
        ? call(i)
        : cond(
            at.sub(i).cast("bool"),
            () => from(i + 1),
            () => call(i),
          );
    return from(0);
  },
);

/**
 * Runs `body` as long as `condition` gives true; both get the loop's variables as arguments. No gradient: how often it runs depends on data.
 *
 * Example: `ops.whileLoop((i) => ops.less(i, 10), (i) => [i.add(1)], [0])`.
 */
export const whileLoop = parametric(
  "core",
  "whileLoop",
  ["maximumIterations"],
  (
    condition: (...variables: never[]) => TensorLike,
    body: (...variables: never[]) => unknown,
    loopVars: Carry,
    { maximumIterations = null }: { maximumIterations?: number | null },
  ): Tensors => {
    const spread = (vars: unknown): never[] => (Array.isArray(vars) ? vars : [vars]) as never[];
    const test = (vars: unknown): TensorLike => condition(...spread(vars));
    const step = (vars: unknown): unknown => body(...spread(vars));
    if (maximumIterations === null) return repeatWhile(test, step, loopVars);
    const isEarly = (count: Tensor): Tensor => elementwise("lt", [count, maximumIterations]);
    const [, result] = repeatWhile(
      ([count, vars]: [Tensor, unknown]) =>
        cond(
          isEarly(count),
          () => test(vars),
          () => false,
        ) as Tensor,
      ([count, vars]: [Tensor, unknown]) => [count.add(1), step(vars)],
      [0, loopVars],
    ) as readonly Tensors[];
    return result;
  },
);

function repeatWhile(
  test: (vars: never) => TensorLike,
  step: (vars: never) => unknown,
  loopVars: Carry,
): Tensors {
  const given = leavesOf(loopVars);
  const engine = engineOf(given);
  const pack = (tensors: readonly Tensor[]): never => packLeaves(loopVars, tensors) as never;
  const trace = (first: readonly Tensor[], variables: readonly Variable[]) => {
    const captures = new Captures();
    const region = (body: (vars: never) => unknown): Traced =>
      traceRegion({
        outer: engine,
        captures,
        variables,
        isLoop: true,
        before: first,
        body: (vars) => body(pack(vars)),
      });
    const [condition, next] = [region(test), region(step)];
    return { captures, condition, next, written: next.written };
  };
  const first = settleNumbers(given, engine, (values) => trace(values, []).next.leaves);
  const { traced, variables } = settleVariables((known) => trace(first, known));
  const { captures, condition, next } = traced;
  checkStructure("The body", first.length, next.leaves.length);
  const tests = condition.close(condition.leaves.map((value) => cast(value, "bool")));
  const regions: Block[] = [tests, next.close([...next.leaves, ...next.finals])];
  const operands = [...first, ...variables.map(({ value }) => value), ...captures.tensors];
  const results = engine.op("while_loop", operands, { carries: first.length + variables.length }, regions);
  variables.forEach((variable, i) => void variable.assign(results[first.length + i]));
  return packLeaves(loopVars, results.slice(0, first.length)) as Tensors;
}

/** How `scanAlong` runs: over which axes of the inputs and the results, and in which direction. */
export interface ScanOptions {
  /** Needed where there are no inputs. */
  readonly length?: Dim | null;
  readonly reverse?: boolean;
  /** The axis along which inputs are cut and results stacked (default 0). */
  readonly axis?: number;
}

/**
 * Runs `f(carry, slice)` for each slice of `xs`; it returns the next carry and what is to be stacked. Gives the last carry and the stack.
 * `keras.ops.scan` with a choice of the axis, which recurrent layers use to keep samples in front.
 */
export function scanAlong(
  f: (carry: never, x: never) => readonly [carry: unknown, y: unknown],
  init: unknown,
  xs: unknown,
  { length = null, reverse = false, axis = 0 }: ScanOptions = {},
): readonly [carry: unknown, ys: unknown] {
  const given = leavesOf(init);
  const engine = engineOf([...given, ...leavesOf(xs)]);
  const inputs = leavesOf(xs).map((value) => toTensor(value, engine));
  const count = lengthOf(inputs, axis, length);
  const slices = inputs.map(({ dtype, shape }) => ({ dtype, shape: shape.filter((_, i) => i !== axis) }));
  const trace = (first: readonly Tensor[], variables: readonly Variable[]) => {
    const captures = new Captures();
    const body = (carry: readonly Tensor[], x: readonly Tensor[]): unknown => {
      const next = f(packLeaves(init, carry) as never, packLeaves(xs, x) as never);
      return { 0: next[0] ?? {}, 1: next[1] ?? {} };
    };
    const region = traceRegion({
      outer: engine,
      captures,
      variables,
      isLoop: true,
      before: first,
      after: slices,
      body,
    });
    return { captures, region, written: region.written };
  };
  const first = settleNumbers(given, engine, (values) => trace(values, []).region.leaves);
  const { traced, variables } = settleVariables((known) => trace(first, known));
  const { captures, region } = traced;
  const result = region.result as { readonly 0: unknown; readonly 1: unknown };
  const carries = leavesOf(result[0]).length;
  checkStructure("The carry of the body", first.length, carries);
  const stacked = region.leaves.slice(carries);
  const block = region.close([...region.leaves.slice(0, carries), ...region.finals, ...stacked]);
  const operands = [...first, ...variables.map(({ value }) => value), ...inputs, ...captures.tensors];
  const attrs = {
    carries: carries + variables.length,
    inputs: inputs.map(() => axis),
    length: typeof count === "number" ? count : printDim(count),
    outputs: stacked.map(() => axis),
    reverse,
  };
  const results = engine.op("scan", operands, attrs, [block]);
  variables.forEach((variable, i) => void variable.assign(results[carries + i]));
  const ys = results.slice(carries + variables.length);
  return [packLeaves(init, results.slice(0, carries)), ys.length === 0 ? null : packLeaves(result[1], ys)];
}

function lengthOf(inputs: readonly Tensor[], axis: number, length: Dim | null): Dim {
  const sizes = inputs.map(({ shape }) => shape[axis]);
  const [first] = length === null ? sizes : [length];
  if (first === undefined)
    throw new ModelError("a scan needs inputs or a length", {
      hint: "Give `length`, or `xs` with a leading axis",
    });
  const other = sizes.find((size) => size === undefined || !equalDims(size, first));
  if (sizes.length > 0 && sizes.some((size) => size === undefined || !equalDims(size, first)))
    throw new ModelError("the inputs of a scan differ in length", {
      expected: printDim(first),
      got: other === undefined ? "a scalar" : printDim(other),
    });
  return first;
}

/**
 * Runs `f(carry, x)` over the leading axis of `xs`; it returns [next carry, y]. Gives [last carry, ys stacked]. Differentiable.
 *
 * Example: `ops.scan((c, x) => [c.add(x), c], 0, xs)`. Options: `length` where xs is null; `reverse`. `unroll` changes nothing here.
 */
export const scan = parametric(
  "core",
  "scan",
  ["length", "reverse", "unroll"],
  (
    f: (carry: never, x: never) => readonly [unknown, unknown],
    init: Carry,
    xs: Carry | null,
    {
      length = null,
      reverse = false,
    }: { length?: number | null; reverse?: boolean; unroll?: boolean | number },
  ): readonly [Tensors, Tensors | null] =>
    scanAlong(f, init, xs, { length, reverse }) as readonly [Tensors, Tensors | null],
);

/** `f(x)` for every x along the leading axis, stacked. Example: `ops.map((x) => ops.sum(x), xs)`. */
export const map = operation("core", "map", (f: (x: never) => unknown, xs: Carry): Tensors => {
  const [, ys] = scanAlong((_, x) => [null, f(x)], null, xs);
  return ys as Tensors;
});

/** The same, said of functions that are written for one element. */
export const vectorizedMap = operation(
  "core",
  "vectorizedMap",
  (f: (x: never) => unknown, elements: Carry): Tensors => {
    const [, ys] = scanAlong((_, x) => [null, f(x)], null, elements);
    return ys as Tensors;
  },
);

/**
 * val = body(i, val) for i = lower ... upper - 1. Differentiable where both bounds are numbers; else it runs until the bound is reached.
 *
 * Example: `ops.foriLoop(0, 5, (i, x) => x.mul(2), x)`.
 */
export const foriLoop = operation(
  "core",
  "foriLoop",
  (lower: TensorLike, upper: TensorLike, body: (i: Tensor, val: never) => unknown, init: Carry): Tensors => {
    if (typeof lower === "number" && typeof upper === "number") {
      const count = Math.max(0, upper - lower);
      const numbers = arange(lower, lower + count, 1, "int32");
      const [result] = scanAlong((val, i) => [body(i, val), null], init, numbers);
      return result as Tensors;
    }
    const [, result] = repeatWhile(
      ([i]: [Tensor, unknown]) => elementwise("lt", [i, upper]),
      ([i, val]: [Tensor, never]) => [i.add(1), body(i, val)],
      [lower, init],
    ) as readonly Tensors[];
    return result;
  },
);
