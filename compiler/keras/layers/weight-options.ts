/** What `addWeight` takes. */
import type { ConstraintLike } from "../constraints.ts";
import type { InitializerLike } from "../initializers/index.ts";
import type { RegularizerLike } from "../regularizers.ts";

export interface WeightOptions {
  /** Default "variable". */
  name?: string;
  /** All sizes must be known. */
  shape: readonly (number | null | undefined)[];
  /** Default "glorot_uniform" for floats, "zeros" for others. */
  initializer?: InitializerLike;
  dtype?: string;
  /** Default true. */
  trainable?: boolean;
  regularizer?: RegularizerLike;
  constraint?: ConstraintLike;
  /** Whether it is read in the dtype that the layer computes in; default true. */
  autocast?: boolean;
}
