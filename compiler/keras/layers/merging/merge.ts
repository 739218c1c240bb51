/**
 * Layers that merge a list of tensors into one of their sizes. No weights. Tensors of lower rank get axes of size 1 behind the batch, then shapes
 * broadcast.
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { ScalarName } from "../../../../ir/scalar.ts";
import { elementwise, setShape, type Tensor, type TensorLike } from "../../../tensor.ts";
import type { Options } from "../../options.ts";
import { isKerasShape, type KerasShape, printKerasShape, type ShapeNest } from "../../shapes.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";

export abstract class Merge<O extends object = object> extends ConfiguredLayer<O, Tensor> {
  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.supportsMasking = true;
  }

  /** Checks that the input is a list of shapes that fit. */
  override build(inputShape: ShapeNest): void {
    const items: readonly unknown[] = Array.isArray(inputShape) ? inputShape : [];
    const shapes = items.filter(isKerasShape);
    if (items.length === 0 || shapes.length < items.length)
      throw new ModelError(
        `a merging layer takes a list of tensors. Received: input_shape=${JSON.stringify(inputShape)}`,
        { where: this.where },
      );
    this.checkShapes(shapes);
  }

  protected checkShapes(shapes: readonly KerasShape[]): void {
    const batches = new Set(shapes.flatMap((shape) => (typeof shape[0] === "number" ? [shape[0]] : [])));
    if (batches.size > 1)
      throw new ModelError("batch sizes differ", {
        where: this.where,
        got: shapes.map(printKerasShape).join(" and "),
      });
  }

  /** A step is there where it is in any of the inputs; where one of them has no mask, all are. */
  override computeMask(_inputs: unknown, masks: unknown): unknown {
    const list = Array.isArray(masks) ? (masks as readonly (TensorLike | null)[]) : [];
    const present = list.filter((mask): mask is TensorLike => mask !== null);
    if (present.length === 0 || present.length < list.length) return null;
    return present.reduce((a, b) => elementwise("or", [a, b]));
  }

  abstract override call(inputs: readonly Tensor[]): Tensor;
}

const alignRanks = (inputs: readonly Tensor[]): readonly Tensor[] => {
  const rank = Math.max(...inputs.map((x) => x.rank));
  return inputs.map((x) =>
    setShape(x, [x.shape[0], ...new Array<number>(rank - x.rank).fill(1), ...x.shape.slice(1)]),
  );
};

/** A merge by one scalar operator, from left to right. */
abstract class Fold extends Merge {
  constructor(options: Options<LayerOptions> = {}) {
    super([options], {});
  }

  protected abstract get operator(): ScalarName;

  override call(inputs: readonly Tensor[]): Tensor {
    return alignRanks(inputs).reduce((a, b) => elementwise(this.operator, [a, b]));
  }
}

/** The sum: `layers.Add()([a, b])`. */
export class Add extends Fold {
  static readonly className = "Add";
  protected override get operator(): ScalarName {
    return "add";
  }
}

/** The first of two tensors less the second. */
export class Subtract extends Fold {
  static readonly className = "Subtract";
  protected override get operator(): ScalarName {
    return "sub";
  }
  protected override checkShapes(shapes: readonly KerasShape[]): void {
    if (shapes.length !== 2)
      throw new ModelError(`a \`Subtract\` layer takes exactly 2 inputs. Received: ${shapes.length}`, {
        where: this.where,
      });
    super.checkShapes(shapes);
  }
}

/** The product. */
export class Multiply extends Fold {
  static readonly className = "Multiply";
  protected override get operator(): ScalarName {
    return "mul";
  }
}

/** The mean. */
export class Average extends Fold {
  static readonly className = "Average";
  protected override get operator(): ScalarName {
    return "add";
  }
  override call(inputs: readonly Tensor[]): Tensor {
    return elementwise("div", [super.call(inputs), inputs.length]);
  }
}

/** The largest. */
export class Maximum extends Fold {
  static readonly className = "Maximum";
  protected override get operator(): ScalarName {
    return "max";
  }
}

/** The smallest. */
export class Minimum extends Fold {
  static readonly className = "Minimum";
  protected override get operator(): ScalarName {
    return "min";
  }
}
