/**
 * What a kind of golden cases is: how its cases are read, and the checks of each. A check runs once for each backend and mode.
 */
import type { JsonObject } from "../../compiler/formats/json.ts";
import type { Closeness } from "../support/close.ts";
import { asArray, asObject, type Goldens } from "../support/goldens.ts";
import type { Comparison } from "./comparison.ts";
import type { Executor } from "./executor.ts";

export interface Check {
  readonly part: "forward" | "gradients";
  /** Throws what keratin throws. */
  run(executor: Executor, comparison: Comparison): Promise<void>;
}

export interface GoldenCase {
  readonly id: string;
  readonly checks: readonly Check[];
}

export interface Kind {
  readonly name: string;
  /** Cases in the order of the file; none where the directory has no such file. */
  cases(goldens: Goldens): readonly GoldenCase[];
}

/** The entries under `key` of a golden JSON file. */
export function entriesOf(goldens: Goldens, path: string, key = "cases"): readonly JsonObject[] {
  return goldens.has(path) ? asArray(asObject(goldens.json(path))[key] ?? []).map(asObject) : [];
}

/** The tolerance of a case. */
export const closenessOf = ({ rtol, atol }: JsonObject): Closeness => ({
  relative: Number(rtol),
  absolute: Number(atol),
});

/** The tolerance of gradients that have none of their own: the default of the README. */
export function gradientCloseness(grad: { readonly data: ArrayLike<number | bigint> }): Closeness {
  let largest = 1;
  for (let i = 0; i < grad.data.length; i++) largest = Math.max(largest, Math.abs(Number(grad.data[i])));
  return { relative: 1e-3, absolute: 2e-5 * largest };
}
