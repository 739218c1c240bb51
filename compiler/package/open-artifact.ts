/**
 * Reads an artifact's `manifest.json` back. The file may come from anywhere: what is used of it is checked, and paths stay inside the
 * folder.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { dtypeNames } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "../formats/json.ts";
import { type ArtifactManifest, fingerprint, manifestFile } from "./artifact-manifest.ts";
import { targetNames } from "./source.ts";

export interface Artifact {
  readonly folder: string;
  readonly manifest: ArtifactManifest;
}

/** Whether a path is a folder with a manifest. */
export const isArtifact = (path: string): boolean =>
  existsSync(path) && statSync(path).isDirectory() && existsSync(join(path, manifestFile));

/** Throws ModelError when the folder is no artifact, or of a format this version does not know. */
export function openArtifact(folder: string): Artifact {
  const path = join(folder, manifestFile);
  if (!existsSync(path)) {
    throw new ModelError("not an artifact", {
      where: folder,
      expected: `a folder with a ${manifestFile}`,
      got: existsSync(folder) ? "none in it" : "no such folder",
      hint: "keratin compile writes one for each target, such as dist/wasm",
    });
  }
  const json = parseJson(readFileSync(path, "utf8"), path);
  const problem = problemOf(json);
  if (problem !== undefined) {
    throw new ModelError("this manifest is not understood", {
      where: path,
      ...problem,
      hint: "Compile the model again",
    });
  }
  return { folder, manifest: json as JsonObject & ArtifactManifest };
}

interface Problem {
  readonly expected: string;
  readonly got: string;
}

/** What is wrong with the parts that get used, if anything. */
function problemOf(json: JsonValue): Problem | undefined {
  if (!isJsonObject(json)) return { expected: "an object", got: typeof json };
  const checks: readonly [field: string, expected: string, fits: boolean][] = [
    ["format", "1", json.format === 1],
    ["target", targetNames.join(", "), targetNames.some((name) => name === json.target)],
    ["name", "a text", typeof json.name === "string"],
    [
      "entries",
      "an object of entries",
      isJsonObject(json.entries) && Object.values(json.entries).every(isEntry),
    ],
    ["files", "an object of files", isJsonObject(json.files) && Object.entries(json.files).every(isFile)],
    ["selfCheck", "recorded calls", isSelfCheck(json.selfCheck, json.files)],
    ["prefix", "an identifier", json.prefix === undefined || isIdentifier(json.prefix)],
  ];
  const failed = checks.find(([, , fits]) => !fits);
  if (failed === undefined) return undefined;
  return {
    expected: `${failed[0]}: ${failed[1]}`,
    got: (JSON.stringify(json[failed[0]]) ?? "nothing").slice(0, 60),
  };
}

const isIdentifier = (value: JsonValue): boolean => typeof value === "string" && /^[A-Za-z_]\w*$/.test(value);
const isSize = (value: JsonValue): boolean =>
  typeof value === "string" ? /^[\w *+-]+$/.test(value) : Number.isSafeInteger(value) && Number(value) >= 0;

const isPort = (value: JsonValue): boolean =>
  isJsonObject(value) &&
  typeof value.name === "string" &&
  dtypeNames.some((name) => name === value.dtype) &&
  Array.isArray(value.shape) &&
  value.shape.every(isSize);

const isList = (value: JsonValue | undefined, fits: (item: JsonValue) => boolean): boolean =>
  Array.isArray(value) && value.every(fits);

const isEntry = (value: JsonValue): boolean =>
  isJsonObject(value) &&
  isList(value.symbols, isIdentifier) &&
  isList(value.inputs, isPort) &&
  isList(value.outputs, isPort) &&
  (value.symbol === undefined || isIdentifier(value.symbol));

const isInside = (path: JsonValue | undefined): boolean =>
  typeof path === "string" && /^[\w.-]+(\/[\w.-]+)*$/.test(path) && !path.split("/").includes("..");

const isFile = ([path, value]: [string, JsonValue]): boolean =>
  isInside(path) && isJsonObject(value) && typeof value.sha256 === "string";

function isSelfCheck(value: JsonValue | undefined, files: JsonValue | undefined): boolean {
  if (!isJsonObject(value) || !isJsonObject(files) || typeof value.path !== "string") return false;
  const isTensor = (item: JsonValue): boolean =>
    isPort(item) && isJsonObject(item) && isSize(item.offset ?? null);
  const isCall = (item: JsonValue): boolean =>
    isJsonObject(item) &&
    typeof item.entry === "string" &&
    isList(item.inputs, isTensor) &&
    isList(item.outputs, isTensor);
  return Object.hasOwn(files, value.path) && isList(value.calls, isCall);
}

/** The files that are missing or are not those that were written, each with what is wrong. */
export function damagedFiles({ folder, manifest }: Artifact): readonly string[] {
  return Object.entries(manifest.files).flatMap(([path, { bytes, sha256 }]) => {
    const file = join(folder, path);
    if (!existsSync(file)) return [`${path} is missing`];
    const found = fingerprint(readFileSync(file));
    if (found.bytes !== bytes) return [`${path} has ${found.bytes} bytes instead of ${bytes}`];
    return found.sha256 === sha256 ? [] : [`${path} has changed: its SHA-256 is not that in ${manifestFile}`];
  });
}
