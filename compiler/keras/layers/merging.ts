/**
 * Layers that merge a list of tensors into one. No weights. Tensors of lower rank get axes of size 1 behind the batch, then shapes broadcast.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { ScalarName } from "../../../ir/scalar.ts";
import { elementwise, setShape, type Tensor } from "../../tensor.ts";
import { concat } from "../ops/joining.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { isKerasShape, type KerasShape, printKerasShape, type ShapeNest } from "../shapes.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

abstract class Merge extends Layer {
  constructor(owner: string, options: Options<LayerOptions>) {
    super(readOptions([options], {}, { owner, positional: [], also: layerOptionNames }));
  }

  /** Checks that the input is a list of shapes that fit. */
  override build(inputShape: ShapeNest): void {
    const items: readonly unknown[] = Array.isArray(inputShape) ? inputShape : [];
    const shapes = items.filter(isKerasShape);
    if (items.length === 0 || shapes.length < items.length) {
      throw new ModelError("a merging layer takes a list of tensors", {
        where: `layer "${this.name}"`,
        got: JSON.stringify(inputShape),
      });
    }
    this.checkShapes(shapes);
  }

  protected checkShapes(shapes: readonly KerasShape[]): void {
    const batches = new Set(shapes.flatMap((shape) => (typeof shape[0] === "number" ? [shape[0]] : [])));
    if (batches.size > 1) {
      throw new ModelError("batch sizes differ", {
        where: `layer "${this.name}"`,
        got: shapes.map(printKerasShape).join(" and "),
      });
    }
  }

  override call(inputs: readonly Tensor[]): Tensor {
    const rank = Math.max(...inputs.map((x) => x.rank));
    return this.merge(
      inputs.map((x) =>
        setShape(x, [x.shape[0], ...new Array<number>(rank - x.rank).fill(1), ...x.shape.slice(1)]),
      ),
    );
  }

  protected abstract merge(inputs: readonly Tensor[]): Tensor;
}

const fold = (name: ScalarName, inputs: readonly Tensor[]): Tensor =>
  inputs.reduce((a, b) => elementwise(name, [a, b]));

/** The sum: `layers.Add()([a, b])`. */
export class Add extends Merge {
  static readonly className = "Add";
  constructor(options: Options<LayerOptions> = {}) {
    super("Add", options);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return fold("add", inputs);
  }
}

/** The first of two tensors less the second. */
export class Subtract extends Merge {
  static readonly className = "Subtract";
  constructor(options: Options<LayerOptions> = {}) {
    super("Subtract", options);
  }
  protected override checkShapes(shapes: readonly KerasShape[]): void {
    if (shapes.length !== 2)
      throw new ModelError("Subtract takes two tensors", {
        where: `layer "${this.name}"`,
        got: `${shapes.length}`,
      });
    super.checkShapes(shapes);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return fold("sub", inputs);
  }
}

/** The product. */
export class Multiply extends Merge {
  static readonly className = "Multiply";
  constructor(options: Options<LayerOptions> = {}) {
    super("Multiply", options);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return fold("mul", inputs);
  }
}

/** The mean. */
export class Average extends Merge {
  static readonly className = "Average";
  constructor(options: Options<LayerOptions> = {}) {
    super("Average", options);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return elementwise("div", [fold("add", inputs), inputs.length]);
  }
}

/** The largest. */
export class Maximum extends Merge {
  static readonly className = "Maximum";
  constructor(options: Options<LayerOptions> = {}) {
    super("Maximum", options);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return fold("max", inputs);
  }
}

/** The smallest. */
export class Minimum extends Merge {
  static readonly className = "Minimum";
  constructor(options: Options<LayerOptions> = {}) {
    super("Minimum", options);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return fold("min", inputs);
  }
}

/** One after the other along `axis` (default -1): `layers.Concatenate({ axis: 1 })([a, b])`. The other axes must be equal. */
export class Concatenate extends Merge {
  static readonly className = "Concatenate";
  private readonly axis: number;

  constructor({ axis = -1, ...options }: Options<LayerOptions & { axis?: number }> = {}) {
    super("Concatenate", options);
    this.axis = axis;
  }

  protected override checkShapes(shapes: readonly KerasShape[]): void {
    const [first] = shapes;
    const at = this.axis < 0 ? this.axis + first.length : this.axis;
    const fits = shapes.every(
      (shape) =>
        shape.length === first.length &&
        shape.every((dim, i) => i === at || dim === null || first[i] === null || dim === first[i]),
    );
    if (fits) return;
    throw new ModelError("shapes must match except on the axis of concatenation", {
      where: `layer "${this.name}"`,
      expected: `shapes like ${printKerasShape(first)}, but for axis ${this.axis}`,
      got: shapes.map(printKerasShape).join(", "),
    });
  }

  override call(inputs: readonly Tensor[]): Tensor {
    return this.merge(inputs);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return concat(inputs, this.axis);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), axis: this.axis };
  }
}
