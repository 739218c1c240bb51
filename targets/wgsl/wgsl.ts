/**
 * The WebGPU target: a bundle becomes one WGSL module, with an entry point for each distinct kernel, and a plan, plain data by which
 * `runtime/webgpu.ts` runs its programs.
 *
 * Promises: no optional feature and no raised limit is needed (three storage buffers, one uniform buffer, workgroups of at most 256
 * threads, at most 65,535 of them along an axis); a call is one compute pass with one bind group; any batch size runs with the same
 * shaders; every identifier is safe whatever the names in the model are.
 */
import { isStatic } from "../../ir/dim.ts";
import type { Bundle, Store } from "../../ir/program.ts";
import type { WgslPlan, WgslProgram, WgslStep } from "../../runtime/webgpu-plan.ts";
import { Names } from "../clike/names.ts";
import type { Target } from "../target.ts";
import {
  dispatchOf,
  type Interface,
  interfaceOf,
  keyOf,
  type Launch,
  type PlacedKernel,
  paramsOf,
  placedKernel,
} from "./entry-point.ts";
import { helperNames, helpersFor } from "./helpers.ts";
import { limits } from "./limits.ts";
import {
  CHUNK_BASE,
  innerSteps,
  type LaunchStep,
  type LoweredProgram,
  lowerProgram,
} from "./lower-program.ts";
import { bindingsFor, type Lengths } from "./memory.ts";
import { printEntry } from "./print-entry.ts";
import { reservedNames } from "./reserved.ts";
import { dimSize } from "./size.ts";

export interface WgslCode {
  /** One WGSL module. */
  readonly source: string;
  readonly plan: WgslPlan;
}

export const wgsl: Target<WgslCode> = { name: "wgsl", limits, emit };

/** A kernel that becomes an entry point, with all the launches it serves. */
interface Group {
  readonly placed: PlacedKernel;
  readonly launches: Launch[];
}

function emit(bundle: Bundle): WgslCode {
  const programs = bundle.programs.map(lowerProgram);
  const groups = groupLaunches(programs.flatMap(({ steps }) => launchesIn(steps)));
  const faces = groups.map(({ placed, launches }) => interfaceOf(placed, launches));
  const { names, texts } = printAll(groups, faces);
  const vectors = Math.max(16, ...faces.map(({ params }) => 16 * Math.ceil(params / 64)));
  const entries = texts.join("\n\n");
  const helpers = helpersFor(entries);
  const bindings = bindingsFor([...helpers, entries].join("\n"), vectors, lengthsOf(bundle, programs));
  const source = [bindings.join("\n"), ...helpers, entries].join("\n\n");
  const indexOf = new Map(groups.flatMap(({ launches }, at) => launches.map((launch) => [launch, at])));
  const planned = programs.map((program) =>
    planOf(program, (launch) => {
      const entry = indexOf.get(launch) ?? 0;
      const { placed } = groups[entry];
      return {
        entry,
        groups: dispatchOf(placed, launch, faces[entry]),
        params: paramsOf(launch, faces[entry]),
      };
    }),
  );
  return { source: `${source}\n`, plan: { entries: names, paramBytes: 16 * vectors, programs: planned } };
}

function lengthsOf({ weights, state }: Bundle, programs: readonly LoweredProgram[]): Lengths {
  const words = ({ bytes }: Store): number => Math.max(1, Math.ceil(bytes.length / 4));
  const sizes = programs.map(({ layout }) => layout.size);
  return {
    weights: words(weights),
    state: words(state),
    arena: sizes.every(isStatic) ? Math.max(1, ...sizes) : undefined,
  };
}

function launchesIn(steps: readonly LaunchStep[]): Launch[] {
  return steps.flatMap((step) =>
    step.kind === "launch" ? [step.launch] : innerSteps(step).flatMap(launchesIn),
  );
}

function groupLaunches(launches: readonly Launch[]): Group[] {
  const groups = new Map<string, Group>();
  for (const launch of launches) {
    const placed = placedKernel(launch);
    const key = keyOf(placed);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { placed, launches: [launch] });
    else group.launches.push(launch);
  }
  return [...groups.values()];
}

function printAll(
  groups: readonly Group[],
  faces: readonly Interface[],
): { names: string[]; texts: string[] } {
  const fresh = new Names(reservedNames(helperNames));
  const names = groups.map(({ placed }) => fresh.fresh(placed.kernel.name));
  const taken = new Set(names);
  const texts = groups.map(({ placed }, at) => {
    const printed = printEntry(names[at], placed, faces[at], taken);
    for (const name of printed.names) taken.add(name);
    return printed.text;
  });
  return { names, texts };
}

const decides = (step: LaunchStep): boolean =>
  step.kind === "decide" || innerSteps(step).some((inner) => inner.some(decides));

function planOf(
  { name, steps, layout }: LoweredProgram,
  dispatch: (launch: Launch) => WgslStep,
): WgslProgram {
  const plan = (step: LaunchStep): WgslStep => {
    switch (step.kind) {
      case "launch":
        return dispatch(step.launch);
      case "chunks": {
        const { symbol, total, size, body } = step;
        return { symbol, base: CHUNK_BASE, total: dimSize(total), size, body: body.map(plan) };
      }
      case "for": {
        const { symbol, extent, reverse, body } = step;
        return { symbol, extent: dimSize(extent), reverse, body: body.map(plan) };
      }
      case "decide": {
        const { word, again, test, yes, no } = step;
        return { word: dimSize(word), again, test: test.map(plan), yes: yes.map(plan), no: no.map(plan) };
      }
      default:
        throw step satisfies never;
    }
  };
  const { inputs, outputs, size } = layout;
  return {
    name,
    words: dimSize(size),
    inputs: inputs.map(dimSize),
    outputs: outputs.map(dimSize),
    ...(steps.some(decides) ? { decides: true } : {}),
    steps: steps.map(plan),
  };
}
