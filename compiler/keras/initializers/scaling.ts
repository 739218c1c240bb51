/**
 * Initializers that keep the variance of a signal on its way through layers.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../../ir/ndarray.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { generate, normalStream, truncatedNormalStream, uniformStream } from "../random.ts";
import { RandomInitializer, type Shape } from "./initializer.ts";

type Mode = "fan_in" | "fan_out" | "fan_avg";
type Distribution = "truncated_normal" | "untruncated_normal" | "uniform";
const modes: readonly Mode[] = ["fan_in", "fan_out", "fan_avg"];
const distributions: readonly Distribution[] = ["uniform", "truncated_normal", "untruncated_normal"];

interface VarianceScalingOptions {
  /** Default 1. */
  scale?: number;
  /** Default "fan_in". */
  mode?: Mode;
  /** Default "truncated_normal". */
  distribution?: Distribution;
  seed?: number | null;
  /** Axes of inputs and of outputs, both or neither; default: the last two, with the taps of a kernel before them. */
  inputAxes?: readonly number[] | null;
  outputAxes?: readonly number[] | null;
}

/** Numbers with variance scale / fan, where fan is the number of inputs or outputs of a unit, or the mean of both. */
export class VarianceScaling extends RandomInitializer {
  static readonly className: string = "VarianceScaling";
  private readonly scale: number;
  private readonly mode: Mode;
  private readonly distribution: Distribution;
  protected readonly axes: { inputs: readonly number[] | null; outputs: readonly number[] | null };

  constructor(options: Options<VarianceScalingOptions> = {}) {
    const defaults = {
      scale: 1,
      mode: "fan_in" as Mode,
      distribution: "truncated_normal" as Distribution,
      seed: null as number | null,
      inputAxes: null as readonly number[] | null,
      outputAxes: null as readonly number[] | null,
    };
    const read = readOptions([options], defaults, { owner: "VarianceScaling", positional: [] });
    super(read.seed);
    this.scale = read.scale;
    this.mode = read.mode;
    const distribution = String(read.distribution).toLowerCase();
    this.distribution = (distribution === "normal" ? "truncated_normal" : distribution) as Distribution;
    this.axes = { inputs: read.inputAxes, outputs: read.outputAxes };
    this.check();
  }

  private check(): void {
    const fail = (text: string): never => {
      throw new ModelError(text, { where: "VarianceScaling" });
    };
    if (!(this.scale > 0)) fail(`Argument \`scale\` must be positive float. Received: scale=${this.scale}`);
    if (!modes.includes(this.mode))
      fail(`Invalid \`mode\` argument: ${this.mode}. Please use one of ${modes.join(", ")}`);
    if (!distributions.includes(this.distribution))
      fail(
        `Invalid \`distribution\` argument: ${this.distribution}. Please use one of ${distributions.join(", ")}`,
      );
  }

  override create(shape: Shape, dtype: DType): NDArray {
    const [fanIn, fanOut] = fans(shape, this.axes.inputs, this.axes.outputs);
    const fan = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[this.mode];
    const variance = this.scale / Math.max(1, fan);
    const draw = this.stream(sizeOf(shape), variance);
    return generate(shape, dtype, draw);
  }

  private stream(_size: number, variance: number): (index: number) => number {
    if (this.distribution === "uniform") {
      const [draw, limit] = [uniformStream(this.key), Math.sqrt(3 * variance)];
      return (i) => limit * (2 * draw(i) - 1);
    }
    if (this.distribution === "untruncated_normal") {
      const draw = normalStream(this.key);
      return (i) => Math.sqrt(variance) * draw(i);
    }
    // The standard deviation of a normal distribution cut at two of its own: what is left must have the wanted variance.
    const [draw, stddev] = [truncatedNormalStream(this.key), Math.sqrt(variance) / 0.879625661034239];
    return (i) => stddev * draw(i);
  }

  override getConfig(): JsonObject {
    return {
      scale: this.scale,
      mode: this.mode,
      distribution: this.distribution,
      seed: this.seed,
      input_axes: this.axes.inputs,
      output_axes: this.axes.outputs,
    };
  }
}

/** How many inputs and outputs a unit has: the given axes; else the last two, times the taps of a kernel. */
export function fans(
  shape: Shape,
  inputs: readonly number[] | null = null,
  outputs: readonly number[] | null = null,
): [number, number] {
  const product = (axes: readonly number[]): number =>
    axes.reduce((size, axis) => size * (shape.at(axis) ?? 1), 1);
  if (inputs !== null && outputs !== null) return [product(inputs), product(outputs)];
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0], shape[0]];
  const taps = sizeOf(shape.slice(0, -2));
  return [shape[shape.length - 2] * taps, shape[shape.length - 1] * taps];
}

type SeedOption = Options<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">>;

/** A named case of `VarianceScaling`; only the seed is written to files. */
abstract class NamedScaling extends VarianceScaling {
  constructor(options: SeedOption, fixed: VarianceScalingOptions) {
    super({ ...options, ...fixed });
  }
  override getConfig(): JsonObject {
    return { seed: this.seed, input_axes: this.axes.inputs, output_axes: this.axes.outputs };
  }
}

/** Glorot and Bengio, 2010: uniform in sqrt(6 / (fanIn + fanOut)). */
export class GlorotUniform extends NamedScaling {
  static override readonly className = "GlorotUniform";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1, mode: "fan_avg", distribution: "uniform" });
  }
}
export class GlorotNormal extends NamedScaling {
  static override readonly className = "GlorotNormal";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1, mode: "fan_avg" });
  }
}
/** He et al., 2015: variance 2 / fanIn. */
export class HeNormal extends NamedScaling {
  static override readonly className = "HeNormal";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 2 });
  }
}
export class HeUniform extends NamedScaling {
  static override readonly className = "HeUniform";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 2, distribution: "uniform" });
  }
}
/** LeCun et al., "Efficient backprop", 1998: variance 1 / fanIn. */
export class LecunNormal extends NamedScaling {
  static override readonly className = "LecunNormal";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1 });
  }
}
export class LecunUniform extends NamedScaling {
  static override readonly className = "LecunUniform";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1, distribution: "uniform" });
  }
}
