/**
 * `TimeDistributed`: a layer applied to every step of a sequence.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { getItem, type Tensor, type TensorMethods } from "../../../tensor.ts";
import { scanAlong } from "../../ops/control.ts";
import { stack } from "../../ops/joining.ts";
import type { Options } from "../../options.ts";
import type { KerasShape, ShapeNest } from "../../shapes.ts";
import type { CallOptions } from "../call.ts";
import { Wrapper } from "../core/wrapper.ts";
import type { Layer, LayerOptions } from "../layer.ts";

/** Steps up to which the layer is copied for each of them rather than looped over. */
const FEW = 16;

/**
 * `layer` on each step x[:, i] of x [n, steps, ...], with the same weights.
 *
 * Example: `layers.TimeDistributed(layers.Dense(8))(x)`. Throws ModelError for what is no layer, and for inputs of less than three axes.
 */
export class TimeDistributed extends Wrapper<object, Tensor> {
  static readonly className = "TimeDistributed";

  constructor(layer: Layer<unknown>, options: Options<LayerOptions> = {}) {
    super(layer, [options], {});
    this.supportsMasking = true;
  }

  override build(inputShape: ShapeNest): void {
    const shape = inputShape as KerasShape;
    if (!Array.isArray(inputShape) || inputShape.length < 3)
      throw new ModelError(
        `\`TimeDistributed\` Layer should be passed an \`input_shape\` with at least 3 dimensions, received: ${JSON.stringify(inputShape)}`,
        { where: this.where },
      );
    super.build([shape[0], ...shape.slice(2)]);
  }

  override call(x: Tensor, { mask, training }: CallOptions): Tensor {
    const present = mask === null || mask === undefined ? undefined : (mask as TensorMethods).value;
    const at = (step: Tensor, stepMask: Tensor | undefined): Tensor => {
      const options = { training, ...(stepMask === undefined ? {} : { mask: stepMask }) };
      return this.layer.invoke([step, options]) as Tensor;
    };
    const steps = x.shape[1];
    if (typeof steps === "number" && steps <= FEW) {
      const pick = (tensor: Tensor, i: number): Tensor => getItem(tensor, [":", i]);
      const outputs = Array.from({ length: steps }, (_, i) => at(pick(x, i), present && pick(present, i)));
      return stack(outputs, 1);
    }
    const [, outputs] = scanAlong(
      (_, slice: { x: Tensor; present?: Tensor }) => [null, at(slice.x, slice.present)],
      null,
      { x, ...(present === undefined ? {} : { present }) },
      { axis: 1 },
    );
    return outputs as Tensor;
  }
}
