/**
 * Layers that join tensors along an axis: one behind the other, or as a sum of products.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { normalizeAxis } from "../../../../ir/type.ts";
import { broadcastTo, cast, setShape, type Tensor, type TensorLike, toTensor } from "../../../tensor.ts";
import { concat } from "../../ops/joining.ts";
import { einsum } from "../../ops/linalg.ts";
import { normalize } from "../../ops/normalization.ts";
import { asTensor } from "../../ops/operation.ts";
import { any } from "../../ops/reduce.ts";
import type { Options } from "../../options.ts";
import { type KerasShape, printKerasShape } from "../../shapes.ts";
import { required } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { Merge } from "./merge.ts";

/** One after the other along `axis` (default -1): `layers.Concatenate({ axis: 1 })([a, b])`. The other axes must be equal. */
export class Concatenate extends Merge<{ axis: number }> {
  static readonly className = "Concatenate";

  constructor(
    ...args: [axis?: number | Options<LayerOptions & { axis?: number }>, options?: Options<LayerOptions>]
  ) {
    super(args, { axis: -1 });
  }

  protected override checkShapes(shapes: readonly KerasShape[]): void {
    const [first] = shapes;
    const { axis } = this.options;
    const at = axis < 0 ? axis + first.length : axis;
    const fits = shapes.every(
      (shape) =>
        shape.length === first.length &&
        shape.every((dim, i) => i === at || dim === null || first[i] === null || dim === first[i]),
    );
    if (fits) return;
    throw new ModelError("shapes must match except on the axis of concatenation", {
      where: this.where,
      expected: `shapes like ${printKerasShape(first)}, but for axis ${axis}`,
      got: shapes.map(printKerasShape).join(", "),
    });
  }

  override call(inputs: readonly Tensor[]): Tensor {
    return concat(inputs, this.options.axis);
  }

  /** A step is there where any of its features is; inputs without a mask are there. */
  override computeMask(inputs: unknown, masks: unknown): unknown {
    const list = Array.isArray(masks) ? (masks as readonly (TensorLike | null)[]) : [];
    if (list.every((mask) => mask === null)) return null;
    const full = (inputs as readonly Tensor[]).map((x, i) => maskOf(x, list[i]));
    return any(concat(full, this.options.axis), { axis: -1 });
  }
}

/** A mask with the shape of its tensor. */
function maskOf(x: Tensor, mask: TensorLike | null): Tensor {
  if (mask === null) return broadcastTo(toTensor(1, x.engine, "bool"), x.shape);
  const tensor = cast(asTensor(mask), "bool");
  return tensor.rank === x.rank ? tensor : broadcastTo(setShape(tensor, [...tensor.shape, 1]), x.shape);
}

const dotDefaults = { axes: required<number | readonly number[]>(), normalize: false };

export interface DotOptions extends LayerOptions {
  /** The axis to sum over, not the batch: one for both inputs, or one for each. */
  axes?: number | readonly number[];
  /** Divides inputs by their length along the axis first, so that the product is the cosine; default false. */
  normalize?: boolean;
}

/** The sum of products along an axis of each of two tensors, sample by sample: `layers.Dot(1)([a, b])`. */
export class Dot extends Merge<typeof dotDefaults> {
  static readonly className = "Dot";

  constructor(
    ...args: [axes: number | readonly number[] | Options<DotOptions>, options?: Options<DotOptions>]
  ) {
    super(args, dotDefaults);
  }

  /** The summed axis of an input of the given rank. */
  private axisOf(i: number, rank: number): number {
    const { axes } = this.options;
    const axis = normalizeAxis(typeof axes === "number" ? axes : axes[i], rank);
    if (axis > 0) return axis;
    throw new ModelError("the product cannot sum over the batch. Received: axes=0", { where: this.where });
  }

  protected override checkShapes(shapes: readonly KerasShape[]): void {
    if (shapes.length !== 2)
      throw new ModelError(`a \`Dot\` layer takes a list of 2 inputs. Received: ${shapes.length}`, {
        where: this.where,
      });
    super.checkShapes(shapes);
    const sizes = shapes.map((shape, i) => shape[this.axisOf(i, shape.length)]);
    if (sizes[0] !== sizes[1])
      throw new ModelError("sizes of the summed axes differ", {
        where: this.where,
        got: `${sizes.join(" and ")} in ${shapes.map(printKerasShape).join(" and ")}`,
      });
  }

  override call([a, b]: readonly Tensor[]): Tensor {
    const [left, right] = [this.axisOf(0, a.rank), this.axisOf(1, b.rank)];
    const [x, y] = this.options.normalize
      ? [normalize(a, { axis: left }), normalize(b, { axis: right })]
      : [a, b];
    // The batch is "a", the summed axis "z"; all others have letters of their own.
    const label = (rank: number, summed: number, first: number): string =>
      Array.from({ length: rank }, (_, i) =>
        i === 0 ? "a" : i === summed ? "z" : String.fromCharCode(98 + first + i),
      ).join("");
    const [p, q] = [label(a.rank, left, 0), label(b.rank, right, a.rank)];
    const out = `a${`${p}${q}`.replace(/[az]/g, "")}`;
    const product = einsum(`${p},${q}->${out}`, x, y);
    return product.rank === 1 ? setShape(product, [...product.shape, 1]) : product;
  }

  override computeMask(): null {
    return null;
  }
}
