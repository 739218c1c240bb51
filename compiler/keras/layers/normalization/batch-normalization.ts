/**
 * `BatchNormalization`: standardizes each channel over the batch.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { normalizeAxis } from "../../../../ir/type.ts";
import {
  broadcastTo,
  cast,
  divide,
  elementwise,
  mean,
  select,
  setShape,
  sum,
  type Tensor,
  type TensorLike,
} from "../../../tensor.ts";
import { type InitializerFunction, type InitializerLike, initialize } from "../../initializers/index.ts";
import { stopGradient } from "../../ops/core.ts";
import { batchNormalization } from "../../ops/normalization.ts";
import { asTensor } from "../../ops/operation.ts";
import { varianceOf } from "../../ops/reduce.ts";
import type { Options } from "../../options.ts";
import { session } from "../../session.ts";
import type { KerasShape } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import type { CallOptions } from "../call.ts";
import { optional, type Settled } from "../configured-layer.ts";
import { ScaleOffset, type ScaleOffsetOptions, scaleOffsetDefaults } from "./scale-offset.ts";

/** Bounds of the corrections of batch renormalization; each may be left out. */
export interface RenormClipping {
  readonly rmin?: number | null;
  readonly rmax?: number | null;
  readonly dmax?: number | null;
}

export interface BatchNormalizationOptions extends ScaleOffsetOptions {
  /** The axis of the channels; default -1. */
  axis?: number;
  /** Of the moving averages; default 0.99. */
  momentum?: number;
  /** Default "zeros". */
  movingMeanInitializer?: InitializerLike;
  /** Default "ones". */
  movingVarianceInitializer?: InitializerLike;
  /** Batch renormalization (Ioffe, 2017): corrects for the difference of batch and moving statistics. Default false. */
  renorm?: boolean;
  renormClipping?: RenormClipping | null;
  /** Default 0.99. */
  renormMomentum?: number;
  /** Statistics over all devices; there is one device. Default false. */
  synchronized?: boolean;
}

const { betaInitializer, gammaInitializer, ...penalties } = scaleOffsetDefaults;
const defaults = {
  axis: -1,
  momentum: 0.99,
  epsilon: 1e-3,
  center: true,
  scale: true,
  betaInitializer,
  gammaInitializer,
  movingMeanInitializer: "zeros" as InitializerLike,
  movingVarianceInitializer: "ones" as InitializerLike,
  ...penalties,
  renorm: false,
  renormClipping: optional<RenormClipping>(),
  renormMomentum: 0.99,
  synchronized: false,
};

interface Statistics {
  readonly center: Tensor;
  readonly variance: Tensor;
}

/**
 * gamma (x - mean) / sqrt(variance + epsilon) + beta (Ioffe and Szegedy, 2015). While training, mean and variance are those of the batch (of the
 * steps that its mask keeps), and moving averages take them in: moving = momentum moving + (1 - momentum) batch; else they are the moving
 * averages. A frozen layer (`trainable = false`) uses the moving averages in training too. Weights: gamma, beta, moving_mean, moving_variance,
 * and with renorm moving_stddev, renorm_mean, renorm_stddev, each [channels].
 *
 * Example: `layers.BatchNormalization()(x)`. Throws ModelError where the number of channels is not known or changes.
 */
export class BatchNormalization extends ScaleOffset<typeof defaults> {
  static readonly className = "BatchNormalization";
  movingMean: Variable | undefined;
  movingVariance: Variable | undefined;
  movingStddev: Variable | undefined;
  renormMean: Variable | undefined;
  renormStddev: Variable | undefined;

  constructor(
    ...args: [
      axis?: number | Options<BatchNormalizationOptions>,
      options?: Options<BatchNormalizationOptions>,
    ]
  ) {
    super(args, defaults);
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    const { rmin, rmax, dmax } = options.renormClipping ?? {};
    if ((rmin ?? 0) > (rmax ?? Number.POSITIVE_INFINITY) || (dmax ?? 0) < 0)
      throw new ModelError("`renorm_clipping` must have rmin <= rmax and dmax >= 0", {
        where: this.where,
        got: JSON.stringify(options.renormClipping),
      });
    return options;
  }

  override build(inputShape: KerasShape): void {
    const shape = [this.fixedAxis(inputShape, this.options.axis)];
    this.makeScaleAndOffset(shape);
    const still = { trainable: false };
    this.movingMean = this.weightFor("movingMean", shape, still);
    this.movingVariance = this.weightFor("movingVariance", shape, still);
    if (!this.options.renorm) return;
    const initializer = rootOf(this.options.movingVarianceInitializer);
    this.movingStddev = this.weightFor("movingStddev", shape, { ...still, initializer });
    this.renormMean = this.weightFor("movingMean", shape, { ...still, name: "renorm_mean" });
    this.renormStddev = this.weightFor("renormStddev", shape, { ...still, initializer });
  }

