/**
 * Runs golden cases: every check of every case, eager and compiled, on each backend asked for; one account for all of them.
 */
import { session } from "../../compiler/keras/session.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { Goldens } from "../support/goldens.ts";
import { Comparison } from "./comparison.ts";
import { type Executor, executors } from "./executor.ts";
import type { Check, Kind } from "./kind.ts";
import { layers } from "./layers.ts";
import { losses } from "./losses.ts";
import { metrics } from "./metrics.ts";
import { constraints, initializers, regularizers } from "./misc.ts";
import { models } from "./models.ts";
import { ops } from "./ops.ts";
import { optimizers, schedules } from "./optimizers.ts";
import { trajectories } from "./trajectories.ts";
import { allowedUnsupported } from "./unsupported.ts";

export const kinds: readonly Kind[] = [
  layers,
  ops,
  losses,
  metrics,
  optimizers,
  schedules,
  initializers,
  regularizers,
  constraints,
  models,
  trajectories,
];

/** The outcome of one check of one case, in one mode on one backend. */
export interface Outcome {
  /** "layers/Dense_0". */
  readonly name: string;
  readonly backend: string;
  readonly mode: Executor["mode"];
  readonly part: Check["part"];
  /** Empty for a pass. */
  readonly problems: readonly string[];
  /** The largest difference, in tolerances. */
  readonly worst: number;
  /** Why the case is allowed to be unsupported. */
  readonly unsupported?: string;
  readonly raw: ReadonlyMap<string, NDArray>;
}

export interface Selection {
  readonly backends: readonly string[];
  /** "layers", "layers/Dense" (all cases that begin so), "layers/Dense_0"; none selects everything. */
  readonly only: readonly string[];
  /** The names in `only` are whole. */
  readonly exact?: boolean;
  /** Default: both. */
  readonly modes?: readonly Executor["mode"][];
}

/** Runs what is selected, one check after the other. */
export async function* runGoldens(goldens: Goldens, selection: Selection): AsyncGenerator<Outcome> {
  const { backends, only, exact = false, modes = ["eager", "compiled"] } = selection;
  const isSelected = (name: string): boolean =>
    only.length === 0 || only.some((prefix) => (exact ? name === prefix : name.startsWith(prefix)));
  for (const backend of backends) {
    session.setBackend(backend);
    for (const kind of kinds) {
      for (const { id, checks } of kind.cases(goldens)) {
        const name = `${kind.name}/${id}`;
        if (!isSelected(name)) continue;
        for (const executor of executors.filter(({ mode }) => modes.includes(mode)))
          for (const check of checks) yield await runCheck(name, backend, executor, check);
      }
    }
  }
}

async function runCheck(name: string, backend: string, executor: Executor, check: Check): Promise<Outcome> {
  const { mode } = executor;
  const comparison = new Comparison();
  const outcome = (problems: readonly string[], unsupported?: string): Outcome => {
    const { worst, raw } = comparison;
    return { name, backend, mode, part: check.part, problems, worst, unsupported, raw };
  };
  const allowed = allowedUnsupported(name, mode, backend);
  try {
    await check.run(executor, comparison);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (allowed !== undefined && error instanceof Unsupported) return outcome([], allowed.reason);
    return outcome([`${error.name}: ${error.message.split("\n")[0].slice(0, 240)}`]);
  }
  // A pattern may also cover cases that work.
  if (typeof allowed?.name === "string" && comparison.problems.length === 0)
    return outcome([`works, but stands in the list of what is unsupported: ${allowed.reason}`]);
  return outcome(comparison.problems);
}
