/**
 * `keras.ops.image`, borders: zeros around images, or parts cut off. Of both margins and the size of the result along an axis, two are given.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { staticDim, type Tensor, type TensorLike } from "../../../tensor.ts";
import { sliceAxis } from "../joining.ts";
import { asTensor, parametric } from "../operation.ts";
import { padTensor } from "../padding.ts";
import { channelAxis, type FormatOption, requireImages } from "./layout.ts";

type Given = number | null | undefined;

/** What is known of one axis, under the names that errors use. */
interface Margins {
  readonly names: readonly [before: string, after: string, target: string];
  readonly before: Given;
  readonly after: Given;
  readonly target: Given;
}

/** Both margins, from two of three numbers. `sign` is 1 where they add to the size, -1 where they are taken from it. */
function resolve({ names, before, after, target }: Margins, size: number, sign: 1 | -1): [number, number] {
  const values = [before, after, target].map((value) => value ?? undefined);
  const received = names.map((name, i) => `${name}=${values[i] ?? "None"}`).join(", ");
  if (values.filter((value) => value === undefined).length !== 1)
    throw new ModelError(`Must specify exactly two of ${names.join(", ")}. Received: ${received}`);
  const total = sign * ((values[2] ?? 0) - size);
  const first = values[0] ?? total - (values[1] ?? 0);
  const second = values[1] ?? total - first;
  const result = { [names[0]]: first, [names[1]]: second, [names[2]]: size + sign * (first + second) };
  const bad = Object.entries(result).find(([, value]) => value < 0);
  if (bad !== undefined) throw new ModelError(`${bad[0]} must be >= 0. Received: ${bad[0]}=${bad[1]}`);
  return [first, second];
}

interface Axis {
  readonly axis: number;
  readonly size: number;
}

/** Height and width. */
function spatial(x: Tensor, { dataFormat }: FormatOption): [Axis, Axis] {
  requireImages(x);
  const first = channelAxis(x, dataFormat) === x.rank - 1 ? x.rank - 3 : x.rank - 2;
  const at = (axis: number): Axis => ({ axis, size: staticDim(x.shape[axis], "the size of an image") });
  return [at(first), at(first + 1)];
}

interface TargetOptions extends FormatOption {
  targetHeight?: number | null;
  targetWidth?: number | null;
}
interface PadOptions extends TargetOptions {
  topPadding?: number | null;
  leftPadding?: number | null;
  bottomPadding?: number | null;
  rightPadding?: number | null;
}

/** Zeros around images. `ops.image.padImages(x, { topPadding: 1, leftPadding: 2, targetHeight: 8, targetWidth: 8 })`. */
export const padImages = parametric(
  "image",
  "image.padImages",
  [
    "topPadding", "leftPadding", "bottomPadding", "rightPadding", "targetHeight", "targetWidth", "dataFormat",
  ], // biome-ignore format: in order
  (images: TensorLike, options: PadOptions) => {
    const x = asTensor(images);
    const [rows, columns] = spatial(x, options);
    const [low, high] = [x.shape.map(() => 0), x.shape.map(() => 0)];
    const { topPadding, bottomPadding, targetHeight, leftPadding, rightPadding, targetWidth } = options;
    [low[rows.axis], high[rows.axis]] = resolve(
      {
        names: ["top_padding", "bottom_padding", "target_height"],
        before: topPadding,
        after: bottomPadding,
        target: targetHeight,
      },
      rows.size,
      1,
    );
    [low[columns.axis], high[columns.axis]] = resolve(
      {
        names: ["left_padding", "right_padding", "target_width"],
        before: leftPadding,
        after: rightPadding,
        target: targetWidth,
      },
      columns.size,
      1,
    );
    return padTensor(x, low, high, 0);
  },
);

interface CropOptions extends TargetOptions {
  topCropping?: number | null;
  leftCropping?: number | null;
  bottomCropping?: number | null;
  rightCropping?: number | null;
}

/** Images without their margins. `ops.image.cropImages(x, { topCropping: 1, leftCropping: 1, targetHeight: 4, targetWidth: 4 })`. */
export const cropImages = parametric(
  "image",
  "image.cropImages",
  [
    "topCropping", "leftCropping", "bottomCropping", "rightCropping", "targetHeight", "targetWidth", "dataFormat",
  ], // biome-ignore format: in order
  (images: TensorLike, options: CropOptions) => {
    const x = asTensor(images);
    const [rows, columns] = spatial(x, options);
    const { topCropping, bottomCropping, targetHeight, leftCropping, rightCropping, targetWidth } = options;
    const [top, bottom] = resolve(
      {
        names: ["top_cropping", "bottom_cropping", "target_height"],
        before: topCropping,
        after: bottomCropping,
        target: targetHeight,
      },
      rows.size,
      -1,
    );
    const [left, right] = resolve(
      {
        names: ["left_cropping", "right_cropping", "target_width"],
        before: leftCropping,
        after: rightCropping,
        target: targetWidth,
      },
      columns.size,
      -1,
    );
    return sliceAxis(
      sliceAxis(x, rows.axis, top, rows.size - bottom),
      columns.axis,
      left,
      columns.size - right,
    );
  },
);
