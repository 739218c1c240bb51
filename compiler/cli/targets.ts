/** Reads `--target wasm,cpp`. */
import { ModelError } from "../../ir/errors.ts";
import type { TargetName } from "../../targets/target.ts";
import { type TextTarget, textTargets } from "../mlir/text-targets.ts";
import { targetNames } from "../package/source.ts";

/** The targets in a list, each once, in the order given. Throws ModelError for a name that is none. */
export function parseTargets(text: string): readonly TargetName[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) throw unknownTarget("nothing");
  return [...new Set(names.map(parseTarget))];
}

/** What a list asks for: artifacts, and texts of MLIR's. */
export interface Chosen {
  readonly artifacts: readonly TargetName[];
  readonly texts: readonly TextTarget[];
}

/** Like `parseTargets`, for lists that may name dialects of MLIR's too. */
export function parseAllTargets(text: string): Chosen {
  const names = text.split(",").map((name) => name.trim());
  const texts = textTargets.filter((target) => names.includes(target));
  const rest = names.filter((name) => !textTargets.some((target) => target === name));
  const artifacts = rest.length === 0 && texts.length > 0 ? [] : parseTargets(rest.join(","));
  return { artifacts, texts };
}

export function parseTarget(name: string): TargetName {
  const found = targetNames.find((target) => target === name);
  if (found === undefined) throw unknownTarget(`"${name}"`);
  return found;
}

const unknownTarget = (got: string): ModelError =>
  new ModelError("unknown target", { where: "--target", expected: targetNames.join(", "), got });
