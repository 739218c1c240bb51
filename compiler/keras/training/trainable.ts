/**
 * What training needs of a model. Models implement it; nothing here knows how they are made.
 */
import type { TensorType } from "../../../ir/type.ts";
import type { Tensor } from "../../tensor.ts";
import type { Nest } from "../nest.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Variable } from "../variable.ts";
import type { ClassLabels } from "./compile-loss.ts";

/** One input of a model with what the user gave for it. */
export interface BoundInput<T> {
  readonly name: string;
  readonly value: T;
  /** What the model wants; undefined for models that take what comes. */
  readonly type: TensorType | undefined;
}

/** A batch as steps get it: tensors in the structures that the user gave. */
export type StepData = readonly [x: Nest<Tensor>, y: Nest<Tensor> | null, sampleWeight: Nest<Tensor> | null];
/** What a step tells: names to numbers; of several numbers under one name, logs show the mean. */
export type StepLogs = { readonly [name: string]: Tensor };

export interface Trainable {
  readonly name: string;
  readonly variables: readonly Variable[];
  readonly weights: readonly Variable[];
  readonly trainableWeights: readonly Variable[];
  /** Names of the outputs where the model knows them. */
  readonly outputNames: readonly string[] | undefined;
  readonly optimizer: Optimizer | undefined;
  /** Outputs whose labels must be numbers of classes; known after the first step. */
  readonly classLabels: readonly ClassLabels[];
  /** The data of each input, in the order of `packInputs`. Throws ModelError where the structure does not fit. */
  bindInputs<T>(x: Nest<T>): readonly BoundInput<T>[];
  /** The tensors of the inputs in a structure that the model takes; `structure` is what the user gave. */
  packInputs(inputs: readonly Tensor[], structure: Nest<unknown>): Nest<Tensor>;
  /** Makes weights that wait for the shapes of the inputs. */
  buildFor(inputs: readonly TensorType[], structure: Nest<unknown>): void;
  /** One step: ordinary code on tensors, that is traced and compiled, or run eagerly. */
  trainStep(data: StepData): StepLogs;
  testStep(data: StepData): StepLogs;
  predictStep(data: StepData): Nest<Tensor>;
}
