/**
 * The bodies of loops and branches in terms of Keras: structures of tensors in and out, and variables, which bodies read and may assign.
 * A variable that is assigned becomes one more variable of the loop, or one more result of the branch.
 */
import type { Block } from "../../ir/graph.ts";
import { opTable } from "../../ir/ops/index.ts";
import type { TensorType } from "../../ir/type.ts";
import { type Captures, RegionTrace } from "../region-trace.ts";
import { type Engine, type Tensor, type TensorLike, toTensor } from "../tensor.ts";
import { isNested } from "./nest.ts";
import type { PlainObject } from "./options.ts";
import { session, type VariableScope } from "./session.ts";
import type { Variable } from "./variable.ts";

class RegionScope implements VariableScope {
  readonly engine: RegionTrace;
  readonly written = new Set<Variable>();
  private readonly values: Map<Variable, Tensor>;
  private readonly outer: VariableScope | undefined;

  constructor(engine: RegionTrace, outer: VariableScope | undefined, values: Map<Variable, Tensor>) {
    this.engine = engine;
    this.outer = outer;
    this.values = values;
  }

  read(variable: Variable): Tensor {
    const known = this.values.get(variable);
    if (known !== undefined) return known;
    const tensor = this.engine.adopt(this.outer?.read(variable) ?? variable.eager());
    this.values.set(variable, tensor);
    return tensor;
  }

  write(variable: Variable, value: Tensor): boolean {
    this.written.add(variable);
    this.values.set(variable, this.engine.adopt(value));
    return true;
  }
}

/** A traced body. */
export interface Traced {
  /** What the body returned, in its structure. */
  readonly result: unknown;
  /** The tensors of the result, in order, and the last values of the variables. */
  readonly leaves: readonly Tensor[];
  readonly finals: readonly Tensor[];
  /** The variables that the body assigns. */
  readonly written: ReadonlySet<Variable>;
  /** The region that returns these tensors. All regions of an op must be traced before one is closed. */
  close(returns: readonly Tensor[]): Block;
}

export interface RegionRequest {
  /** The engine around. */
  readonly outer: Engine;
  readonly captures: Captures;
  /** Types of the arguments before and behind the variables. */
  readonly before?: readonly TensorType[];
  readonly after?: readonly TensorType[];
  /** Variables whose last values are wanted. */
  readonly variables: readonly Variable[];
  /** Whether they are arguments, as in loops; those of a branch are captured. */
  readonly isLoop: boolean;
  body(before: readonly Tensor[], after: readonly Tensor[]): unknown;
}

/** Traces a body. The arguments of the region are `before`, the variables of a loop, `after`. */
export function traceRegion(request: RegionRequest): Traced {
  const { outer, captures, variables, isLoop, before = [], after = [], body } = request;
  const trace = new RegionTrace(opTable, outer, captures);
  const first = before.map((type) => trace.take(type));
  const values = new Map(isLoop ? variables.map((variable) => [variable, trace.take(variable)]) : []);
  const last = after.map((type) => trace.take(type));
  const scope = new RegionScope(trace, session.scope(), values);
  const result = session.within(scope, () => body(first, last));
  return {
    result,
    leaves: leavesOf(result).map((value) => trace.adopt(toTensor(value, trace))),
    finals: variables.map((variable) => trace.adopt(scope.read(variable))),
    written: scope.written,
    close: (returns) => trace.close(returns),
  };
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** The tensors of a structure, in order; none where there is no structure. Lists are lists here, those of plain numbers too. */
export function leavesOf(nest: unknown): TensorLike[] {
  if (nest === null || nest === undefined) return [];
  if (isList(nest)) return nest.flatMap(leavesOf);
  if (!isNested(nest)) return [nest as TensorLike];
  const entries = nest as PlainObject;
  return Object.keys(entries)
    .sort()
    .flatMap((key) => leavesOf(entries[key]));
}

/** The structure around other tensors, given in the order of `leavesOf`. */
export function packLeaves(like: unknown, tensors: readonly Tensor[]): unknown {
  let next = 0;
  const pack = (nest: unknown): unknown => {
    if (nest === null || nest === undefined) return null;
    if (isList(nest)) return nest.map(pack);
    if (!isNested(nest)) return tensors[next++];
    const entries = nest as PlainObject;
    const packed = new Map(Object.keys(entries).sort().map((key) => [key, pack(entries[key])])); // biome-ignore format: one line
    return Object.fromEntries(Object.keys(entries).map((key) => [key, packed.get(key)]));
  };
  return pack(like);
}

/**
 * Traces bodies until it is known which variables they assign: `attempt` gets those known so far and answers the bodies it traced. Returns its
 * last answer and the variables.
 */
export function settleVariables<T extends { readonly written: Iterable<Variable> }>(
  attempt: (variables: readonly Variable[]) => T,
): { readonly traced: T; readonly variables: readonly Variable[] } {
  let variables: readonly Variable[] = [];
  for (;;) {
    const traced = attempt(variables);
    const all = [...new Set([...variables, ...traced.written])];
    if (all.length === variables.length) return { traced, variables };
    variables = all;
  }
}
