/**
 * Makes constant arrays into parameters: what a kernel reads from memory has to lie in memory. Single numbers stay constants. In regions there
 * are none left (`hoist-invariants`).
 */
import type { BlockArg, Func, Module, Value } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { Pass } from "../pass.ts";
import { constantArray } from "../rules/facts.ts";
import { isPrepare, rebuildBlock } from "../walk-graph.ts";

interface LiftConstants extends Pass {
  /** The same pass, putting the arrays it lifts into a map, by path. */
  collecting(into: Map<string, NDArray>): Pass;
}

function lift(module: Module, into: Map<string, NDArray>): Module {
  if (!module.funcs.some((func) => func.body.ops.some((op) => constantArray(op) !== undefined)))
    return module;
  return { funcs: module.funcs.map((func) => liftFunc(func, into)) };
}

function liftFunc(func: Func, into: Map<string, NDArray>): Func {
  // `prepare` is evaluated, not compiled: it may keep its constants.
  if (isPrepare(func)) return func;
  const lifted = new Map<Value, BlockArg>();
  const paths: string[] = [];
  for (const op of func.body.ops) {
    const value = constantArray(op);
    if (value === undefined) continue;
    const path = `constant/${into.size}`;
    into.set(path, value);
    paths.push(path);
    lifted.set(op.results[0], { kind: "arg", type: op.results[0].type, name: path });
  }
  if (paths.length === 0) return func;
  const body = rebuildBlock(func.body, (_op, _emit, original) => {
    const arg = lifted.get(original.results[0]);
    return arg === undefined ? undefined : [arg];
  });
  return {
    ...func,
    args: [...func.args, ...paths.map((path) => ({ kind: "param", path }) as const)],
    body: { ...body, args: [...func.body.args, ...lifted.values()] },
  };
}

export const liftConstants: LiftConstants = {
  name: "lift-constants",
  doc: "No constant has more than one element.",
  run: (module) => lift(module, new Map()),
  collecting: (into) => ({
    name: "lift-constants",
    doc: liftConstants.doc,
    run: (module) => lift(module, into),
  }),
};
