/**
 * `ActivityRegularization`: a penalty on what passes through.
 */
import type { Tensor } from "../../../tensor.ts";
import type { JsonObject, Options } from "../../options.ts";
import { L1L2 } from "../../regularizers.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";

export interface ActivityRegularizationOptions extends LayerOptions {
  /** Default 0. */
  l1?: number;
  /** Default 0. */
  l2?: number;
}

/** Its input; adds l1 sum(|x|) + l2 sum(x^2) to the loss. */
export class ActivityRegularization extends ConfiguredLayer<{ l1: number; l2: number }, Tensor> {
  static readonly className = "ActivityRegularization";

  constructor(options: Options<ActivityRegularizationOptions> = {}) {
    const { l1 = 0, l2 = 0 } = options;
    super([{ ...options, activityRegularizer: new L1L2({ l1, l2 }) }], { l1: 0, l2: 0 });
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return x;
  }

  override getConfig(): JsonObject {
    const { activity_regularizer: _, ...config } = super.getConfig();
    return config;
  }
}
