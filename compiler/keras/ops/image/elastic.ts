/**
 * `keras.ops.image.elasticTransform`: images as on a rubber sheet (Simard et al., "Best practices for convolutional neural networks applied to
 * visual document analysis", 2003).
 */
import { mulDims } from "../../../../ir/dim.ts";
import { cast, setShape, staticDim, type Tensor, type TensorLike } from "../../../tensor.ts";
import { standardNormal } from "../../random/bits.ts";
import { keyOf, type SeedOption, splitKey } from "../../random/key.ts";
import { apply } from "../apply.ts";
import { asTensor, parametric } from "../operation.ts";
import { samplingOf } from "./coordinates.ts";
import { blurred } from "./filters.ts";
import { onBatch } from "./layout.ts";
import { lookup, pixelGrid, type TransformOptions } from "./transforms.ts";

interface ElasticOptions extends TransformOptions, SeedOption {
  /** How far pixels move; default 20. */
  alpha?: number;
  /** How large the waves are, in pixels; default 5. */
  sigma?: number;
}

/** Every pixel is looked up at a random place nearby; the displacements are normal numbers, blurred. Default fill mode "reflect". */
export const elasticTransform = parametric(
  "image",
  "image.elasticTransform",
  ["alpha", "sigma", "interpolation", "fillMode", "fillValue", "seed", "dataFormat"],
  (images: TensorLike, options: ElasticOptions) => {
    const {
      alpha = 20,
      sigma = 5,
      interpolation = "bilinear",
      fillMode = "reflect",
      fillValue = 0,
    } = options;
    const sampling = samplingOf(interpolation, fillMode, fillValue);
    return onBatch(asTensor(images), options.dataFormat, (batch) => {
      const [y, x] = pixelGrid(batch);
      const [down, across] = splitKey(keyOf(options.seed), 2).map((key) => displacement(batch, key, sigma));
      const moved = (place: Tensor, by: Tensor): Tensor => apply("add", place, apply("mul", alpha, by));
      return cast(lookup(batch, moved(y, down), moved(x, across), sampling), batch.dtype);
    });
  },
);

/** Smooth random numbers, one for each pixel: [n, h w, 1]. */
function displacement(images: Tensor, key: Tensor, sigma: number): Tensor {
  const [n, height, width] = images.shape;
  const size = Math.trunc(6 * sigma) | 1;
  const noise = apply("mul", standardNormal(key, [staticDim(n, "the batch"), height, width, 1]), sigma);
  return setShape(blurred(noise, [size, size], sigma), [n, mulDims(height, width), 1]);
}
