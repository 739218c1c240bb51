/**
 * `keras.ops.pad`: elements around a tensor.
 */
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { broadcastTo, cast, mean, staticDim, type Tensor, type TensorLike, toTensor } from "../../tensor.ts";
import { apply, iota } from "./apply.ts";
import { concat, sliceAxis } from "./joining.ts";
import { asTensor, parametric } from "./operation.ts";
import { gather } from "./picking.ts";
import { maxOf, minOf } from "./reduce.ts";

type PadWidth = number | readonly (number | readonly number[])[];

/**
 * A constant; the outermost element again ("edge"); the elements mirrored, without ("reflect") or with ("symmetric") the outermost; the elements
 * from the other end ("wrap", "circular"); the maximum, minimum or mean of the axis; a ramp down to 0; "empty" is a constant 0.
 */
type PadMode =
  | "constant"
  | "edge"
  | "reflect"
  | "symmetric"
  | "wrap"
  | "circular"
  | "maximum"
  | "minimum"
  | "mean"
  | "linear_ramp"
  | "empty";

interface PadOptions {
  /** `padWidth[axis]` is [before, after]; one pair or one number holds for all axes. */
  padWidth: PadWidth;
  /** Default "constant". */
  mode?: PadMode;
  /** Only for the mode "constant"; default 0. */
  constantValues?: number | null;
}

/** Elements around the tensor. `ops.pad([1, 2], [[1, 0]])` is [0, 1, 2]. Throws ModelError for a constant in another mode. */
export const pad = parametric(
  "numpy",
  "pad",
  ["padWidth", "mode", "constantValues"],
  (x: TensorLike, { padWidth, mode = "constant", constantValues = null }: PadOptions) => {
    const tensor = asTensor(x);
    const widths = padPairs(padWidth, tensor.rank);
    if (constantValues !== null && mode !== "constant")
      throw new ModelError(
        `Argument \`constant_values\` can only be provided when \`mode == 'constant'\`. Received: mode=${mode}`,
      );
    if (mode === "constant" || mode === "empty") {
      const [low, high] = [widths.map(([before]) => before), widths.map(([, after]) => after)];
      return padTensor(tensor, low, high, constantValues ?? 0);
    }
    return widths.reduce(
      (padded, [low, high], axis) => (low + high === 0 ? padded : padAxis(padded, axis, low, high, mode)),
      tensor,
    );
  },
);

type Mode = Exclude<PadMode, "constant" | "empty">;

function padAxis(x: Tensor, axis: number, low: number, high: number, mode: Mode): Tensor {
  const size = staticDim(x.shape[axis], "a padded axis");
  switch (mode) {
    case "maximum":
      return around(x, axis, low, high, maxOf(x, axis, true));
    case "minimum":
      return around(x, axis, low, high, minOf(x, axis, true));
    case "mean":
      return around(x, axis, low, high, meanOf(x, axis));
    case "linear_ramp":
      return ramp(x, axis, low, high);
    default: {
      const numbers = Array.from({ length: low + size + high }, (_, i) => sourceIndex(i - low, size, mode));
      const indices: NDArray = { dtype: "i32", shape: [numbers.length], data: Int32Array.from(numbers) };
      return gather(x, toTensor(indices, x.engine), axis);
    }
  }
}

/** Which of `size` elements stands at position `i`, which may lie outside. */
export function sourceIndex(
  i: number,
  size: number,
  mode: "edge" | "reflect" | "symmetric" | "wrap" | "circular",
): number {
  const modulo = (n: number, period: number): number => ((n % period) + period) % period;
  if (mode === "edge") return Math.min(Math.max(i, 0), size - 1);
  if (mode === "wrap" || mode === "circular") return modulo(i, size);
  if (mode === "reflect") return size === 1 ? 0 : size - 1 - Math.abs(modulo(i, 2 * (size - 1)) - (size - 1));
  const at = modulo(i, 2 * size);
  return at < size ? at : 2 * size - 1 - at;
}

/** The mean, rounded for integers. */
function meanOf(x: Tensor, axis: number): Tensor {
  const exact = mean(x, axis, true);
  return isFloat(x.dtype) ? exact : cast(apply("round", exact), x.dtype);
}

/** The same values, of size 1 along the axis, in front and behind. */
function around(x: Tensor, axis: number, low: number, high: number, value: Tensor): Tensor {
  const block = (count: number): Tensor[] =>
    count === 0
      ? []
      : [
          broadcastTo(
            value,
            x.shape.map((dim, i) => (i === axis ? count : dim)),
          ),
        ];
  return concat([...block(low), x, ...block(high)], axis);
}

/** From 0 at the outside to the outermost element, evenly. */
function ramp(x: Tensor, axis: number, low: number, high: number): Tensor {
  const size = staticDim(x.shape[axis], "a padded axis");
  const side = (count: number, edge: Tensor, backwards: boolean): Tensor[] => {
    if (count === 0) return [];
    const shape = x.shape.map((_, i) => (i === axis ? count : 1));
    const steps = cast(iota(x.engine, shape, axis), x.dtype);
    const weight = apply("div", backwards ? apply("sub", count - 1, steps) : steps, count);
    return [apply("mul", edge, weight)];
  };
  const front = side(low, sliceAxis(x, axis, 0, 1), false);
  const back = side(high, sliceAxis(x, axis, size - 1, size), true);
  return concat([...front, x, ...back], axis);
}

function padPairs(width: PadWidth, rank: number): readonly (readonly [number, number])[] {
  const all = (low: number, high: number): [number, number][] =>
    Array.from({ length: rank }, () => [low, high]);
  if (typeof width === "number") return all(width, width);
  const flat = width.every((item): item is number => typeof item === "number") ? width : undefined;
  if (flat !== undefined) return all(flat[0], flat[1] ?? flat[0]);
  const pairs = width.map((item): [number, number] =>
    typeof item === "number" ? [item, item] : [item[0], item[1] ?? item[0]],
  );
  if (pairs.length === rank) return pairs;
  if (pairs.length === 1) return all(...pairs[0]);
  throw new ModelError("wrong number of paddings", {
    where: "ops.pad",
    expected: `${rank} pairs`,
    got: `${pairs.length}`,
  });
}

export function padTensor(x: Tensor, low: readonly number[], high: readonly number[], value: number): Tensor {
  if ([...low, ...high].every((width) => width === 0)) return x;
  return x.engine.op("pad", [x], { low, high, interior: low.map(() => 0), value })[0];
}
