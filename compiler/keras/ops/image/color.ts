/**
 * `keras.ops.image`, colour: RGB as grey, and to hue, saturation and value and back. One image or a batch, channels as the data format says.
 */
import { dtypes, isFloat } from "../../../../ir/dtype.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { cast, setShape, sum, type Tensor, type TensorLike, toTensor } from "../../../tensor.ts";
import { apply, choose, clamp, real } from "../apply.ts";
import { sliceAxis, stack } from "../joining.ts";
import { asTensor, parametric } from "../operation.ts";
import { channelAxis, type FormatOption, requireImages } from "./layout.ts";

/**
 * 0.2989 red + 0.587 green + 0.114 blue, as one channel; images with one channel stay as they are. Throws ModelError for another number of
 * channels.
 */
export const rgbToGrayscale = parametric(
  "image",
  "image.rgbToGrayscale",
  ["dataFormat"],
  (images: TensorLike, { dataFormat }: FormatOption) => {
    const x = asTensor(images);
    requireImages(x);
    const axis = channelAxis(x, dataFormat);
    if (x.shape[axis] === 1) return x;
    if (x.shape[axis] !== 3)
      throw new ModelError(
        `Invalid channel size: expected 3 (RGB) or 1 (Grayscale). Received input with shape: images.shape=${x}`,
      );
    const shape = x.shape.map((_, i) => (i === axis ? 3 : 1));
    const weights = setShape(toTensor([0.2989, 0.587, 0.114], x.engine), shape);
    return cast(sum(apply("mul", real(x), cast(weights, real(x).dtype)), axis, true), x.dtype);
  },
);

type Planes = readonly [Tensor, Tensor, Tensor];

/** A conversion of three planes, which have no channel axis. Throws ModelError for integers. */
const conversion = (keras: string, convert: (...planes: Planes) => readonly Tensor[]) =>
  parametric(
    "image",
    `image.${keras}`,
    ["dataFormat"],
    (images: TensorLike, { dataFormat }: FormatOption) => {
      const x = asTensor(images);
      requireImages(x);
      if (!isFloat(x.dtype))
        throw new ModelError(
          `Invalid images dtype: expected float dtype. Received: images.dtype=${dtypes[x.dtype].keras}`,
        );
      const axis = channelAxis(x, dataFormat);
      const rest = x.shape.filter((_, i) => i !== axis);
      const plane = (i: number): Tensor => setShape(sliceAxis(x, axis, i, i + 1), rest);
      return stack(convert(plane(0), plane(1), plane(2)), axis);
    },
  );

/** Hue in turns from red, saturation and value, all in [0, 1], of red, green and blue in [0, 1]. */
export const rgbToHsv = conversion("rgbToHsv", (red, green, blue) => {
  const [r, g, b] = [red, green, blue].map((x) => choose(apply("lt", apply("abs", x), EPSILON), 0, x));
  const value = apply("max", apply("max", r, g), b);
  const range = apply("sub", value, apply("min", apply("min", r, g), b));
  const [bright, coloured] = [apply("lt", 0, value), apply("lt", 0, range)];
  const saturation = choose(bright, apply("div", range, choose(bright, value, 1)), 0);
  const sixth = apply("div", 1, apply("mul", 6, choose(coloured, range, 1)));
  const part = (x: Tensor, y: Tensor, start: number): Tensor =>
    apply("add", apply("mul", sixth, apply("sub", x, y)), start);
  const beyond = choose(apply("eq", value, g), part(b, r, 2 / 6), part(r, g, 4 / 6));
  const turn = choose(coloured, choose(apply("eq", value, r), part(g, b, 0), beyond), 0);
  return [choose(apply("lt", turn, 0), apply("add", turn, 1), turn), saturation, value];
});
/** The distance of 1 to the next f32: smaller components count as 0. */
const EPSILON = 2 ** -23;

/** The way back: red, green and blue of hue, saturation and value. */
export const hsvToRgb = conversion("hsvToRgb", (hue, saturation, value) => {
  const sector = apply("mul", apply("mod", hue, 1), 6);
  const distance = (from: number): Tensor => apply("abs", apply("sub", sector, from));
  const shares = [
    clamp(apply("sub", distance(3), 1), 0, 1),
    clamp(apply("sub", 2, distance(2)), 0, 1),
    clamp(apply("sub", 2, distance(4)), 0, 1),
  ];
  const white = apply("sub", 1, saturation);
  return shares.map((share) => apply("mul", value, apply("add", white, apply("mul", saturation, share))));
});
