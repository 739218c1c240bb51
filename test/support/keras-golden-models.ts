/**
 * Loading the golden models, with the custom layer that one of them has.
 */
import type { JsonObject } from "../../compiler/formats/json.ts";
import { keras, ops, type Tensor } from "../../compiler/index.ts";
import type { Model } from "../../compiler/keras/models/model.ts";
import { modelFromBytes } from "../../compiler/keras/saving/load.ts";
import type { KerasShape } from "../../compiler/keras/shapes.ts";
import type { Variable } from "../../compiler/keras/variable.ts";
import { goldenBytes } from "./goldens.ts";

/** y = |x| ** power * scale + shift. */
export class ScaleShift extends keras.Layer {
  private readonly power: number;
  private scale: Variable | undefined;
  private shift: Variable | undefined;

  constructor({ power = 2, ...options }: { power?: number; name?: string } = {}) {
    super(options);
    this.power = power;
  }
  override build(shape: KerasShape): void {
    this.scale = this.addWeight({ name: "scale", shape: [shape.at(-1)], initializer: "ones" });
    this.shift = this.addWeight({ name: "shift", shape: [shape.at(-1)], initializer: "zeros" });
  }
  override call(x: Tensor): Tensor {
    return ops
      .power(ops.abs(x), this.power)
      .mul(this.scale ?? 1)
      .add(this.shift ?? 0);
  }
  override getConfig() {
    return { ...super.getConfig(), power: this.power };
  }
}

/** Golden models whose layers we have. */
export const goldenModels = [
  "mnist_cnn",
  "mlp",
  "compiled_mlp",
  "resnet_tiny",
  "inception_tiny",
  "autoencoder",
  "shared_multi_io",
  "ops_functional",
  "custom_layer",
];

export const loadGolden = (id: string): Promise<Model> =>
  modelFromBytes(
    goldenBytes(`models/${id}/model.keras`),
    { customObjects: { "golden_tests>ScaleShift": ScaleShift } },
    id,
  );

export type GoldenModel = JsonObject;
