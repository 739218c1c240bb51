/**
 * `Rescaling`: scale x + offset, for data in other units than the model wants.
 */
import { cast, elementwise, type Tensor } from "../../../tensor.ts";
import type { Options } from "../../options.ts";
import { ConfiguredLayer, required } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";

/** One number, or one for each channel. */
type PerChannel = number | readonly number[];

export interface RescalingOptions extends LayerOptions {
  scale?: PerChannel;
  /** Default 0. */
  offset?: PerChannel;
}

const defaults = { scale: required<PerChannel>(), offset: 0 as PerChannel };

/** Example: `layers.Rescaling(1 / 255)(image)`, and `layers.Rescaling(1 / 127.5, { offset: -1 })(image)`. No weights. */
export class Rescaling extends ConfiguredLayer<typeof defaults, Tensor> {
  static readonly className = "Rescaling";

  constructor(
    ...args: [
      scale: PerChannel | Options<RescalingOptions>,
      offset?: PerChannel | Options<RescalingOptions>,
      options?: Options<LayerOptions>,
    ]
  ) {
    super(args, defaults);
  }

  override call(x: Tensor): Tensor {
    const { scale, offset } = this.options;
    return elementwise("add", [elementwise("mul", [cast(x, this.computeDType), scale]), offset]);
  }
}
