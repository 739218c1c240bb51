/**
 * Options of layers with a kernel and a bias: how the two begin, what they cost, what they must be.
 */
import type { ActivationLike } from "../../activations.ts";
import type { ConstraintLike } from "../../constraints.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import type { RegularizerLike } from "../../regularizers.ts";
import type { LayerOptions } from "../layer.ts";

export interface BiasOptions extends LayerOptions {
  /** What is done with the result; default null: nothing. */
  activation?: ActivationLike;
  /** Adds a bias; default true. */
  useBias?: boolean;
  /** Default "zeros". */
  biasInitializer?: InitializerLike;
  biasRegularizer?: RegularizerLike;
  biasConstraint?: ConstraintLike;
}

export interface KernelOptions extends BiasOptions {
  /** Default "glorot_uniform". */
  kernelInitializer?: InitializerLike;
  kernelRegularizer?: RegularizerLike;
  kernelConstraint?: ConstraintLike;
}

/** Defaults of `KernelOptions`, in Keras's order. */
export const kernelDefaults = {
  activation: null as ActivationLike,
  useBias: true,
  kernelInitializer: "glorot_uniform" as InitializerLike,
  biasInitializer: "zeros" as InitializerLike,
  kernelRegularizer: null as RegularizerLike,
  biasRegularizer: null as RegularizerLike,
  kernelConstraint: null as ConstraintLike,
  biasConstraint: null as ConstraintLike,
};
