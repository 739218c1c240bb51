/** What a process writes to its output, taken in pieces of known size. */
import type { ChildProcess } from "node:child_process";

export class ByteQueue {
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(child: ChildProcess) {
    child.stdout?.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#isOver = true;
        this.#wake();
        resolve();
      };
      child.on("close", end);
      child.on("error", end);
    });
  }

  /** The next bytes, in memory of their own; undefined when the process ended before it had written them. */
  async take(size: number): Promise<Uint8Array | undefined> {
    while (this.#length < size) {
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [all.subarray(size)];
    this.#length -= size;
    return all.slice(0, size);
  }
}
