/**
 * `.keras` archives and `.weights.h5` files: read into plain values, and written so that the real Keras 3 loads them.
 *
 * An archive is a zip of `metadata.json`, `config.json`, `model.weights.h5` and, for a few layers, `assets/`. The
 * weights file mirrors the model's attributes: the variables of a layer lie in `<path>/vars/0`, `1`, …, where the path
 * is `layers/<class name in snake case>`, numbered per class (`layers/conv2d_1`), then nested attributes
 * (`layers/bidirectional/forward_layer/cell`); the optimizer's in `optimizer/vars`. Every such `vars` group, also an
 * empty one, carries the layer's own name. Nothing here knows layers: which path belongs to which layer is for the
 * Keras surface to say; nothing in a file is looked up anywhere or run.
 */
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { Hdf5Attributes, Hdf5Dataset, Hdf5File } from "./hdf5/model.ts";
import { writeHdf5 } from "./hdf5/write.ts";
import { readHdf5 } from "./hdf5.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseJson, printJson } from "./json.ts";
import { openZip, writeZip, type ZipMember } from "./zip.ts";

export interface KerasMetadata {
  /** The version of Keras that wrote the file, "3.15.1". */
  readonly keras_version: string;
  /** Local time as "2026-01-31@23:59:00"; empty when the file does not say. */
  readonly date_saved: string;
}

/** The variables of a model and its optimizer, by their path in `model.weights.h5`. */
export interface WeightsTree {
  /** `layers/conv2d/vars/0` -> kernel. */
  readonly arrays: ReadonlyMap<string, NDArray>;
  /** `layers/conv2d/vars` -> the name of that layer, or undefined; also of layers without variables. */
  readonly names: ReadonlyMap<string, string | undefined>;
}

export interface KerasArchive {
  readonly metadata: KerasMetadata;
  /** The parsed config.json. NaN and infinite numbers are kept. */
  readonly config: JsonValue;
  readonly weights: WeightsTree;
  /** Files below `assets/` (vocabularies), by path without that prefix. */
  readonly assets?: ReadonlyMap<string, Uint8Array>;
}

const weightsFile = "model.weights.h5";
const assetsFolder = "assets/";
/** 32 MB of text: ten times what a thousand layers take. */
const maxConfig = 32 * 10 ** 6;

/**
 * Reads a `.keras` file; `file` is what errors call it. Rejects with ModelError. Memory: at most
 * twice the file and 192 MiB on top of it, whatever the file says.
 */
export async function readKeras(bytes: Uint8Array, file = ".keras file"): Promise<KerasArchive> {
  const members = openZip(bytes, { file });
  const metadata = readMetadata(member(members, "metadata.json", file), file);
  const config = readJson(member(members, "config.json", file), `${file}, config.json`);
  if (!members.has(weightsFile) && members.has("model.weights.npz")) {
    throw new ModelError("weights in npz format are not read", { where: file, expected: weightsFile });
  }
  const weights = await readWeights(member(members, weightsFile, file).read(), `${file}, ${weightsFile}`);
  const assets = [...members.values()].filter(({ name }) => name.startsWith(assetsFolder));
  if (assets.length === 0) return { metadata, config, weights };
  const files = assets.map((asset) => [asset.name.slice(assetsFolder.length), asset.read().slice()] as const);
  return { metadata, config, weights, assets: new Map(files) };
}

function member(members: ReadonlyMap<string, ZipMember>, name: string, file: string): ZipMember {
  const found = members.get(name);
  if (found !== undefined) return found;
  const got = [...members.keys()].slice(0, 8).join(", ");
  const hint = "Save the model with model.save('name.keras') of Keras 3";
  throw new ModelError(`no ${name} in the archive`, {
    where: file,
    expected: name,
    got: got || "nothing",
    hint,
  });
}

function readJson(found: ZipMember, where: string): JsonValue {
  if (found.size > maxConfig) {
    throw new ModelError("absurdly large", {
      where,
      expected: `at most ${maxConfig} bytes`,
      got: `${found.size}`,
    });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(found.read());
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError("not text", { where, expected: "UTF-8" });
  }
  return parseJson(text, where, { pythonFloats: true });
}

