/**
 * From what users hand over to what artifacts are made from: a Keras model is traced, with its weights as parameters, or for training
 * with weights and optimizer state as states; a module that was traced already is taken as it is.
 */
import { byteWidth, isFloat } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { Model } from "../keras/models/model.ts";
import { flatten, type Nest } from "../keras/nest.ts";
import { session } from "../keras/session.ts";
import {
  type ArgumentSpec,
  type PartSpec,
  type ProgramSpec,
  stateValues,
  traceModel,
} from "../keras/training/program.ts";
import type { StateLayout } from "../keras/training/state-layout.ts";
import type { Tensor } from "../tensor.ts";
import type { ArtifactSource, Part } from "./source.ts";

export interface ModelOptions {
  /** In place of the model's own name. */
  readonly name?: string;
  /** Also the training step. */
  readonly train?: boolean;
}

/** Throws ModelError for anything that is no model, and for models whose inputs are not known. */
export async function sourceOf(model: unknown, options: ModelOptions = {}): Promise<ArtifactSource> {
  if (isSource(model)) return { ...model, name: options.name ?? model.name };
  if (model instanceof Model) return traceSource(model, options);
  throw new ModelError("not a model", {
    expected: "a Keras model: keras.Sequential, keras.Model",
    got: typeof model,
    hint: "A module must export the model itself; import keras from the package that runs this command",
  });
}

/** A module with the values of its parameters. */
const isSource = (value: unknown): value is ArtifactSource =>
  typeof value === "object" &&
  value !== null &&
  "module" in value &&
  "values" in value &&
  value.values instanceof Map;

async function traceSource(
  model: Model<unknown>,
  { name = model.name, train = false }: ModelOptions,
): Promise<ArtifactSource> {
  const inputs = inputsOf(model);
  // One input is passed by itself, several as a list.
  const structure = inputs.length === 1 ? 0 : inputs.map((_, i) => i);
  const x = { specs: inputs, structure };
  const spec: ProgramSpec = { model, x, y: train ? labelsOf(model) : null, freshMetrics: true };
  const traced = traceModel(spec, train ? "train" : "predict");
  return {
    name,
    module: { funcs: traced.module.funcs.filter((func) => func.name !== "test_step") },
    values: await stateValues(traced.layout),
    parts: partsOf(traced.layout),
    eager: (arrays) => callEagerly(model, structure, arrays),
  };
}

/** Functional and built sequential models know what they take; others say so by being wrapped in one that does. */
function inputsOf(model: Model<unknown>): ArgumentSpec[] {
  const symbolic = "inputs" in model ? (model.inputs as readonly Tensor[]) : undefined;
  const bound =
    symbolic === undefined ? [] : model.bindInputs(symbolic.length === 1 ? symbolic[0] : [...symbolic]);
  const specs = bound.flatMap(({ name, type }): ArgumentSpec[] =>
    type === undefined ? [] : [{ name, ...type }],
  );
  if (specs.length > 0) return specs;
  throw new ModelError("the shapes of the inputs are not known", {
    where: `model "${model.name}"`,
    hint: "Give it inputs: const x = keras.Input(shape); keras.Model(x, model(x))",
  });
}

/** What the training step takes beside the inputs. */
function labelsOf(model: Model<unknown>): PartSpec {
  if (model.optimizer === undefined) {
    throw new ModelError("the model is not compiled, so it has no training step", {
      where: `model "${model.name}"`,
      hint: "Call model.compile({ optimizer, loss }) before, or leave --train out",
    });
  }
  const { loss } = model.getCompileConfig();
  const outputs = "outputs" in model ? (model.outputs as readonly Tensor[]) : [];
  const specs = outputs.map((output, i) => labelSpec(output, i, loss));
  return { specs, structure: specs.length === 1 ? 0 : specs.map((_, i) => i) };
}

/** Labels look like the output, but for losses that take the number of the class. */
function labelSpec({ dtype, shape }: Tensor, i: number, loss: unknown): ArgumentSpec {
  const name = i === 0 ? "y" : `y_${i}`;
  const own = Array.isArray(loss) ? loss[i] : loss;
  const isSparse = /sparse/i.test(JSON.stringify(own ?? ""));
  return isSparse
    ? { name, dtype: "i32", shape: shape.slice(0, -1) }
    : { name, dtype: isFloat(dtype) ? dtype : "f32", shape };
}

/** The variables in each slab. */
function partsOf({ slabs }: StateLayout): ReadonlyMap<string, readonly Part[]> {
  return new Map(
    slabs.map(({ path, dtype, variables, offsets }) => [
      path,
      variables.map((variable, i) => ({
        name: variable.path,
        shape: variable.shape,
        offset: offsets[i] * byteWidth(dtype),
      })),
    ]),
  );
}

async function callEagerly(
  model: Model<unknown>,
  structure: Nest<unknown>,
  arrays: readonly NDArray[],
): Promise<readonly NDArray[]> {
  const { eager } = session.backend();
  const tensors = arrays.map((array) => eager.constant(array));
  const results = model.predictStep([model.packInputs(tensors, structure), null, null]);
  return Promise.all(flatten<Tensor>(results).map((tensor) => tensor.array()));
}
