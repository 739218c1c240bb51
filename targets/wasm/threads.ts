/**
 * What threads add to a module: it takes its memory from outside, so that instances on several threads share it, and calls `meet` where
 * all of them have to be done. Functions that run on several threads take three more parameters, the last ones: the number of the thread, how
 * many there are, and where this thread keeps its `local` buffers.
 */
import type { Imports } from "./binary.ts";
import type { Code, Local } from "./code.ts";

export const threadImports: Imports = { module: "keratin", memory: "memory", functions: ["meet"] };
/** The index of `meet`. */
const MEET = 0;
/** The parameters that are added. */
export const THREAD_PARAMETERS = 3;

/** A function that knows its thread. */
export class ThreadCode {
  readonly scratch: Local;
  readonly #code: Code;
  readonly #thread: Local;
  readonly #threads: Local;

  /** `first`: the first of the three parameters. */
  constructor(code: Code, first: Local) {
    this.#code = code;
    this.#thread = first;
    this.#threads = first + 1;
    this.scratch = first + 2;
  }

  /** Leaves the three arguments for a callee on the stack. */
  pass(): void {
    for (const local of [this.#thread, this.#threads, this.scratch]) this.#code.get(local);
  }

  meet(): void {
    this.#code.op("call", MEET);
  }

  /** Emits what the first thread alone does. */
  alone(emit: () => void): void {
    this.#code.get(this.#thread);
    this.#code.op("i32.eqz");
    this.#code.if();
    emit();
    this.#code.end();
  }

  /** The iterations of this thread, of as many as are on the stack: sets where they begin, and how many there are. */
  part(trips: () => void): { begin: Local; count: Local } {
    const code = this.#code;
    const [begin, count] = [code.local("i32"), code.local("i32")];
    const bound = (after: number): void => {
      trips();
      code.get(this.#thread);
      if (after > 0) {
        code.i32(after);
        code.op("i32.add");
      }
      code.op("i32.mul");
      code.get(this.#threads);
      code.op("i32.div_u");
    };
    bound(0);
    code.set(begin);
    bound(1);
    code.get(begin);
    code.op("i32.sub");
    code.set(count);
    return { begin, count };
  }
}