function readMetadata(found: ZipMember, file: string): KerasMetadata {
  const where = `${file}, metadata.json`;
  const value = readJson(found, where);
  const { keras_version, date_saved = "" }: JsonObject = isJsonObject(value) ? value : {};
  if (typeof keras_version === "string" && typeof date_saved === "string")
    return { keras_version, date_saved };
  throw new ModelError("not Keras metadata", { where, expected: "keras_version and date_saved as texts" });
}

/**
 * The bytes of a `.keras` file that Keras 3 loads, the same for the same archive: members stored uncompressed, dates
 * fixed. Rejects with ModelError.
 */
export async function writeKeras(archive: KerasArchive): Promise<Uint8Array> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const { keras_version, date_saved } = archive.metadata;
  const members = new Map<string, Uint8Array>([
    ["metadata.json", encode(printJson({ keras_version, date_saved }))],
    ["config.json", encode(printJson(archive.config))],
    [weightsFile, await writeWeights(archive.weights)],
  ]);
  for (const [name, content] of archive.assets ?? []) members.set(assetsFolder + name, content);
  return writeZip(members);
}

/** Whether a path is that of a group of variables: its last part is `vars`. */
const isVariables = (path: string): boolean => path === "vars" || path.endsWith("/vars");

/** Reads a `.weights.h5` file of Keras 3; `file` is what errors call it. Rejects with ModelError. */
export async function readWeights(bytes: Uint8Array, file = ".weights.h5 file"): Promise<WeightsTree> {
  return weightsTree(readHdf5(bytes, { file }), file);
}

/** The variables in an HDF5 file of Keras 3. Throws ModelError for files of another layout. */
export function weightsTree(content: Hdf5File, file: string): WeightsTree {
  const arrays = new Map<string, NDArray>();
  for (const [path, { array }] of content.datasets) {
    if (!`/${path}`.includes("/vars/")) {
      const got = JSON.stringify(path.slice(0, 100));
      throw new ModelError("not a weights file of Keras 3", {
        where: file,
        expected: "arrays below vars/",
        got,
      });
    }
    arrays.set(path, array);
  }
  const names = new Map<string, string | undefined>();
  for (const [path, attributes] of content.groups) {
    const name = attributes.get("name");
    if (isVariables(path)) names.set(path, typeof name === "string" ? name : undefined);
  }
  return { arrays, names };
}

/** The bytes of a `.weights.h5` file that Keras 3 loads. Rejects with ModelError. */
export async function writeWeights(weights: WeightsTree): Promise<Uint8Array> {
  const groups = new Map<string, Hdf5Attributes>();
  for (const [path, name] of weights.names) {
    if (!isVariables(path))
      throw new ModelError("not a group of variables", { where: path, expected: ".../vars" });
    groups.set(path, new Map(name === undefined ? [] : [["name", name]]));
  }
  const datasets = new Map<string, Hdf5Dataset>();
  for (const [path, array] of weights.arrays) {
    if (!`/${path}`.includes("/vars/")) {
      throw new ModelError("not the path of a variable", { where: path, expected: ".../vars/0" });
    }
    datasets.set(path, { array, attributes: new Map() });
  }
  const content: Hdf5File = { groups, datasets };
  return writeHdf5(content);
}

/**
 * The variables at `path` (`layers/dense`, `optimizer`, or "" for the model's own), in their order: `vars/0`, `vars/1`,
 * …; empty when there are none. Throws ModelError when a number is missing or a key is no number.
 */
export function variablesAt(weights: WeightsTree, path: string): NDArray[] {
  const prefix = path === "" ? "vars/" : `${path}/vars/`;
  const keys = [...weights.arrays.keys()].filter((key) => key.startsWith(prefix));
  return keys.map((_, i) => {
    const array = weights.arrays.get(`${prefix}${i}`);
    if (array !== undefined) return array;
    const got = keys.slice(0, 8).join(", ");
    throw new ModelError("a variable is missing", { where: path, expected: `${prefix}${i}`, got });
  });
}
