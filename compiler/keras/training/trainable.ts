/**
 * What training needs of a model. Models implement it; nothing here knows how they are made.
 */
import type { TensorType } from "../../../ir/type.ts";
import type { Tensor } from "../../tensor.ts";
import type { Nest } from "../nest.ts";
import type { Variable } from "../variable.ts";

/** One input of a model with what the user gave for it. */
export interface BoundInput<T> {
  readonly name: string;
  readonly value: T;
  /** What the model wants; undefined for models that take what comes. */
  readonly type: TensorType | undefined;
}

export interface Trainable {
  readonly name: string;
  readonly variables: readonly Variable[];
  readonly weights: readonly Variable[];
  readonly trainableWeights: readonly Variable[];
  /** Names of the outputs where the model knows them. */
  readonly outputNames: readonly string[] | undefined;
  /** The data of each input, in the order of `callFlat`. Throws ModelError where the structure does not fit. */
  bindInputs<T>(x: Nest<T>): readonly BoundInput<T>[];
  /** Calls the model on the tensors of its inputs; `structure` is what the user gave. */
  callFlat(inputs: readonly Tensor[], structure: Nest<unknown>, training: boolean): Nest<Tensor>;
}
