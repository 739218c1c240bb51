/**
 * Bounding boxes: their formats, and `MaxNumBoundingBoxes`, which gives all images the same number of them.
 */
import { ModelError } from "../../../../../ir/errors.ts";
import { elementwise, getItem, staticDim, type Tensor } from "../../../../tensor.ts";
import { concat } from "../../../ops/joining.ts";
import { padTensor } from "../../../ops/padding.ts";
import type { Options } from "../../../options.ts";
import { required } from "../../configured-layer.ts";
import { requirePositive } from "../../require.ts";
import {
  type BoundingBoxes,
  clip,
  ImageLayer,
  type ImageOptions,
  imageDefaults,
  type Pair,
} from "./image-layer.ts";

type Corners = readonly [left: Tensor, top: Tensor, right: Tensor, bottom: Tensor];

interface Format {
  /** From the four numbers of a box to its corners. */
  readonly read: (a: Tensor, b: Tensor, c: Tensor, d: Tensor) => Corners;
  readonly write: (...corners: Corners) => readonly Tensor[];
}

const plus = (a: Tensor, b: Tensor): Tensor => elementwise("add", [a, b]);
const minus = (a: Tensor, b: Tensor): Tensor => elementwise("sub", [a, b]);
const half = (a: Tensor): Tensor => elementwise("mul", [a, 0.5]);

const formats: { readonly [name: string]: Format | undefined } = {
  xyxy: { read: (a, b, c, d) => [a, b, c, d], write: (l, t, r, b) => [l, t, r, b] },
  yxyx: { read: (a, b, c, d) => [b, a, d, c], write: (l, t, r, b) => [t, l, b, r] },
  xywh: {
    read: (x, y, w, h) => [x, y, plus(x, w), plus(y, h)],
    write: (l, t, r, b) => [l, t, minus(r, l), minus(b, t)],
  },
  center_xywh: {
    read: (x, y, w, h) => [minus(x, half(w)), minus(y, half(h)), plus(x, half(w)), plus(y, half(h))],
    write: (l, t, r, b) => [half(plus(l, r)), half(plus(t, b)), minus(r, l), minus(b, t)],
  },
  center_yxhw: {
    read: (y, x, h, w) => [minus(x, half(w)), minus(y, half(h)), plus(x, half(w)), plus(y, half(h))],
    write: (l, t, r, b) => [half(plus(t, b)), half(plus(l, r)), minus(b, t), minus(r, l)],
  },
};

function formatOf(name: string): { format: Format; isRelative: boolean } {
  const isRelative = name.startsWith("rel_");
  const format = formats[name.replace(/^rel_/, "")];
  if (format !== undefined) return { format, isRelative };
  const names = Object.keys(formats).flatMap((known) => [known, `rel_${known}`]);
  throw new ModelError(`unknown bounding box format. Expected one of ${names.join(", ")}. Received: ${name}`);
}

/** Boxes [n, boxes, 4] of one format in another, for images of the given height and width. */
export function convertBoxes(boxes: Tensor, source: string, target: string, [height, width]: Pair): Tensor {
  const [from, to] = [formatOf(source), formatOf(target)];
  const parts = [0, 1, 2, 3].map((i) => getItem(boxes, ["...", `${i}:${i + 1}`]));
  const corners = from.format.read(parts[0], parts[1], parts[2], parts[3]);
  const factor = (along: number): number => (from.isRelative ? along : 1) / (to.isRelative ? along : 1);
  const scaled = corners.map((corner, i) => {
    const by = factor(i % 2 === 0 ? width : height);
    return by === 1 ? corner : elementwise("mul", [corner, by]);
  });
  return concat(to.format.write(scaled[0], scaled[1], scaled[2], scaled[3]), -1);
}

/** Corners cut to the image: boxes as "rel_xyxy" between 0 and 1. */
export const clipRelative = (boxes: Tensor): Tensor => clip(boxes, [0, 1]);

const defaults = { maxNumber: required<number>(), fillValue: -1, ...imageDefaults };

/** Cuts and pads the boxes and labels of each image to `maxNumber`, with `fillValue` (default -1). Images stay. */
export class MaxNumBoundingBoxes extends ImageLayer<typeof defaults> {
  static readonly className = "MaxNumBoundingBoxes";

  constructor(
    ...args: [
      maxNumber: number | Options<ImageOptions & { maxNumber?: number; fillValue?: number }>,
      options?: Options<ImageOptions & { fillValue?: number }>,
    ]
  ) {
    super(args, defaults);
    requirePositive(this.options.maxNumber, "maxNumber", this.where);
  }

  override transformImages(images: Tensor): Tensor {
    return images;
  }

  override transformBoundingBoxes({ boxes, labels }: BoundingBoxes): BoundingBoxes {
    const { maxNumber, fillValue } = this.options;
    const fit = (x: Tensor): Tensor => {
      const count = staticDim(x.shape[1], "the number of boxes");
      const cut = count > maxNumber ? getItem(x, [":", `:${maxNumber}`]) : x;
      const rest = Math.max(maxNumber - count, 0);
      return padTensor(
        cut,
        x.shape.map(() => 0),
        x.shape.map((_, axis) => (axis === 1 ? rest : 0)),
        fillValue,
      );
    };
    return { boxes: fit(boxes), labels: fit(labels) };
  }
}
