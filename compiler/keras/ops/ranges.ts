/**
 * `keras.ops` that count: ranges with a step, evenly and geometrically spaced numbers, grids.
 */
import { type Dim, productOf } from "../../../ir/dim.ts";
import { isFloat } from "../../../ir/dtype.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { isNDArray } from "../../arrays.ts";
import { broadcastTo, cast, setShape, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { dtypeOf } from "../dtype-names.ts";
import { isPlainObject } from "../options.ts";
import { session } from "../session.ts";
import { apply, iota, promotedReal } from "./apply.ts";
import type { DTypeOption } from "./create.ts";
import { moveTo } from "./movement.ts";
import { asTensor, operation, parametric } from "./operation.ts";

interface RangeOptions extends DTypeOption {
  start: number;
  stop?: number | null;
  step?: number | null;
}

/** `start`, `start + step`, ... below `stop`; with one number, from 0. Whole numbers give i32, others f32. `ops.arange(3)` is [0, 1, 2]. */
export const arange = parametric(
  "numpy",
  "arange",
  ["start", "stop", "step", "dtype"],
  ({ start, stop = null, step = null, dtype }: RangeOptions) => {
    const [from, to, by] = stop === null ? [0, start, step ?? 1] : [start, stop, step ?? 1];
    const whole = [from, to, by].every(Number.isInteger);
    const type = dtype === undefined || dtype === null ? (whole ? "i32" : session.floatx) : dtypeOf(dtype);
    const size = Math.max(Math.ceil((to - from) / by), 0);
    const exact = whole || isFloat(type) ? type : "f32";
    const steps = iota(session.engine(), [size], 0, exact);
    return cast(apply("add", apply("mul", steps, by), from), type);
  },
);

interface SpaceOptions extends DTypeOption {
  /** A number, or a tensor of several starts. */
  start: TensorLike;
  stop: TensorLike;
  /** Default 50. */
  num?: number;
  /** Whether stop is the last; default true. */
  endpoint?: boolean;
  /** Where the new axis goes among those of start and stop; default 0. */
  axis?: number;
}

/** Numbers i / (num - 1) of the way from start to stop, along a new axis in front. */
function spaced(start: TensorLike, stop: TensorLike, num: number, endpoint: boolean): Tensor {
  const steps = Math.max(endpoint ? num - 1 : num, 1);
  if (typeof start === "number" && typeof stop === "number") {
    const values = Array.from({ length: num }, (_, i) => start + ((stop - start) * i) / steps);
    return toTensor({ dtype: "f32", shape: [num], data: Float32Array.from(values) }, session.engine());
  }
  const [from, to] = promotedReal(start, stop);
  const rank = Math.max(from.rank, to.rank);
  const parts = Float32Array.from({ length: num }, (_, i) => i / steps);
  const t = toTensor(
    { dtype: "f32", shape: [num, ...new Array<number>(rank).fill(1)], data: parts },
    from.engine,
  );
  const weight = cast(t, from.dtype);
  // Both ends are exact: the rounding error of stop - start does not enter.
  return apply("add", apply("mul", from, apply("sub", 1, weight)), apply("mul", to, weight));
}

const finished = (values: Tensor, { axis = 0, dtype }: SpaceOptions): Tensor => {
  const placed = moveTo(values, 0, normalizeAxis(axis, values.rank));
  if (dtype === undefined || dtype === null) return placed;
  const type = dtypeOf(dtype);
  return cast(isFloat(type) ? placed : apply("floor", placed), type);
};

/** `num` evenly spaced numbers from start to stop. `ops.linspace(0, 1, 3)` is [0, 0.5, 1]. */
export const linspace = parametric(
  "numpy",
  "linspace",
  ["start", "stop", "num", "endpoint", "retstep", "dtype", "axis"],
  (options: SpaceOptions & { /** Has no effect. */ retstep?: false }) => {
    const { start, stop, num = 50, endpoint = true } = options;
    return finished(spaced(start, stop, num, endpoint), options);
  },
);

/** `num` numbers evenly spaced on a logarithmic scale: base to the power of those of `linspace`. */
export const logspace = parametric(
  "numpy",
  "logspace",
  ["start", "stop", "num", "endpoint", "base", "dtype", "axis"],
  (options: SpaceOptions & { base?: number }) => {
    const { start, stop, num = 50, endpoint = true, base = 10 } = options;
    return finished(apply("pow", base, spaced(start, stop, num, endpoint)), options);
  },
);

/** `num` numbers from start to stop, each the same multiple of the one before. start and stop have one sign. */
export const geomspace = parametric(
  "numpy",
  "geomspace",
  ["start", "stop", "num", "endpoint", "dtype", "axis"],
  (options: SpaceOptions) => {
    const { start, stop, num = 50, endpoint = true } = options;
    const [from, to] = promotedReal(start, stop);
    const sign = apply("sign", from);
    const logs = [from, to].map((x) => apply("log", apply("mul", x, sign)));
    return finished(apply("mul", sign, apply("exp", spaced(logs[0], logs[1], num, endpoint))), options);
  },
);

/**
 * Coordinates on a grid: for vectors of lengths a, b, c tensors [a, b, c] ("ij") or [b, a, c] ("xy", the default), each with its vector along
 * its axis.
 *
 *     const [x, y] = ops.meshgrid([1, 2], [3, 4, 5])   // both 3 x 2
 */
export const meshgrid = operation("numpy", "meshgrid", (...args: readonly (TensorLike | GridOptions)[]) => {
  const vectors = args.filter((arg): arg is TensorLike => !isGridOptions(arg)).map((x) => asTensor(x));
  const { indexing = "xy" } = args.find(isGridOptions) ?? {};
  const place = (i: number): number => (indexing === "xy" && vectors.length > 1 && i < 2 ? 1 - i : i);
  const sizes = vectors.map((x): Dim => productOf(x.shape));
  const shape = sizes.map((_, axis) => sizes[place(axis)]);
  return vectors.map((x, i) =>
    broadcastTo(
      setShape(
        x,
        shape.map((_, axis) => (axis === place(i) ? sizes[i] : 1)),
      ),
      shape,
    ),
  );
});

interface GridOptions {
  /** "xy" (default) swaps the first two axes, as in pictures; "ij" as in matrices. */
  indexing?: "xy" | "ij";
}
const isGridOptions = (arg: TensorLike | GridOptions): arg is GridOptions =>
  isPlainObject(arg) && !isNDArray(arg);
