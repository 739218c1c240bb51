/**
 * `keras.ops.image`, patches: the blocks under a sliding window, one vector each.
 */
import { type Dim, productOf } from "../../../../ir/dim.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { setShape, staticDim, type Tensor, type TensorLike } from "../../../tensor.ts";
import { channelsBack, channelsLast, type PerAxis, padSpatial, perAxis } from "../conv.ts";
import { permute } from "../movement.ts";
import { asTensor, parametric } from "../operation.ts";
import { windowsAlong } from "../patches.ts";
import { type FormatOption, formatOf } from "./layout.ts";

interface PatchOptions extends FormatOption {
  /** Height and width of a patch; with depth in front for volumes. */
  size: PerAxis;
  /** Default: the size, so that patches do not overlap. */
  strides?: PerAxis | null;
  /** Distance between the pixels of a patch; default 1. */
  dilationRate?: PerAxis;
  /** "valid" (default), or "same": zeros around the image. */
  padding?: "valid" | "same";
}
const positional = ["size", "strides", "dilationRate", "padding", "dataFormat"] as const;

/**
 * [n, h, w, c] gives [n, rows, columns, height width c] (one image likewise without n); with three sizes, of volumes. Within a patch the channels
 * vary fastest.
 */
export const extractPatches = parametric(
  "image",
  "image.extractPatches",
  positional,
  (images: TensorLike, options: PatchOptions) =>
    patchesOf(asTensor(images), typeof options.size === "number" ? 2 : options.size.length, options),
);

/** The same of volumes [n, d, h, w, c]. */
export const extractPatches3d = parametric(
  "image",
  "image.extractPatches3d",
  positional,
  (volumes: TensorLike, options: PatchOptions) => patchesOf(asTensor(volumes), 3, options),
);

function patchesOf(
  x: Tensor,
  rank: number,
  { size, strides, dilationRate = 1, padding = "valid", dataFormat }: PatchOptions,
): Tensor {
  if (x.rank !== rank + 1 && x.rank !== rank + 2)
    throw new ModelError("the size of patches does not fit the images", {
      where: "ops.image.extractPatches",
      expected: `rank ${rank + 1} or ${rank + 2}`,
      got: `${x}`,
    });
  const format = formatOf(dataFormat);
  const batch = channelsLast(x.rank === rank + 2 ? x : setShape(x, [1, ...x.shape]), format);
  const sizes = perAxis(size, rank, "size");
  const [steps, dilation] = [
    perAxis(strides ?? size, rank, "strides"),
    perAxis(dilationRate, rank, "dilation rate"),
  ];
  const extents = sizes.map((length, i) => (length - 1) * dilation[i] + 1);
  let windows = padSpatial(batch, extents, steps, padding, 0);
  for (let i = 0; i < rank; i++) windows = windowsAlong(windows, 2 * i + 1, sizes[i], steps[i], dilation[i]);
  // [n, rows, height, columns, width, c]: positions in front, places behind.
  const places = sizes.map((_, i) => 2 * i + 2);
  const ordered = permute(windows, [0, ...places.map((axis) => axis - 1), ...places, 2 * rank + 1]);
  const counts: readonly Dim[] = ordered.shape.slice(0, rank + 1);
  const length = staticDim(productOf(ordered.shape.slice(rank + 1)), "the size of a patch");
  const patches = channelsBack(setShape(ordered, [...counts, length]), format);
  return x.rank === rank + 2 ? patches : setShape(patches, patches.shape.slice(1));
}
