/**
 * Cases that a mode or a backend cannot have, each with its reason. Such a case must fail with `Unsupported`, naming what would work; it
 * then counts as passed. Everything else that fails is a failure.
 */
export interface UnsupportedCase {
  /** "kind/id", or a pattern of it. */
  readonly name: string | RegExp;
  /** Default: both. */
  readonly mode?: "eager" | "compiled";
  /** Default: all. */
  readonly backend?: string;
  readonly reason: string;
}

export const unsupportedCases: readonly UnsupportedCase[] = [
  {
    name: /^ops\/(bincount_\d+|nonzero_\d+|unique_\d+|repeat_2)$/,
    mode: "compiled",
    reason:
      "The shape of the result depends on data: compiled functions take it as `size` (repeat: `totalRepeatLength`).",
  },
  {
    name: /^layers\/(HashedCrossing|Hashing)_\d+$/,
    mode: "compiled",
    reason:
      "Hashes are of texts and 64-bit words, made on the host: integers of a compiled function come too late.",
  },
];

/** The entry that allows a case to be unsupported. */
export const allowedUnsupported = (
  name: string,
  mode: string,
  backend: string,
): UnsupportedCase | undefined =>
  unsupportedCases.find(
    (entry) =>
      (typeof entry.name === "string" ? entry.name === name : entry.name.test(name)) &&
      (entry.mode === undefined || entry.mode === mode) &&
      (entry.backend === undefined || entry.backend === backend),
  );
