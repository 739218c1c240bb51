// Evaluates functions of a module by the names of their arguments, so that a module can be compared with what a pass made of it: the pass may
// drop parameters, and split what depends on them into a function `prepare`.

import { evaluateShape, symbolsOf } from "../../ir/dim.ts";
import { evaluateFunc } from "../../ir/evaluate.ts";
import type { ArgRole, Func, Module, ResultRole } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";
import { type Closeness, difference } from "./close.ts";
import { randomArray, seeded } from "./seeded.ts";

/** "input x", "param dense/kernel": what tells arguments and results apart. */
export const roleName = (role: ArgRole | ResultRole): string =>
  `${role.kind} ${"path" in role ? role.path : role.name}`;

export type Arrays = ReadonlyMap<string, NDArray>;

/** Elements for all arguments of a function, f32 in double precision; the symbols in their shapes are `size`. */
export function randomArrays(func: Func, seed: number, size: number): Arrays {
  const random = seeded(seed);
  const symbols = func.body.args.flatMap(({ type }) => symbolsOf(type.shape));
  const bindings = new Map(symbols.map((name) => [name, size]));
  return new Map(
    func.body.args.map(({ type }, i) => {
      const shape = evaluateShape(type.shape, bindings);
      const range = type.dtype === "f32" || type.dtype === "f64" ? ([-2, 2] as const) : ([0, 5] as const);
      return [roleName(func.args[i]), randomArray(random, type.dtype, shape, range, true)];
    }),
  );
}

/** The results of a function, by role. What is prepared is computed first. */
export function callFunc(module: Module, name: string, given: Arrays): Arrays {
  const func = module.funcs.find((candidate) => candidate.name === name);
  if (func === undefined) throw new Error(`no function ${name}`);
  const wantsPrepared = func.args.some((role) => role.kind === "prepared" && !given.has(roleName(role)));
  const all = new Map([...given, ...(wantsPrepared ? callFunc(module, `${name}.prepare`, given) : [])]);
  const args = func.args.map((role) => {
    const array = all.get(roleName(role));
    if (array === undefined) throw new Error(`no elements for ${roleName(role)}`);
    return array;
  });
  const results = evaluateFunc(func, args, opTable, { wide: true });
  return new Map(func.results.map((role, i) => [roleName(role), results[i]]));
}

interface Comparison {
  /** Values of the symbols to try. */
  readonly sizes?: readonly number[];
  /** What only `after` takes: constants that became parameters. */
  readonly constants?: Arrays;
}

/** Says where the functions of `before` compute something else in `after`; undefined when they do not. */
export function moduleDifference(
  before: Module,
  after: Module,
  seed: number,
  closeness: Closeness,
  { sizes = [1, 3], constants = new Map() }: Comparison = {},
): string | undefined {
  for (const func of before.funcs) {
    for (const size of sizes) {
      const given = randomArrays(func, seed, size);
      const got = callFunc(after, func.name, new Map([...constants, ...given]));
      for (const [role, expected] of callFunc(before, func.name, given)) {
        const array = got.get(role);
        const where = array === undefined ? "is missing" : difference(array, expected, closeness);
        if (where !== undefined) return `@${func.name}, ${role}, symbols ${size}: ${where}`;
      }
    }
  }
  return undefined;
}
