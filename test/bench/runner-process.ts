/**
 * The process of a runner while it is measured. Between its turns it is stopped, so that threads which spin for work, and garbage
 * collectors, take no time from the others.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { peersRoot, projectRoot } from "./places.ts";
import type { Command } from "./runners.ts";

const hasTaskset = spawnSync("taskset", ["--version"]).status === 0;

/** Bound to as many cores as there are threads, the last ones: the first serves interrupts. */
export function pinned({ program, args }: Command, threads: number): [string, readonly string[]] {
  if (!hasTaskset) return [program, args];
  const count = cpus().length;
  return ["taskset", ["-c", `${Math.max(0, count - threads)}-${count - 1}`, program, ...args]];
}

export const environment = (env: Command["env"] = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  KERATIN_PEERS: peersRoot,
  ...env,
});

/** Seconds: networks are compiled while they load, by torch.compile for half a minute. */
const DEADLINE = 300;

export class RunnerProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaint = "";

  constructor(command: Command, threads: number) {
    const [program, args] = pinned(command, threads);
    this.#child = spawn(program, args, { cwd: projectRoot, env: environment(command.env) });
    this.#child.on("error", (error) => {
      this.#complaint += String(error);
    });
    this.#child.stdin?.on("error", () => undefined); // the end of the output tells
    this.#child.stderr?.on("data", (text) => {
      this.#complaint = (this.#complaint + String(text)).slice(-4000);
    });
    if (this.#child.stdout === null) throw new Error("no output to read");
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Milliseconds until the first result. Throws an Error with what the process said when it ends instead. */
  async load(): Promise<number> {
    const { load_ms } = (await this.#answer()) as { load_ms: number };
    this.#signal("SIGSTOP");
    return load_ms;
  }

  /** Milliseconds of each call that fits into `budget` milliseconds. */
  async turn(budget: number): Promise<readonly number[]> {
    this.#signal("SIGCONT");
    this.#child.stdin?.write(`${budget}\n`);
    const times = (await this.#answer()) as number[];
    this.#signal("SIGSTOP");
    return times;
  }

  /** Megabytes: the most memory it ever had; undefined where the system does not tell. */
  peakMemory(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
      const kilobytes = /VmHWM:\s+(\d+)/.exec(status)?.[1];
      return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  #signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  async #answer(): Promise<unknown> {
    const timer = setTimeout(() => this.close(), DEADLINE * 1000);
    const { value, done } = await this.#lines.next();
    clearTimeout(timer);
    if (done !== true) return JSON.parse(value);
    const lines = this.#complaint.trim().split("\n");
    throw new Error(lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "ended without a word");
  }
}
