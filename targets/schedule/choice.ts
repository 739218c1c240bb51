/**
 * What a CPU schedule leaves open: the size of register tiles, how far reductions are unrolled, the order of the loops around a tile.
 * The cost model decides what a choice does not; `keratin tune` measures choices and keeps the best.
 */

export interface Choice {
  /** Vector registers for accumulators, in place of the target's limit. */
  readonly accumulators?: number;
  /** Updates of accumulators up to which reductions are unrolled. */
  readonly unrolled?: number;
  /** How many loops run outside of the one over columns. */
  readonly column?: number;
  /** Tiles in a block of rows; 0 for no blocks. */
  readonly blocks?: number;
}

/** Choices worth measuring, a step at a time: the best of one step is the base of the next. */
export const choiceSteps: readonly (readonly Choice[])[] = [
  [4, 6, 8, 10, 12, 14].map((accumulators) => ({ accumulators })),
  [1, 8, 20, 48, 96].map((unrolled) => ({ unrolled })),
  [0, 1, 2, 3].flatMap((column) => [0, 4, 16, 32].map((blocks) => ({ column, blocks }))),
];
