/**
 * `keras.ops.pad`: elements around a tensor.
 */
import { ModelError } from "../../../ir/errors.ts";
import { staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import { concat, sliceAxis } from "./joining.ts";
import { reverse } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";

type PadWidth = number | readonly (number | readonly number[])[];

interface PadOptions {
  /** `padWidth[axis]` is [before, after]; one pair or one number holds for all axes. */
  padWidth: PadWidth;
  /** A constant (default), or the elements mirrored: "reflect" leaves the outermost out, "symmetric" repeats it. */
  mode?: "constant" | "reflect" | "symmetric";
  /** Default 0. */
  constantValues?: number | null;
}

/** Elements around the tensor. */
export const pad = parametric(
  "numpy",
  "pad",
  ["padWidth", "mode", "constantValues"],
  (x: TensorLike, { padWidth, mode = "constant", constantValues = null }: PadOptions) => {
    const tensor = asTensor(x);
    const widths = padPairs(padWidth, tensor.rank);
    if (mode === "constant")
      return padTensor(
        tensor,
        widths.map(([low]) => low),
        widths.map(([, high]) => high),
        constantValues ?? 0,
      );
    return widths.reduce(
      (padded, [low, high], axis) => mirror(padded, axis, low, high, mode === "reflect" ? 1 : 0),
      tensor,
    );
  },
);

/** Puts `low` elements in front and `high` behind, mirrored at the edges; `skip` of the outermost are left out. */
function mirror(x: Tensor, axis: number, low: number, high: number, skip: number): Tensor {
  if (low === 0 && high === 0) return x;
  const size = staticDim(x.shape[axis], "a mirrored axis");
  if (Math.max(low, high) > size - skip)
    throw new ModelError("mirrored padding is larger than the tensor", {
      where: "ops.pad",
      got: `${low} and ${high} on size ${size}`,
    });
  const front = low === 0 ? [] : [reverse(sliceAxis(x, axis, skip, skip + low), [axis])];
  const back = high === 0 ? [] : [reverse(sliceAxis(x, axis, size - skip - high, size - skip), [axis])];
  return concat([...front, x, ...back], axis);
}

function padPairs(width: PadWidth, rank: number): readonly (readonly [number, number])[] {
  const all = (low: number, high: number): [number, number][] =>
    Array.from({ length: rank }, () => [low, high]);
  if (typeof width === "number") return all(width, width);
  const flat = width.every((item): item is number => typeof item === "number") ? width : undefined;
  if (flat !== undefined) return all(flat[0], flat[1] ?? flat[0]);
  const pairs = width.map((item): [number, number] =>
    typeof item === "number" ? [item, item] : [item[0], item[1]],
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
