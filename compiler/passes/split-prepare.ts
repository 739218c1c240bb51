/**
 * Splits what depends on parameters only (and constants) off each function: `f` becomes `f.prepare(params)`, whose results are `prepared`, and
 * `f(inputs, params still needed, prepared)`. An artifact ships the results of `prepare`; in a process it runs when weights change.
 *
 * Moved is only what does work: a bare view of a parameter costs nothing where it is. A result much larger than what it was made from (two
 * vectors broadcast against each other) stays where it is used, and what it is made from is prepared instead.
 */

import { Builder } from "../../ir/builder.ts";
import { isStaticShape } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { BlockArg, Func, Module, Op, Value } from "../../ir/graph.ts";
import { sizeOf } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import type { TensorType } from "../../ir/type.ts";
import type { Pass } from "../pass.ts";
import { isSizeOp } from "../rules/facts.ts";
import { countUses, dependenciesOf, type Mapping, replaceResults, withOperands } from "../walk-graph.ts";

/** How many times larger than its sources a prepared value may be (a Winograd transform of 4x4 tiles is), and what is always small enough. */
const growth = 4;
const small = 1 << 16;

const bytesOf = ({ dtype, shape }: TensorType): number =>
  isStaticShape(shape) ? sizeOf(shape) * byteWidth(dtype) : Number.POSITIVE_INFINITY;

const isFree = (op: Op, ops: OpTable): boolean =>
  ["view", "alias"].includes(ops.get(op.name)?.lower.kind ?? "");

/**
 * The bytes to store for having each value that depends on parameters and constants only; 0 for constants alone, which are cheaper computed
 * where they are used. A value that is not in it depends on something else, or is too large.
 */
function storageOf(func: Func, ops: OpTable): ReadonlyMap<Value, number> {
  const bytes = new Map<Value, number>();
  func.body.args.forEach((arg, i) => {
    if (func.args[i].kind === "param") bytes.set(arg, bytesOf(arg.type));
  });
  for (const op of func.body.ops) {
    if (isSizeOp(op) || op.operands.some((operand) => !bytes.has(operand))) continue;
    const sources = op.operands.reduce((sum, operand) => sum + (bytes.get(operand) ?? 0), 0);
    const made = op.results.map(({ type }) => (isFree(op, ops) || sources === 0 ? sources : bytesOf(type)));
    const total = made.reduce((a, b) => a + b, 0);
    if (total > Math.max(small, growth * sources)) continue;
    op.results.forEach((result, i) => bytes.set(result, made[i]));
  }
  return bytes;
}

/** The values to prepare: what the rest of the function and the returns want of them, without the views on top, where work is left. */
function frontier(func: Func, storage: ReadonlyMap<Value, number>, ops: OpTable): readonly Value[] {
  const wanted = new Set<Value>();
  const want = (value: Value): void => {
    if (value.kind === "arg" || !storage.get(value)) return;
    if (isFree(value.op, ops)) want(value.op.operands[0]);
    else wanted.add(value);
  };
  for (const op of func.body.ops)
    if (op.results.some((result) => !storage.has(result))) op.operands.forEach(want);
  func.body.returns.forEach(want);
  return [...wanted];
}

/** The function from parameters to `values`. All of it is a copy: two functions share no ops. */
function prepareFunc(func: Func, values: readonly Value[], paths: readonly string[], ops: OpTable): Func {
  const needed = dependenciesOf(func.body.ops, values);
  const uses = countUses({ args: [], ops: needed, returns: [] });
  const given = func.body.args.filter((arg) => uses.has(arg));
  const args = given.map((arg): BlockArg => ({ ...arg }));
  const b = new Builder(ops);
  const returns = b.inline({ args: given, ops: needed, returns: values }, args);
  return {
    name: `${func.name}.prepare`,
    body: b.block(args, returns),
    args: func.args.filter((_, i) => uses.has(func.body.args[i])),
    results: paths.map((path) => ({ kind: "prepared", path })),
  };
}

/** The function with `values` as arguments. */
function mainFunc(func: Func, values: readonly Value[], paths: readonly string[]): Func {
  const prepared = values.map(({ type }, i): BlockArg => ({ kind: "arg", type, name: paths[i] }));
  const mapping: Mapping = new Map(values.map((value, i) => [value, prepared[i]]));
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  const rebuilt = func.body.ops.map((op) => {
    const copy = withOperands(op, op.operands.map(resolve));
    replaceResults(
      op,
      op.results.map((result, i) => mapping.get(result) ?? copy.results[i]),
      mapping,
    );
    return copy;
  });
  const returns = func.body.returns.map(resolve);
  const ops = dependenciesOf(rebuilt, returns);
  const uses = countUses({ args: [], ops, returns });
  const keep = func.args.map((role, i) => role.kind !== "param" || uses.has(func.body.args[i]));
  return {
    ...func,
    args: [
      ...func.args.filter((_, i) => keep[i]),
      ...paths.map((path) => ({ kind: "prepared", path }) as const),
    ],
    body: { args: [...func.body.args.filter((_, i) => keep[i]), ...prepared], ops, returns },
  };
}

function split(func: Func, taken: ReadonlySet<string>, ops: OpTable): readonly Func[] {
  if (taken.has(`${func.name}.prepare`) || func.results.every((role) => role.kind === "prepared"))
    return [func];
  const values = frontier(func, storageOf(func, ops), ops);
  if (values.length === 0) return [func];
  const paths = values.map((_, i) => `${func.name}/${i}`);
  return [prepareFunc(func, values, paths, ops), mainFunc(func, values, paths)];
}

export const splitPrepare: Pass = {
  name: "split-prepare",
  doc: "No function computes at every call what depends on parameters only.",
  run(module: Module, { ops }): Module {
    const taken = new Set(module.funcs.map((func) => func.name));
    const funcs = module.funcs.flatMap((func) => split(func, taken, ops));
    return funcs.length === module.funcs.length ? module : { funcs };
  },
};
