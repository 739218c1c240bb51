/**
 * `Dropout`: sets random elements to 0 while training.
 */
import type { Dim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { broadcastTo, elementwise, select, type Tensor, toTensor } from "../../tensor.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { SeedGenerator, uniform } from "../random.ts";
import type { CallOptions } from "./call.ts";
import { Layer, type LayerOptions, layerOptionNames } from "./layer.ts";

export interface DropoutOptions extends LayerOptions {
  /** The share of elements that become 0: from 0 to 1. */
  rate?: number;
  /** Shape of the mask, which then broadcasts; null where it is that of the input. */
  noiseShape?: readonly (number | null)[] | null;
  /** Makes the masks reproducible. */
  seed?: number | null;
}

/**
 * While training, each element is 0 with probability `rate`, else x / (1 - rate), which keeps the sum's expectation (Srivastava et al., 2014).
 * Otherwise it passes its input on.
 *
 * Example: `layers.Dropout(0.5)(x, { training: true })`. Throws ModelError for a rate outside of [0, 1].
 */
export class Dropout extends Layer {
  static readonly className = "Dropout";
  readonly rate: number;
  readonly seed: number | null;
  private readonly noiseShape: readonly (number | null)[] | null;
  private readonly seedGenerator: SeedGenerator | undefined;

  constructor(...args: [rate: number | Options<DropoutOptions>, options?: Options<DropoutOptions>]) {
    const defaults = {
      rate: undefined as number | undefined,
      noiseShape: null as readonly (number | null)[] | null,
      seed: null as number | null,
    };
    const read = readOptions(args, defaults, {
      owner: "Dropout",
      positional: ["rate"],
      also: layerOptionNames,
    });
    super(read);
    this.rate = read.rate ?? 0;
    if (!(this.rate >= 0 && this.rate <= 1)) {
      throw new ModelError("bad rate", {
        where: `layer "${this.name}"`,
        expected: "a number from 0 to 1",
        got: String(read.rate),
      });
    }
    this.seed = read.seed;
    this.noiseShape = read.noiseShape;
    if (this.rate > 0) this.seedGenerator = new SeedGenerator(this.seed, this.name);
    this.built = true;
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.seedGenerator === undefined) return x;
    if (this.rate === 1) return broadcastTo(toTensor(0, x.engine, x.dtype), x.shape);
    const shape = x.shape.map((dim, axis): Dim => this.noiseShape?.[axis] ?? dim);
    const kept = elementwise("le", [this.rate, uniform(this.seedGenerator.next(), shape)]);
    return select(kept, elementwise("mul", [x, 1 / (1 - this.rate)]), 0);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed, noise_shape: this.noiseShape };
  }
}
