/**
 * How operations print.
 */

export interface PrintOptions {
  /** `"arith.addi"(%0, %1) : (i32, i32) -> i32` instead of the dialect's own syntax (default false). */
  readonly generic?: boolean;
  /** With `loc(…)` (default false). */
  readonly locations?: boolean;
  /** Attribute aliases and numbering as if nothing were around it (default false). */
  readonly localScope?: boolean;
  /** Without what is in its regions (default false). */
  readonly skipRegions?: boolean;
  /** Elide constants of more elements. The text can then not be read back. */
  readonly elideAbove?: number;
}

/** As `mw_op_print` takes them. */
export function printFlags({ generic, locations, localScope, skipRegions }: PrintOptions): number {
  const bits = [generic, locations, localScope, skipRegions];
  return bits.reduce((flags, isSet, bit) => flags | (isSet ? 1 << bit : 0), 0);
}
