/**
 * HDF5 files of the layout before Keras 3: whole models (`model.save("name.h5")`) and weights alone. Read into plain values and written so that
 * Keras 1 to 3 find their way.
 *
 * The configuration is text in attributes of the root. Weights lie in `model_weights` (weights alone: in the root) by layer: the attribute
 * `layer_names` lists the groups, `weight_names` of each group its arrays, in the order in which they are loaded. A list longer than the 64 kB of an
 * attribute is split over `weight_names0`, `weight_names1`, …. Nothing here knows layers.
 */
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { Hdf5Attribute, Hdf5Attributes, Hdf5Dataset, Hdf5File } from "./hdf5/model.ts";
import { writeHdf5 } from "./hdf5/write.ts";
import { type JsonValue, parseJson, printJson } from "./json.ts";

export interface NamedArray {
  /** "dense/kernel:0". */
  readonly name: string;
  readonly array: NDArray;
}

export interface LegacyLayer {
  readonly name: string;
  readonly weights: readonly NamedArray[];
}

export interface LegacyWeights {
  /** "1" where the file does not say: the first versions did not. */
  readonly kerasVersion: string;
  /** "tensorflow", "theano", "cntk", "jax", "torch"; undefined where the file does not say. */
  readonly backend: string | undefined;
  /** In the order of the model, layers without weights included. */
  readonly layers: readonly LegacyLayer[];
  /** Those that belong to the model itself. */
  readonly topLevel: readonly NamedArray[];
}

export interface LegacyModel extends LegacyWeights {
  /** Undefined in files that hold weights alone. */
  readonly config: JsonValue | undefined;
  /** How the model was compiled. */
  readonly training: JsonValue | undefined;
  /** Undefined where the optimizer was not saved. */
  readonly optimizer: readonly NamedArray[] | undefined;
}

const weightsGroup = "model_weights";
const optimizerGroup = "optimizer_weights";
const topLevelGroup = "top_level_model_weights";
/** Keras's limit on what goes into one attribute. */
const attributeLimit = 64_512;

/** Whether the file has this layout. */
export const isLegacy = ({ groups }: Hdf5File): boolean =>
  groups.has(weightsGroup) ||
  attributeNames(groups.get("")).some((name) => /^layer_names0?$|^model_config$/.test(name));

const attributeNames = (attributes: Hdf5Attributes | undefined): string[] => [...(attributes?.keys() ?? [])];

/** Reads a file of this layout; `file` is what errors call it. Throws ModelError where names and arrays disagree. */
export function readLegacy(content: Hdf5File, file: string): LegacyModel {
  const reader = new LegacyReader(content, file);
  const root = content.groups.has(weightsGroup) ? weightsGroup : "";
  const names = reader.texts(root, "layer_names");
  return {
    config: reader.json("model_config"),
    training: reader.json("training_config"),
    kerasVersion: reader.text(root, "keras_version") ?? reader.text("", "keras_version") ?? "1",
    backend: reader.text(root, "backend") ?? reader.text("", "backend"),
    layers: names.map((name) => ({ name, weights: reader.arrays(join(root, name)) })),
    topLevel: reader.has(join(root, topLevelGroup)) ? reader.arrays(join(root, topLevelGroup)) : [],
    optimizer: reader.has(optimizerGroup) ? reader.arrays(optimizerGroup) : undefined,
  };
}

const join = (a: string, b: string): string => (a === "" ? b : `${a}/${b}`);

class LegacyReader {
  readonly #content: Hdf5File;
  readonly #file: string;

  constructor(content: Hdf5File, file: string) {
    this.#content = content;
    this.#file = file;
  }

  has(path: string): boolean {
    return this.#content.groups.has(path);
  }

  text(path: string, name: string): string | undefined {
    const value = this.#content.groups.get(path)?.get(name);
    return typeof value === "string" ? value : undefined;
  }

  json(name: string): JsonValue | undefined {
    const text = this.text("", name);
    return text === undefined ? undefined : parseJson(text, `${this.#file}, ${name}`, { pythonFloats: true });
  }

