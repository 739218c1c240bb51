/** Reads `--target wasm,cpp`. */
import { ModelError } from "../../ir/errors.ts";
import type { TargetName } from "../../targets/target.ts";
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

export function parseTarget(name: string): TargetName {
  const found = targetNames.find((target) => target === name);
  if (found === undefined) throw unknownTarget(`"${name}"`);
  return found;
}

const unknownTarget = (got: string): ModelError =>
  new ModelError("unknown target", { where: "--target", expected: targetNames.join(", "), got });
