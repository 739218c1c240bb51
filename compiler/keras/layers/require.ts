/**
 * Checks of options that layers share. Each throws ModelError with what was received, in Keras's spelling.
 */
import { ModelError } from "../../../ir/errors.ts";
import { toSnake } from "../options.ts";

/** A positive integer. */
export function requirePositive(value: unknown, option: string, where: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new ModelError(
    `\`${toSnake(option)}\` must be a positive integer. Received: ${toSnake(option)}=${JSON.stringify(value)}`,
    { where },
  );
}

/** A number from `low` to `high`. */
export function requireBetween(
  value: unknown,
  low: number,
  high: number,
  option: string,
  where: string,
): number {
  if (typeof value === "number" && value >= low && value <= high) return value;
  throw new ModelError(
    `\`${toSnake(option)}\` must be a number from ${low} to ${high}. Received: ${toSnake(option)}=${JSON.stringify(value)}`,
    { where },
  );
}

/** One of a few words. */
export function requireOneOf<T extends string>(
  value: unknown,
  words: readonly T[],
  option: string,
  where: string,
): T {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new ModelError(
    `\`${toSnake(option)}\` must be one of ${words.map((word) => `"${word}"`).join(", ")}. Received: ${toSnake(option)}=${JSON.stringify(value)}`,
    { where },
  );
}
