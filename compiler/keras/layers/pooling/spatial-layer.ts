/**
 * What pooling layers share: a number of spatial axes, and the place of the channels.
 */
import type { Tensor } from "../../../tensor.ts";
import type { DataFormat } from "../../ops/conv.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { rankOf } from "../spatial.ts";

export interface FormatOptions extends LayerOptions {
  /** Where the channels are: "channels_last" or "channels_first"; default that of `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
}

/** A layer over `rank` spatial axes. */
export abstract class SpatialLayer<
  O extends { readonly dataFormat: DataFormat | null },
> extends ConfiguredLayer<O, Tensor> {
  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.inputSpec = [{ ndim: this.rank + 2 }];
  }
  /** The number of spatial axes. */
  protected get rank(): number {
    return rankOf(this);
  }
}
