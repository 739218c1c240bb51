/**
 * The weights of a file of the layout before Keras 3, into a model: layer by layer in the order of the model (names need not agree), or by name. All
 * is checked before anything is changed.
 */
import { ModelError } from "../../../../ir/errors.ts";
import type { NDArray } from "../../../../ir/ndarray.ts";
import type { LegacyLayer, LegacyModel, LegacyWeights, NamedArray } from "../../../formats/legacy-h5.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Optimizer } from "../../optimizers/optimizer.ts";
import { printKerasShape } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import type { SavedModel } from "../paths.ts";
import { convertWeights, legacyWeights, type Origin } from "./convert-weights.ts";

export interface LegacyWeightOptions {
  /** Takes only layers whose names agree; default false, all in their order. */
  readonly byName?: boolean;
  /** Leaves out weights of other shapes; default false, an error. */
  readonly skipMismatch?: boolean;
}

/** A value to be given to a variable. */
interface Assignment {
  readonly variable: Variable;
  readonly value: NDArray;
}

export const originOf = ({ kerasVersion, backend }: LegacyWeights): Origin => ({
  version: Number.parseInt(kerasVersion, 10) || 1,
  backend,
});

/** Puts the weights into the model, all or none. Throws ModelError where counts or shapes differ. */
export function applyLegacyWeights(
  model: SavedModel,
  weights: LegacyWeights,
  file: string,
  options: LegacyWeightOptions = {},
): void {
  if (!model.built) {
    throw new ModelError("Unable to load weights saved in HDF5 format into a model that has no weights yet", {
      where: `model "${model.name}"`,
      hint: "Build it first: call it on data, or model.build(shape)",
    });
  }
  const pairs = options.byName ? pairByName(model, weights.layers) : pairInOrder(model, weights.layers, file);
  const assignments = pairs.flatMap(({ layer, saved }, i) =>
    assignLayer(layer, saved, {
      where: `${file}, layer #${i} (named ${layer.name})`,
      origin: originOf(weights),
      options,
    }),
  );
  const own = model.ownWeights;
  if (weights.topLevel.length !== own.length && weights.topLevel.length > 0) {
    throw new ModelError("Weight count mismatch for top-level weights", {
      where: file,
      expected: `${own.length} top-level weight(s)`,
      got: `Received ${weights.topLevel.length} saved top-level weight(s)`,
    });
  }
  if (weights.topLevel.length > 0)
    assignments.push(
      ...matched(
        own,
        weights.topLevel.map(({ array }) => array),
        `${file}, the model itself`,
        options,
      ),
    );
  for (const { variable, value } of assignments) variable.setArray(value);
}

interface Pair {
  readonly layer: Layer<unknown>;
  readonly saved: LegacyLayer;
}

function pairInOrder(model: SavedModel, saved: readonly LegacyLayer[], file: string): Pair[] {
  const layers = model.layers.filter((layer) => layer.weights.length > 0);
  const full = saved.filter(({ weights }) => weights.length > 0);
  if (layers.length === full.length) return layers.map((layer, i) => ({ layer, saved: full[i] }));
  throw new ModelError("Layer count mismatch when loading weights from file", {
    where: file,
    expected: `${layers.length} layers`,
    got: `found ${full.length} saved layers`,
  });
}

function pairByName(model: SavedModel, saved: readonly LegacyLayer[]): Pair[] {
  return saved.flatMap((layer) =>
    model.layers.filter(({ name }) => name === layer.name).map((own) => ({ layer: own, saved: layer })),
  );
}

interface Place {
  readonly where: string;
  readonly origin: Origin;
  readonly options: LegacyWeightOptions;
}

function assignLayer(
  layer: Layer<unknown>,
  saved: LegacyLayer,
  { where, origin, options }: Place,
): Assignment[] {
  const arrays = saved.weights.map(({ array }) => array);
  const variables = legacyWeights(layer);
  const converted = convertWeights(layer, arrays, origin);
  if (converted.length === variables.length) return matched(variables, converted, where, options);
  if (options.byName && options.skipMismatch) return [];
  throw new ModelError("Weight count mismatch", {
    where: `${where}, ${saved.name} in the save file`,
    expected: `${variables.length} weight(s)`,
    got: `Received ${converted.length} saved weight(s)`,
  });
}

function matched(
  variables: readonly Variable[],
  values: readonly NDArray[],
  where: string,
  { skipMismatch = false }: LegacyWeightOptions,
): Assignment[] {
  return variables.flatMap((variable, i): Assignment[] => {
    const value = values[i];
    if (printKerasShape(variable.shape) === printKerasShape(value.shape)) return [{ variable, value }];
    if (skipMismatch) return [];
    throw new ModelError(`Shape mismatch for weight ${variable.path}`, {
      where,
      expected: `shape ${printKerasShape(variable.shape)}`,
      got: `Received saved weight with shape ${printKerasShape(value.shape)}`,
    });
  });
}

/**
 * The state of the optimizer. Keras 3 writes its variables in order; what other versions wrote fits where the names of slots tell which is which,
 * else the optimizer begins afresh, as in Keras. Returns whether it was restored.
 */
export function applyOptimizer(
  optimizer: Optimizer,
  weights: readonly Variable[],
  saved: LegacyModel["optimizer"],
): boolean {
  if (saved === undefined) return false;
  optimizer.build(weights);
  const variables = optimizer.variables;
  const values = saved.length === variables.length ? saved : withoutRate(optimizer, saved);
  const fits =
    values.length === variables.length &&
    variables.every(({ shape }, i) => printKerasShape(shape) === printKerasShape(values[i].array.shape));
  if (fits) variables.forEach((variable, i) => variable.setArray(values[i].array));
  return fits;
}

/** Before Keras 3 the learning rate was no variable: it stays what the configuration says. */
function withoutRate(optimizer: Optimizer, saved: readonly NamedArray[]): readonly NamedArray[] {
  const [iteration, rate, ...slots] = optimizer.variables;
  const [first, ...rest] = saved;
  if (
    rate?.name !== "learning_rate" ||
    rest.length !== slots.length ||
    first === undefined ||
    iteration === undefined
  )
    return [];
  return [first, { name: "learning_rate", array: rate.arraySync() }, ...rest];
}