  /** A list in one attribute, or in several. */
  texts(path: string, name: string): readonly string[] {
    const attributes = this.#content.groups.get(path) ?? new Map();
    if (attributes.has(name)) return this.#list(attributes.get(name), path, name);
    const parts: string[] = [];
    for (let i = 0; attributes.has(`${name}${i}`); i++)
      parts.push(...this.#list(attributes.get(`${name}${i}`), path, `${name}${i}`));
    return parts;
  }

  #list(value: Hdf5Attribute | undefined, path: string, name: string): readonly string[] {
    if (typeof value === "string") return [value];
    if (Array.isArray(value)) return value as readonly string[];
    // numpy writes an empty list as no floats.
    if (value !== undefined && "shape" in value && value.shape.includes(0)) return [];
    throw new ModelError("not a list of names", {
      where: `${this.#file}, ${path || "the root"}`,
      expected: name,
    });
  }

  /** The arrays that a group lists. */
  arrays(path: string): NamedArray[] {
    if (!this.has(path))
      throw new ModelError("a layer's group is missing", { where: this.#file, expected: path.slice(0, 200) });
    return this.texts(path, "weight_names").map((name) => {
      const found = this.#content.datasets.get(`${path}/${name}`);
      if (found !== undefined) return { name, array: found.array };
      throw new ModelError("a weight is missing", {
        where: `${this.#file}, ${path.slice(0, 200)}`,
        expected: name.slice(0, 200),
        got: "no such array",
      });
    });
  }
}

/** The bytes of a file that Keras loads. Without `config` it holds weights alone. Throws ModelError for names too long. */
export function writeLegacy(model: LegacyModel): Uint8Array {
  const groups = new Map<string, Hdf5Attributes>();
  const datasets = new Map<string, Hdf5Dataset>();
  const add = (path: string, weights: readonly NamedArray[]): void => {
    groups.set(
      path,
      new Map(
        splitNames(
          "weight_names",
          weights.map(({ name }) => name),
        ),
      ),
    );
    for (const { name, array } of weights) datasets.set(`${path}/${name}`, { array, attributes: new Map() });
  };
  const { config, training, kerasVersion, backend } = model;
  const about: [string, Hdf5Attribute][] = [["keras_version", kerasVersion]];
  if (backend !== undefined) about.push(["backend", backend]);
  const names = splitNames(
    "layer_names",
    model.layers.map(({ name }) => name),
  );
  const root = config === undefined ? "" : weightsGroup;
  groups.set("", new Map(root === "" ? [...names, ...about] : rootAttributes(about, config, training)));
  if (root !== "") groups.set(root, new Map([...names, ...about]));
  for (const { name, weights } of model.layers) add(join(root, name), weights);
  add(join(root, topLevelGroup), model.topLevel);
  if (model.optimizer !== undefined) add(optimizerGroup, model.optimizer);
  return writeHdf5({ groups, datasets });
}

function rootAttributes(
  about: readonly [string, Hdf5Attribute][],
  config: JsonValue | undefined,
  training: JsonValue | undefined,
): [string, Hdf5Attribute][] {
  const texts: [string, Hdf5Attribute][] = [...about];
  if (config !== undefined) texts.push(["model_config", printJson(config)]);
  if (training !== undefined) texts.push(["training_config", printJson(training)]);
  return texts;
}

/** A list of names as attributes, each below the limit: numpy pads all names of a list to the longest. */
function splitNames(attribute: string, names: readonly string[]): [string, readonly string[]][] {
  const sizes = names.map((name) => new TextEncoder().encode(name).length);
  const longest = sizes.reduce((a, b) => Math.max(a, b), 1);
  if (longest > attributeLimit)
    throw new ModelError("a name is too long for HDF5", {
      expected: `${attributeLimit} bytes`,
      got: `${longest}`,
    });
  const most = Math.floor(attributeLimit / longest);
  if (names.length <= most) return [[attribute, names]];
  const parts = Math.ceil(names.length / most);
  const size = Math.ceil(names.length / parts);
  return Array.from({ length: parts }, (_, i) => [`${attribute}${i}`, names.slice(i * size, (i + 1) * size)]);
}
