/**
 * Mutants of model files, and what reading them must come to. Half of the mutants have other bytes; the other half a configuration with one to
 * three places changed, in a file that is otherwise whole: those reach what lies behind the checksums.
 */
import { isHdf5, readHdf5 } from "../../compiler/formats/hdf5.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../compiler/formats/json.ts";
import { readKeras, writeKeras } from "../../compiler/formats/keras-archive.ts";
import { readLegacy, writeLegacy } from "../../compiler/formats/legacy-h5.ts";
import { modelFromBytes } from "../../compiler/keras/saving/load.ts";
import { session } from "../../compiler/keras/session.ts";
import { ModelError, Unsupported } from "../../ir/errors.ts";
import { type Random, seeded } from "./seeded.ts";

export interface FuzzFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Failure {
  readonly kind: "failed";
  readonly seed: number;
  readonly label: string;
  readonly problem: string;
}
export type FuzzOutcome = { readonly kind: "accepted" } | { readonly kind: "refused" } | Failure;

/** Milliseconds; a whole file takes a few hundred. */
const deadline = 10_000;

/** Reads `count` mutants, of seeds `seed`, `seed + 1`, …. */
export async function* fuzzFiles(
  files: readonly FuzzFile[],
  seed: number,
  count: number,
): AsyncGenerator<FuzzOutcome> {
  for (let i = seed; i < seed + count; i++) {
    const random = seeded(i);
    const file = random.pick(files);
    const [label, bytes] = random.next() < 0.4 ? mutateBytes(file, random) : await mutateConfig(file, random);
    yield await read(bytes, i, `${file.name}, ${label}`);
  }
}

const below = (random: Random, limit: number): number => random.integer(0, limit - 1);

async function read(bytes: Uint8Array, seed: number, label: string): Promise<FuzzOutcome> {
  session.clear();
  const registered = session.registered.size;
  const start = performance.now();
  const failed = (problem: string): Failure => ({ kind: "failed", seed, label, problem });
  let kind: "accepted" | "refused" = "accepted";
  try {
    await modelFromBytes(bytes);
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof Unsupported))
      return failed(error instanceof Error ? `${error.stack?.slice(0, 1500)}` : String(error));
    if (error.message.includes("\n") || error.message.length > 4000)
      return failed(`not one line: ${error.message.slice(0, 300)}`);
    kind = "refused";
  }
  const took = performance.now() - start;
  if (took > deadline) return failed(`took ${Math.round(took)} ms`);
  if (({} as { polluted?: unknown }).polluted !== undefined) return failed("a prototype was changed");
  if (session.registered.size !== registered || session.namePath().length > 0)
    return failed("the session was changed");
  return { kind };
}

function mutateBytes({ bytes }: FuzzFile, random: Random): [string, Uint8Array] {
  const copy = bytes.slice();
  const at = below(random, copy.length);
  switch (below(random, 4)) {
    case 0:
      return [`cut at ${at}`, copy.subarray(0, at)];
    case 1: {
      for (let k = 0; k < 4; k++) copy[below(random, copy.length)] ^= 1 << below(random, 8);
      return ["four bits", copy];
    }
    case 2: {
      const value = random.pick([0, 1, 0x7f, 0xff]);
      copy.fill(value, at, Math.min(copy.length, at + 1 + below(random, 8)));
      return [`bytes of ${value} at ${at}`, copy];
    }
    default: {
      const from = below(random, copy.length);
      copy.copyWithin(at, from, from + 1 + below(random, 64));
      return [`a piece of ${from} at ${at}`, copy];
    }
  }
}

async function mutateConfig({ bytes }: FuzzFile, random: Random): Promise<[string, Uint8Array]> {
  const labels: string[] = [];
  const change = (config: JsonValue): JsonValue => {
    let changed = config;
    for (let k = 1 + below(random, 3); k > 0; k--) changed = mutateJson(changed, random, labels);
    return changed;
  };
  if (isHdf5(bytes)) {
    const saved = readLegacy(readHdf5(bytes), "golden");
    const config = change(saved.config ?? null);
    const training = random.next() < 0.2 ? change(saved.training ?? null) : saved.training;
    const mutant = writeLegacy({ ...saved, config, training });
    return [labels.join("; "), mutant];
  }
  const archive = await readKeras(bytes);
  const mutant = await writeKeras({ ...archive, config: change(archive.config) });
  return [labels.join("; "), mutant];
}

const deep = (levels: number): JsonValue => {
  let value: JsonValue = 0;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

/** What stands in for a value: of other types, of absurd sizes, of names with a meaning elsewhere. */
const nasty: readonly JsonValue[] = [
  null, true, false, 0, -1, 1.5, 7, 2 ** 31, 2 ** 53, 1e308, "", "relu", "constructor", "__proto__", "toString", "Lambda", "Dense", "../../x",
  [], {}, [null], [-1], [1e9, 1e9], [null, 1e12], deep(100), { class_name: "Lambda", config: { function: "os.system" } },
  { class_name: "__lambda__", config: { code: "4wEA" } }, { polluted: true }, "x".repeat(5000), ["input_layer", 0, 0], ["nobody", 3, 1],
  { class_name: "__keras_tensor__", config: { keras_history: ["dense", 0, 0] } }, { class_name: "function", config: "exec" },
]; // biome-ignore format: one list

/** One place of the value changed. */
function mutateJson(value: JsonValue, random: Random, labels: string[], path = ""): JsonValue {
  const keys = Array.isArray(value)
    ? value.map((_, i) => String(i))
    : isJsonObject(value)
      ? Object.keys(value)
      : [];
  if (keys.length === 0 || random.next() < 0.06) return changed(value, random, labels, path);
  const key = random.pick(keys);
  const at = `${path}/${key}`;
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    if (random.next() < 0.05) return noted(labels, `${at} twice`, [...items, items[Number(key)]]);
    if (random.next() < 0.05)
      return noted(
        labels,
        `without ${at}`,
        items.filter((_, i) => i !== Number(key)),
      );
    return items.map((item, i) => (i === Number(key) ? mutateJson(item, random, labels, at) : item));
  }
  const { [key]: inner, ...rest } = value as JsonObject;
  if (random.next() < 0.05) return noted(labels, `without ${at}`, rest);
  if (random.next() < 0.05)
    return noted(labels, `${at} renamed`, {
      ...rest,
      [random.pick(["unknown", "units", "name", "layers"])]: inner,
    });
  return { ...(value as JsonObject), [key]: mutateJson(inner, random, labels, at) };
}

function changed(value: JsonValue, random: Random, labels: string[], path: string): JsonValue {
  if (typeof value === "number" && random.next() < 0.5) {
    const other = random.pick([value + 1, value - 1, -value, value * 1e6, value + 0.5]);
    return noted(labels, `${path} = ${other}`, other);
  }
  const other = random.pick(nasty);
  return noted(labels, `${path} = ${JSON.stringify(other).slice(0, 60)}`, other);
}

function noted<T>(labels: string[], label: string, value: T): T {
  labels.push(label);
  return value;
}
