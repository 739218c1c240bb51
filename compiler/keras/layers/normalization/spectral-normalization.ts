/**
 * `SpectralNormalization`: keeps the largest singular value of a layer's kernel at 1.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { elementwise, select, setShape, type Tensor } from "../../../tensor.ts";
import { TruncatedNormal } from "../../initializers/random.ts";
import { stopGradient } from "../../ops/core.ts";
import { matmulOf } from "../../ops/linalg.ts";
import { permute } from "../../ops/movement.ts";
import { normalize } from "../../ops/normalization.ts";
import { all } from "../../ops/reduce.ts";
import type { JsonObject, Options } from "../../options.ts";
import type { ShapeNest } from "../../shapes.ts";
import { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { Wrapper } from "../core/wrapper.ts";
import type { Layer, LayerOptions } from "../layer.ts";
import { requirePositive } from "../require.ts";

export interface SpectralNormalizationOptions extends LayerOptions {
  /** Steps of the power iteration in each call; default 1. */
  powerIterations?: number;
}

/**
 * While training, each call first divides the kernel of the wrapped layer by an estimate of its largest singular value (Miyato et al., 2018),
 * which the power iteration on `vector_u` [1, last axis of the kernel] refines from call to call.
 *
 * Example: `layers.SpectralNormalization(layers.Conv2D(32, 3))(x)`. Throws ModelError for layers without a kernel.
 */
export class SpectralNormalization extends Wrapper<{ powerIterations: number }, Tensor> {
  static readonly className = "SpectralNormalization";
  /** That of the wrapped layer. */
  kernel: Variable | undefined;
  vectorU: Variable | undefined;

  constructor(layer: Layer<unknown>, options: Options<SpectralNormalizationOptions> | JsonObject = {}) {
    super(layer, [options], { powerIterations: 1 });
    requirePositive(this.options.powerIterations, "powerIterations", this.where);
  }

  /** The wrapped layer's kernel or embeddings. */
  private findKernel(): Variable {
    const found: unknown = Reflect.get(this.layer, "kernel") ?? Reflect.get(this.layer, "embeddings");
    if (found instanceof Variable) return found;
    throw new ModelError("the layer has no kernel and no embeddings", {
      where: this.where,
      got: String(this.layer),
    });
  }

  override build(inputShape: ShapeNest): void {
    super.build(inputShape);
    this.kernel = this.findKernel();
    this.vectorU = this.addWeight({
      name: "vector_u",
      shape: [1, this.kernel.shape.at(-1)],
      initializer: new TruncatedNormal({ stddev: 0.02 }),
      trainable: false,
    });
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    if (training) this.update();
    return this.layer(x) as Tensor;
  }

  /** A kernel of zeros stays, and the vector with it. */
  private update(): void {
    const [kernel, vector] = [this.made(this.kernel), this.made(this.vectorU)];
    const { u, normalized } = this.iterate(kernel.value, vector.value);
    const isZero = all(elementwise("eq", [kernel, 0]), {});
    const next = { vector: select(isZero, vector, u), kernel: select(isZero, kernel, normalized) };
    vector.assign(next.vector);
    kernel.assign(next.kernel);
  }

  private iterate(kernel: Tensor, vector: Tensor): { u: Tensor; normalized: Tensor } {
    const columns = kernel.shape[kernel.rank - 1];
    const rows = kernel.shape.slice(0, -1).reduce<number>((size, dim) => size * Number(dim), 1);
    const matrix = setShape(kernel, [rows, columns]);
    let [u, v] = [vector, vector];
    for (let i = 0; i < this.options.powerIterations; i++) {
      v = normalize(matmulOf(u, permute(matrix, [1, 0])), { axis: null });
      u = normalize(matmulOf(v, matrix), { axis: null });
    }
    [u, v] = [stopGradient(u), stopGradient(v)];
    const sigma = setShape(matmulOf(matmulOf(v, matrix), permute(u, [1, 0])), []);
    return { u, normalized: elementwise("div", [kernel, sigma]) };
  }
}