  override call(x: Tensor, { training, mask }: CallOptions): Tensor {
    const { options } = this;
    const [gamma, beta] = [this.gamma?.value ?? null, this.beta?.value ?? null];
    if (!training || !this.trainable) {
      const moving = {
        center: this.made(this.movingMean).value,
        variance: this.made(this.movingVariance).value,
      };
      return this.normalize(x, moving, gamma, beta);
    }
    const batch = this.statistics(x, mask as TensorLike | null | undefined);
    if (options.renorm) return this.renormalize(x, batch, gamma, beta);
    follow(this.made(this.movingMean), batch.center, options.momentum);
    follow(this.made(this.movingVariance), batch.variance, options.momentum);
    return this.normalize(x, batch, gamma, beta);
  }

  private normalize(
    x: Tensor,
    { center, variance }: Statistics,
    scale: Tensor | null,
    offset: Tensor | null,
  ): Tensor {
    const { axis, epsilon } = this.options;
    return batchNormalization(x, center, variance, { axis, offset, scale, epsilon });
  }

  /** Mean and variance of each channel; with a mask [n, ...] of all axes but the last, over what it keeps. */
  private statistics(x: Tensor, mask: TensorLike | null | undefined): Statistics {
    const axis = normalizeAxis(this.options.axis, x.rank);
    const others = x.shape.flatMap((_, i) => (i === axis ? [] : [i]));
    if (mask === null || mask === undefined)
      return { center: mean(x, others, false), variance: varianceOf(x, others, false) };
    const steps = asTensor(mask);
    if (steps.rank !== x.rank - 1)
      throw new ModelError("a mask has one axis less than the inputs", {
        where: this.where,
        got: `${steps} for ${x}`,
      });
    const kept = cast(setShape(steps, [...steps.shape, 1]), "bool");
    const weights = broadcastTo(cast(kept, x.dtype), x.shape);
    const count = elementwise("add", [sum(weights, others, true), session.epsilon]);
    const center = divide(sum(select(kept, x, 0), others, true), count);
    const off = select(kept, elementwise("sub", [x, center]), 0);
    const variance = divide(sum(elementwise("mul", [off, off]), others, true), count);
    const flat = [x.shape[axis]];
    return { center: setShape(center, flat), variance: setShape(variance, flat) };
  }

  /** Batch renormalization: gamma and beta take in the constants r and d, which lead from batch to moving statistics. */
  private renormalize(x: Tensor, batch: Statistics, gamma: Tensor | null, beta: Tensor | null): Tensor {
    const { epsilon, renormMomentum, momentum } = this.options;
    const [meanVariable, stddevVariable] = [this.made(this.renormMean), this.made(this.renormStddev)];
    const stddev = elementwise("sqrt", [elementwise("add", [batch.variance, epsilon])]);
    const { r, d } = this.corrections(batch.center, stddev, meanVariable.value, stddevVariable.value);
    const scale = gamma === null ? r : elementwise("mul", [r, gamma]);
    const shifted = gamma === null ? d : elementwise("mul", [d, gamma]);
    const offset = beta === null ? shifted : elementwise("add", [shifted, beta]);
    follow(meanVariable, batch.center, renormMomentum);
    follow(stddevVariable, stddev, renormMomentum);
    follow(this.made(this.movingMean), batch.center, momentum);
    const moving = follow(this.made(this.movingStddev), stddev, momentum);
    const variance = elementwise("sub", [elementwise("mul", [moving, moving]), epsilon]);
    this.made(this.movingVariance).assign(elementwise("max", [variance, 0]));
    return this.normalize(x, batch, scale, offset);
  }

  private corrections(center: Tensor, stddev: Tensor, renormMean: Tensor, renormStddev: Tensor) {
    const { epsilon, renormClipping } = this.options;
    const { rmin, rmax, dmax } = renormClipping ?? {};
    const scale = elementwise("max", [renormStddev, Math.sqrt(epsilon)]);
    const clip = (value: Tensor, low?: number | null, high?: number | null): Tensor => {
      const above = low === null || low === undefined ? value : elementwise("max", [value, low]);
      return high === null || high === undefined ? above : elementwise("min", [above, high]);
    };
    const r = clip(elementwise("div", [stddev, scale]), rmin, rmax);
    const low = dmax === null || dmax === undefined ? null : -dmax;
    const d = clip(elementwise("div", [elementwise("sub", [center, renormMean]), scale]), low, dmax);
    return { r: stopGradient(r), d: stopGradient(d) };
  }
}

/** moving = momentum moving + (1 - momentum) value; returns it. */
function follow(moving: Variable, value: Tensor, momentum: number): Tensor {
  const kept = elementwise("mul", [moving.value, momentum]);
  const next = elementwise("add", [kept, elementwise("mul", [value, 1 - momentum])]);
  moving.assign(next);
  return next;
}

/** An initializer of standard deviations, from one of variances. */
function rootOf(initializer: InitializerLike): InitializerFunction {
  return (shape) => {
    const { dtype, data } = initialize(initializer as never, shape, "f32");
    return { dtype, shape, data: Float32Array.from([...data].map(Number), Math.sqrt) };
  };
}
