// Random functions over the ops of ir/: what passes and targets are tried on. A seed decides the function; `shrinkFunc` makes a failing
// one as small as it gets.

import { dependenciesOf, withOperands } from "../../compiler/walk-graph.ts";
import { Builder } from "../../ir/builder.ts";
import { isStaticShape, type Shape } from "../../ir/dim.ts";
import type { ArgRole, BlockArg, Func, Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import { productions } from "./random-productions.ts";
import { count, n, type State } from "./random-state.ts";
import { randomArray, seeded } from "./seeded.ts";

export interface RandomGraphOptions {
  /** Productions to try (default 12). Some add several ops, some none. */
  readonly steps?: number;
  /** Whether axes may be the symbol `n` (default: half of the functions). */
  readonly symbolic?: boolean;
  /** Largest number of elements of a value, symbols counted as 3 (default 400). */
  readonly size?: number;
}

const inputShapes: readonly Shape[] = [[3], [2, 3], [4, 4], [2, 5, 3], [1, 4, 4, 2], [2, 4, 5, 2], []];

/** The function that a seed decides. */
export function randomFunc(seed: number, ops: OpTable, options: RandomGraphOptions = {}): Func {
  const random = seeded(seed);
  const { steps = 12, symbolic = random.chance(0.5), size = 400 } = options;
  const b = new Builder(ops);
  const args: BlockArg[] = [];
  const roles: ArgRole[] = [];
  const argument = (type: TensorType, role: ArgRole): BlockArg => {
    const arg: BlockArg = { kind: "arg", type, name: role.kind === "input" ? role.name : role.path };
    args.push(arg);
    roles.push(role);
    return arg;
  };
  const input = (): Value => {
    const shape = random.pick(inputShapes);
    const batched = symbolic ? [n, ...shape.slice(1)] : shape;
    return argument(tensorType("f32", batched), { kind: "input", name: `x${args.length}` });
  };
  const constant = (type: TensorType): Value => {
    if (!isStaticShape(type.shape)) return argument(type, { kind: "input", name: `x${args.length}` });
    if (random.chance(0.5)) return argument(type, { kind: "param", path: `w${args.length}` });
    return b.constant(randomArray(random, type.dtype, type.shape));
  };
  const first = input();
  const state: State = {
    random,
    b,
    pool: [first, ...(random.chance(0.5) ? [input()] : [])],
    limit: size,
    constant,
  };
  const weighted = productions.flatMap(([production, weight]) =>
    Array.from({ length: weight }, () => production),
  );
  for (let step = 0; step < steps; step++) {
    const value = random.pick(weighted)(state);
    if (value !== undefined && count(value.type.shape) <= size) state.pool.push(value);
  }
  const returns = [...new Set([state.pool[state.pool.length - 1], random.pick(state.pool)])];
  return {
    name: "random",
    body: b.block(args, returns),
    args: roles,
    results: returns.map((_, i) => ({ kind: "output", name: `y${i}` })),
  };
}

/** The smallest function found for which `fails` still holds: one result, as early as possible, with values on the way made inputs. */
export function shrinkFunc(func: Func, fails: (func: Func) => boolean): Func {
  const results = func.body.ops.flatMap((op) => op.results);
  const early = results.map((value) => returning(func, value)).find(fails);
  let smallest = early ?? func;
  for (const op of [...smallest.body.ops].reverse()) {
    const cut = withInput(smallest, op.results[0]);
    if (smallest.body.ops.includes(op) && !smallest.body.returns.includes(op.results[0]) && fails(cut))
      smallest = cut;
  }
  return smallest;
}

function returning(func: Func, value: Value): Func {
  const ops = dependenciesOf(func.body.ops, [value]);
  return {
    ...func,
    body: { args: func.body.args, ops, returns: [value] },
    results: [{ kind: "output", name: "y" }],
  };
}

/** The function with `value` as one more input. */
function withInput(func: Func, value: Value): Func {
  const arg: BlockArg = { kind: "arg", type: value.type, name: `cut${func.args.length}` };
  const mapping = new Map<Value, Value>([[value, arg]]);
  const resolve = (old: Value): Value => mapping.get(old) ?? old;
  const ops = func.body.ops.map((op) => {
    const copy = withOperands(op, op.operands.map(resolve));
    op.results.forEach((result, i) => {
      if (result !== value && copy !== op) mapping.set(result, copy.results[i]);
    });
    return copy;
  });
  const returns = func.body.returns.map(resolve);
  const body = { args: [...func.body.args, arg], ops: dependenciesOf(ops, returns), returns };
  return { ...func, body, args: [...func.args, { kind: "input", name: `cut${func.args.length}` }] };
}
