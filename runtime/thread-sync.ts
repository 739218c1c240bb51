/**
 * How the threads of a wasm model wait for each other: a few words of shared memory. A thread that waits spins for about a millisecond, since
 * the others are close behind as a rule, and then sleeps; the main thread of a page may not sleep and goes on spinning. Threads that sleep sooner
 * may stay on one core, taking turns: systems spread those that want to run, and leave alone those that wake each other.
 */

/** Words of the shared array. `job` counts the calls; the others say what to call: the number of the entry, how many arguments, which. */
export const words = { arrived: 0, round: 1, job: 2, sleepers: 3, entry: 4, count: 5, args: 6 } as const;
export const WORDS = 256;

/** Looks at a word before sleeping. */
const SPINS = 500_000;

export class ThreadSync {
  readonly #words: Int32Array;
  readonly #threads: number;
  readonly #maySleep: boolean;

  constructor(shared: Int32Array, threads: number) {
    this.#words = shared;
    this.#threads = threads;
    this.#maySleep = maySleep(shared);
  }

  /** Waits until every thread has called it. */
  readonly meet = (): void => {
    const shared = this.#words;
    const round = Atomics.load(shared, words.round);
    if (Atomics.add(shared, words.arrived, 1) + 1 < this.#threads) return this.await(words.round, round);
    Atomics.store(shared, words.arrived, 0);
    this.advance(words.round);
  };

  /** Counts a word up and wakes who waits for it. */
  advance(word: number): void {
    Atomics.add(this.#words, word, 1);
    if (Atomics.load(this.#words, words.sleepers) > 0) Atomics.notify(this.#words, word);
  }

  /** Waits until a word is no longer `value`. */
  await(word: number, value: number): void {
    const shared = this.#words;
    for (let i = 0; i < SPINS || !this.#maySleep; i++) if (Atomics.load(shared, word) !== value) return;
    Atomics.add(shared, words.sleepers, 1);
    // Returns at once if the word has changed meanwhile.
    while (Atomics.load(shared, word) === value) Atomics.wait(shared, word, value);
    Atomics.sub(shared, words.sleepers, 1);
  }
}

function maySleep(shared: Int32Array): boolean {
  try {
    Atomics.wait(shared, words.sleepers, -1, 0);
    return true;
  } catch {
    return false;
  }
}
