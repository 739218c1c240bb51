/** The threads of a wasm model, seen from the one that calls it. */
import { ThreadSync, WORDS, words } from "./thread-sync.ts";
import type { ThreadStart } from "./thread-worker.ts";

export interface ThreadOptions {
  readonly threads: number;
  /** Starts a worker that runs `thread-worker.ts`, gives it its message and resolves once it answers. */
  spawn(start: ThreadStart): Promise<{ terminate(): unknown }>;
}

/** Whether this place lets threads share memory: pages only when they are isolated from others (COOP and COEP headers). */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer === "function" && globalThis.crossOriginIsolated !== false;

type Shared = Omit<ThreadStart, "words" | "thread" | "threads">;

export class ThreadTeam {
  readonly threads: number;
  readonly meet: () => void;
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  readonly #sync: ThreadSync;
  readonly #entries: readonly string[];
  #workers: readonly { terminate(): unknown }[] = [];

  private constructor(threads: number, entries: readonly string[]) {
    this.threads = threads;
    this.#sync = new ThreadSync(this.#words, threads);
    this.meet = this.#sync.meet;
    this.#entries = entries;
  }

  /** Starts the other threads and waits until all are ready. */
  static async start({ threads, spawn }: ThreadOptions, shared: Shared): Promise<ThreadTeam> {
    const team = new ThreadTeam(threads, shared.entries);
    const numbers = Array.from({ length: threads - 1 }, (_, i) => i + 1);
    team.#workers = await Promise.all(
      numbers.map((thread) => spawn({ ...shared, words: team.#words, thread, threads })),
    );
    return team;
  }

  /** Lets the other threads run an entry with these arguments while `own` does this one's part. */
  run(entry: string, args: readonly number[], own: () => void): void {
    this.#words[words.entry] = this.#entries.indexOf(entry);
    this.#words[words.count] = args.length;
    this.#words.set(args, words.args);
    this.#sync.advance(words.job);
    own();
    this.meet();
  }

  close(): void {
    for (const worker of this.#workers) worker.terminate();
  }
}
