// Gradients against central differences. Everything is evaluated in double precision, so what remains is the truncation error of the
// differences, about step^2.

import { gradients } from "../../compiler/autodiff.ts";
import type { Builder } from "../../ir/builder.ts";
import { isFloat } from "../../ir/dtype.ts";
import { evaluateBlock } from "../../ir/evaluate.ts";
import type { BlockArg, Op, Value } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";
import { type Random, randomArray } from "./seeded.ts";

const step = 1e-5;
const tolerance = 1e-5;

export interface GradientCase {
  readonly b: Builder;
  /** The arguments of what `b` holds, and elements for them in double precision. */
  readonly args: readonly BlockArg[];
  readonly arrays: readonly NDArray[];
  /** Values of the symbols in shapes. */
  readonly sizes?: ReadonlyMap<string, number>;
}

/** The values of `returns`, computed by `ops`. */
const evaluate = (
  ops: readonly Op[],
  { args, sizes = new Map() }: GradientCase,
  arrays: readonly NDArray[],
  returns: readonly Value[],
): readonly NDArray[] => evaluateBlock({ args, ops, returns }, arrays, opTable, sizes, { wide: true });

/** The sum of random multiples of all elements: a scalar whose gradient tells every element from the others. */
export function weightedSum(
  b: Builder,
  value: Value,
  random: Random,
  shape = value.type.shape.map(Number),
): Value {
  const weights = b.constant(randomArray(random, value.type.dtype, shape, [0.5, 1.5]));
  return b.sum(
    b.mul(value, weights),
    value.type.shape.map((_, axis) => axis),
  );
}

/**
 * Compares the gradient of `loss` with respect to float arguments to central differences at up to `probes` elements each. Says where they
 * differ; undefined when they do not.
 */
export function gradientError(
  given: GradientCase,
  loss: Value,
  wrt: readonly BlockArg[],
  random: Random,
  probes = 40,
): string | undefined {
  const { b, args, arrays } = given;
  const forward = [...b.ops];
  const dxs = gradients(b, loss, wrt);
  const present = dxs.filter((dx) => dx !== undefined);
  const values = evaluate(b.ops, given, arrays, present);
  for (const [i, arg] of wrt.entries()) {
    const at = args.indexOf(arg);
    const dx = dxs[i];
    const got = dx === undefined ? undefined : values[present.indexOf(dx)];
    const { length } = arrays[at].data;
    const elements =
      length <= probes
        ? Array.from({ length }, (_, j) => j)
        : Array.from({ length: probes }, () => random.integer(0, length - 1));
    for (const j of elements) {
      const expected = slope(forward, given, loss, at, j);
      const found = got === undefined ? 0 : Number(got.data[j]);
      if (!(Math.abs(found - expected) <= tolerance * (1 + Math.abs(expected)))) {
        return `d loss / d argument ${at} [${j}]: expected ${expected}, got ${found}`;
      }
    }
  }
  return undefined;
}

/** The central difference of `loss` in one element of one argument. */
function slope(
  ops: readonly Op[],
  given: GradientCase,
  loss: Value,
  argument: number,
  element: number,
): number {
  const at = (offset: number): number => {
    const moved = given.arrays.map((array, i) =>
      i === argument ? { ...array, data: array.data.slice() } : array,
    );
    const { data } = moved[argument];
    data[element] = Number(data[element]) + offset;
    return Number(evaluate(ops, given, moved, [loss])[0].data[0]);
  };
  return (at(step) - at(-step)) / (2 * step);
}

/** The arguments with a float type. */
export const floatArgs = (args: readonly BlockArg[]): readonly BlockArg[] =>
  args.filter((arg) => isFloat(arg.type.dtype));
