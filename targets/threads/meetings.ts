/**
 * Where the threads that run a program meet between its steps. All take part in shared steps, the first alone does the others: it need not wait
 * for what it did itself, everybody has to wait for what others did.
 */
import type { Kernel } from "../../ir/kernel.ts";
import { type Step, simpleSteps } from "../../ir/program.ts";

export class Meetings {
  readonly #meet: () => void;
  /** Who may still be at work on earlier steps. */
  #busy: "nobody" | "first" | "all" = "nobody";

  /** `meet` emits the code that lets threads meet. */
  constructor(meet: () => void) {
    this.#meet = meet;
  }

  /** Emits a meeting before a step that needs one. Also before a loop over steps, and at the end of its body. */
  before(isShared: boolean): void {
    if (this.#busy === "nobody" || (this.#busy === "first" && !isShared)) return;
    this.#meet();
    this.#busy = "nobody";
  }

  after(isShared: boolean): void {
    this.#busy = isShared ? "all" : "first";
  }
}

/** Whether threads share a step, or one inside it. */
export const isSharedStep = (step: Step, isShared: (kernel: Kernel) => boolean): boolean =>
  simpleSteps([step]).some((inner) => inner.kind === "launch" && isShared(inner.kernel));
