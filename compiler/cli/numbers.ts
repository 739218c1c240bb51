/** Reads numbers from the command line. */
import { ModelError } from "../../ir/errors.ts";

/** Throws ModelError naming the option. */
export function positiveInteger(text: string, where: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ModelError("not a positive integer", { where, got: text });
}
