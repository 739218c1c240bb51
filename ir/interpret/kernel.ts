/**
 * One kernel, compiled for given sizes: the frame of its only outermost thread, its parameters' shapes, and how to run it.
 */
import { evaluateShape } from "../dim.ts";
import { CompilerBug } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { visitStmts } from "../walk-kernel.ts";
import { bindBuffer, bindVar, type Frame, makeSchedule, type Scope } from "./frame.ts";
import type { Memory } from "./memory.ts";
import { compileBody } from "./stmt.ts";
import { isGrid, isThread } from "./threads.ts";

export interface CompiledKernel {
  /** The shapes of the parameters, with symbols bound. */
  readonly shapes: readonly (readonly number[])[];
  /** Runs it on one memory per parameter. */
  readonly run: (memories: readonly Memory[]) => void;
}

/** Whether more than one thread runs. */
export function isParallel(kernel: Kernel): boolean {
  let found = false;
  visitStmts(kernel.body, (stmt) => {
    if (stmt.kind === "for") found ||= isGrid(stmt) || isThread(stmt);
  });
  return found;
}

/** `dims` are the values of `kernel.dims`. */
export function compileKernel(kernel: Kernel, dims: readonly number[], seed: number): CompiledKernel {
  if (dims.length !== kernel.dims.length) {
    throw new CompilerBug("interpret", `${kernel.name} needs the values of its dims`, {
      expected: `[${kernel.dims.map(({ symbol }) => symbol)}]`,
      got: `[${dims}]`,
    });
  }
  const bindings = new Map(kernel.dims.map(({ symbol }, i) => [symbol, dims[i]]));
  let scope: Scope = {
    kernel: kernel.name,
    bindings,
    slots: { numbers: 0, vectors: 0, memories: 0 },
    vars: new Map(),
    buffers: new Map(),
    schedule: makeSchedule(seed),
  };
  for (const dim of kernel.dims) [scope] = bindVar(scope, dim.var);
  for (const { buffer } of kernel.params) [scope] = bindBuffer(scope, buffer);
  const body = compileBody(kernel.body, scope);
  const { slots } = scope;
  return {
    shapes: kernel.params.map(({ buffer }) => evaluateShape(buffer.shape, bindings)),
    run: (memories) => {
      // Dims and parameters were bound first, so theirs are the first slots.
      const frame: Frame = {
        numbers: new Float64Array(slots.numbers),
        vectors: [],
        memories: [...memories],
        workgroup: { id: 0, phase: 0, shared: new Map() },
        thread: 0,
      };
      frame.numbers.set(dims);
      body(frame);
    },
  };
}
