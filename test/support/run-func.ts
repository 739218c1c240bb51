// Runs a function through the whole compiler: on a backend of this process, or by the interpreter with a target's schedule.

import type { BackendName } from "../../compiler/backend.ts";
import { createBackend } from "../../compiler/backends/index.ts";
import { type CompileOptions, compile } from "../../compiler/pipeline.ts";
import { evaluateShape, isStaticShape, symbolsOf } from "../../ir/dim.ts";
import { bindSymbols, evaluateFunc } from "../../ir/evaluate.ts";
import type { Func } from "../../ir/graph.ts";
import { interpretProgram } from "../../ir/interpret.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";
import { launchesOf } from "../../ir/program.ts";
import { verifyEmittable } from "../../ir/verify-kernel.ts";
import { verifyProgram } from "../../ir/verify-program.ts";
import type { Scheduler } from "../../targets/schedule/scheduler.ts";
import { randomArray, seeded } from "./seeded.ts";

/** Values for all arguments of a function: inputs in order, parameters and states by path. */
export interface Arguments {
  readonly inputs: readonly NDArray[];
  readonly values: ReadonlyMap<string, NDArray>;
  /** All of them, in the order of the function's arguments. */
  readonly all: readonly NDArray[];
}

/** Random arguments, every symbol having the value `size`. */
export function randomArguments(func: Func, seed: number, size = 3): Arguments {
  const random = seeded(seed);
  const inputs: NDArray[] = [];
  const values = new Map<string, NDArray>();
  const all = func.body.args.map(({ type }, i) => {
    const bindings = new Map(symbolsOf(type.shape).map((symbol) => [symbol, size]));
    const shape = isStaticShape(type.shape) ? type.shape : evaluateShape(type.shape, bindings);
    const array = randomArray(random, type.dtype, shape);
    const role = func.args[i];
    if (role.kind === "input") inputs.push(array);
    else values.set(role.path, array);
    return array;
  });
  return { inputs, values, all };
}

/** The outputs by the reference evaluation. */
export function expectedOutputs(func: Func, { all }: Arguments): readonly NDArray[] {
  return evaluateFunc(func, all, opTable).filter((_, i) => func.results[i].kind === "output");
}

/** The outputs by the interpreter, of the program as this scheduler leaves it: verified, races and bounds checked. */
export function interpreted(
  func: Func,
  { inputs, values }: Arguments,
  scheduler: Scheduler,
  options?: CompileOptions,
): readonly NDArray[] {
  const { bundle } = compile(func.name, { funcs: [func] }, values, scheduler, options);
  const [program] = bundle.programs;
  for (const { kernel } of launchesOf(program.steps)) verifyEmittable(kernel);
  verifyProgram(program);
  const stores = { weights: bundle.weights.bytes.slice(), state: bundle.state.bytes.slice() };
  return interpretProgram(program, stores, inputs, bindSymbols(program.inputs, inputs));
}

/** The outputs of a backend. */
export async function ran(
  func: Func,
  { inputs, values }: Arguments,
  backend: BackendName,
): Promise<readonly NDArray[]> {
  const session = await createBackend(backend).load({ funcs: [func] }, values);
  return session.call(func.name, inputs);
}
