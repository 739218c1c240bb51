/**
 * A further thread of a wasm model: `threads.js` of an artifact. It gets the module and the shared memory once, and then runs its part of every
 * call. Works as a worker of browsers, Deno and Bun, and of Node's worker_threads.
 */
import { ThreadSync, words } from "./thread-sync.ts";

/** The one message a worker gets. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  readonly entries: readonly string[];
  readonly thread: number;
  readonly threads: number;
  /** Of scratch memory, for each thread but the first. */
  readonly scratchBytes: number;
}

interface Port {
  postMessage(message: unknown): void;
  addEventListener?(type: "message", listener: (event: { data: ThreadStart }) => void): void;
  once?(type: "message", listener: (start: ThreadStart) => void): void;
}

/** Serves calls until the worker is terminated. */
function serve(start: ThreadStart, port: Port): void {
  const { module, memory, words: shared, thread, threads, scratchBytes } = start;
  const sync = new ThreadSync(shared, threads);
  const { exports } = new WebAssembly.Instance(module, { keratin: { memory, meet: sync.meet } });
  const functions = start.entries.map((name) => exports[name] as CallableFunction);
  let job = Atomics.load(shared, words.job);
  port.postMessage("ready");
  for (;;) {
    sync.await(words.job, job++);
    const args = [...shared.subarray(words.args, words.args + shared[words.count])];
    // The last one says where the scratch memory of further threads begins.
    const scratch = (args.pop() ?? 0) + (thread - 1) * scratchBytes;
    functions[shared[words.entry]](...args, thread, threads, scratch);
    sync.meet();
  }
}

/** Waits for the message, then serves. */
export async function runThread(): Promise<void> {
  const scope = globalThis as unknown as Port;
  if (typeof scope.postMessage === "function" && scope.addEventListener !== undefined)
    return scope.addEventListener("message", ({ data }) => serve(data, scope));
  // Out of sight of bundlers.
  const name = "node:worker_threads";
  const { parentPort } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as {
    parentPort: Port;
  };
  parentPort.once?.("message", (start) => serve(start, parentPort));
}
