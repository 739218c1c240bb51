/**
 * The file that `keratin tune` writes and `keratin compile --tuning` reads: choices by the key of the kernel, for one target. It can be
 * committed: a kernel that is not in it, or whose choice no longer fits, is scheduled by the cost model.
 */
import { ModelError } from "../../ir/errors.ts";
import type { Choice } from "../../targets/schedule/choice.ts";
import type { TargetName } from "../../targets/target.ts";
import type { Tuning } from "../lower/schedules.ts";
import type { TunedKernel } from "./tune.ts";

const FORMAT = "keratin-tuning";
const VERSION = 1;
const fields = ["accumulators", "unrolled", "column", "blocks"] as const satisfies readonly (keyof Choice)[];

export function printTuning(target: TargetName, kernels: readonly TunedKernel[]): string {
  const chosen = kernels.filter(({ choice }) => choice !== undefined);
  const entries = chosen.map(({ key, name, choice }) => [key, { name, ...choice }] as const);
  return `${JSON.stringify({ format: FORMAT, version: VERSION, target, kernels: Object.fromEntries(entries) }, null, 2)}\n`;
}

/** Throws ModelError for anything that is no tuning file. */
export function parseTuning(
  text: string,
  where: string,
): { readonly target: string; readonly tuning: Tuning } {
  const bad = (got: string): ModelError =>
    new ModelError("not a tuning file", { where, expected: `JSON as "keratin tune" writes it`, got });
  const file = parse(text, bad);
  if (!isRecord(file) || file.format !== FORMAT) throw bad("another format");
  if (file.version !== VERSION) throw bad(`version ${String(file.version)}`);
  if (typeof file.target !== "string" || !isRecord(file.kernels)) throw bad("no target or no kernels");
  const choices = Object.entries(file.kernels).map(([key, entry]) => [key, choiceOf(entry, bad)] as const);
  return { target: file.target, tuning: new Map(choices) };
}

function parse(text: string, bad: (got: string) => ModelError): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(error instanceof Error ? error.message : "no JSON");
  }
}

function choiceOf(entry: unknown, bad: (got: string) => ModelError): Choice {
  if (!isRecord(entry)) throw bad("a kernel that is no object");
  const known = fields.flatMap((field) => {
    const value = entry[field];
    if (value === undefined) return [];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 1024)
      throw bad(`${field}: ${String(value)}`);
    return [[field, value] as const];
  });
  return Object.fromEntries(known);
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
