/** Repeats a measurement until it is steady enough to report. */

export interface Timing {
  /** Milliseconds: the best run, the one in the middle, and how many there were. */
  readonly best: number;
  readonly median: number;
  readonly runs: number;
}

/** Runs `measure`, which gives milliseconds, for about `budget` milliseconds and at least three times. */
export async function repeated(measure: () => number | Promise<number>, budget: number): Promise<Timing> {
  const times: number[] = [];
  const end = performance.now() + budget;
  while (times.length < 3 || (performance.now() < end && times.length < 20_000)) {
    const time = measure();
    times.push(typeof time === "number" ? time : await time);
  }
  times.sort((a, b) => a - b);
  return { best: times[0], median: times[times.length >> 1], runs: times.length };
}
