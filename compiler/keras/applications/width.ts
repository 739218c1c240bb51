/**
 * Numbers of filters when a network is made wider or narrower.
 */

/** The multiple of `divisor` nearest to `filters`, at least one, and not less than nine tenths of it (MobileNet's `make_divisible`). */
export function roundToMultiple(filters: number, divisor: number): number {
  const nearest = Math.max(divisor, Math.floor(Math.trunc(filters + divisor / 2) / divisor) * divisor);
  return nearest < 0.9 * filters ? nearest + divisor : nearest;
}
