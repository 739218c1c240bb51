/**
 * `Rescaling`: scale x + offset, for data in other units than the model wants.
 */
import { cast, elementwise, type Tensor } from "../../tensor.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

/** One number, or one for each channel. */
type PerChannel = number | readonly number[];

export interface RescalingOptions extends LayerOptions {
  scale?: PerChannel;
  /** Default 0. */
  offset?: PerChannel;
}

/** Example: `layers.Rescaling(1 / 255)(image)`, and `layers.Rescaling(1 / 127.5, { offset: -1 })(image)`. No weights. */
export class Rescaling extends Layer {
  static readonly className = "Rescaling";
  private readonly scale: PerChannel;
  private readonly offset: PerChannel;

  constructor(
    ...args: [
      scale: PerChannel | Options<RescalingOptions>,
      offset?: PerChannel | Options<RescalingOptions>,
      options?: Options<LayerOptions>,
    ]
  ) {
    const defaults = { scale: undefined as PerChannel | undefined, offset: 0 as PerChannel };
    const read = readOptions(args, defaults, {
      owner: "Rescaling",
      positional: ["scale", "offset"],
      also: layerOptionNames,
    });
    super(read);
    this.scale = read.scale ?? 1;
    this.offset = read.offset;
  }

  override call(x: Tensor): Tensor {
    return elementwise("add", [elementwise("mul", [cast(x, this.dtype), this.scale]), this.offset]);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}
