/**
 * What normalizations share: a scale and an offset, each optional, that are learned: gamma and beta.
 */
import { normalizeAxis } from "../../../../ir/type.ts";
import type { Tensor } from "../../../tensor.ts";
import type { ConstraintLike } from "../../constraints.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import type { RegularizerLike } from "../../regularizers.ts";
import { type KerasShape, knownDim } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";

export interface ScaleOffsetOptions extends LayerOptions {
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
  /** Adds beta; default true. */
  center?: boolean;
  /** Multiplies by gamma; default true. */
  scale?: boolean;
  /** Default "zeros". */
  betaInitializer?: InitializerLike;
  /** Default "ones". */
  gammaInitializer?: InitializerLike;
  betaRegularizer?: RegularizerLike;
  gammaRegularizer?: RegularizerLike;
  betaConstraint?: ConstraintLike;
  gammaConstraint?: ConstraintLike;
}

/** Their defaults but for the options that come first. */
export const scaleOffsetDefaults = {
  betaInitializer: "zeros" as InitializerLike,
  gammaInitializer: "ones" as InitializerLike,
  betaRegularizer: null as RegularizerLike,
  gammaRegularizer: null as RegularizerLike,
  betaConstraint: null as ConstraintLike,
  gammaConstraint: null as ConstraintLike,
};

type Required = typeof scaleOffsetDefaults & { readonly center: boolean; readonly scale: boolean };

export abstract class ScaleOffset<O extends Required> extends ConfiguredLayer<O, Tensor> {
  protected override autocast = false;
  gamma: Variable | undefined;
  beta: Variable | undefined;

  constructor(args: readonly unknown[], defaults: O) {
    super(args, defaults);
    this.supportsMasking = true;
  }

  /** Makes gamma and beta of a shape, as far as the options want them. */
  protected makeScaleAndOffset(shape: readonly number[]): void {
    if (this.options.scale) this.gamma = this.weightFor("gamma", shape);
    if (this.options.center) this.beta = this.weightFor("beta", shape);
  }

  /** The size of an axis; inputs must keep it. */
  protected fixedAxis(inputShape: KerasShape, axis: number): number {
    const size = knownDim(inputShape.at(axis), this.where, axis);
    this.inputSpec = [{ ndim: inputShape.length, axes: { [axis]: size } }];
    return size;
  }
}

/** Axes in the order in which they lie in a tensor of the given rank, spelled as they were given. */
export const inOrder = (axes: number | readonly number[], rank: number): readonly number[] =>
  typeof axes === "number"
    ? [axes]
    : [...axes].sort((a, b) => normalizeAxis(a, rank) - normalizeAxis(b, rank));
