// The op matrix: every op with every sample of it. infer = evaluate, gradient = central differences, wide = narrow evaluation. Targets
// add themselves where they are tested, over the same rows (`support/op-samples.ts`).

import { test } from "uvu";
import * as assert from "uvu/assert";
import { gradients } from "../compiler/autodiff.ts";
import { Builder } from "../ir/builder.ts";
import { isFloat } from "../ir/dtype.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import { bytesOf, type NDArray, sizeOf } from "../ir/ndarray.ts";
import type { OpDef, Tolerance } from "../ir/op.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import { printType } from "../ir/type.ts";
import { verifyFunc } from "../ir/verify-graph.ts";
import { type Closeness, difference } from "./support/close.ts";
import { floatArgs, gradientError, weightedSum } from "./support/differences.ts";
import { type OpSample, opSamples, sampleOperands } from "./support/op-samples.ts";
import { type Random, seeded } from "./support/seeded.ts";

const rows = opSamples(allOps, opTable);
const rowsOf = (def: OpDef): readonly OpSample[] => rows.filter((row) => row.def === def);

/** How far f32 may be from double precision; values are around 1. */
const closeness: Readonly<Record<Tolerance, Closeness>> = {
  exact: { absolute: 1e-6, relative: 1e-6 },
  rounding: { absolute: 1e-5, relative: 1e-5 },
  approx: { absolute: 1e-5, relative: 1e-5 },
};

/** Ops whose gradient is not their slope, each with its reason. */
const unlikeSlope: Readonly<Record<string, string>> = {
  stop_gradient: "it has none: that is what it is for",
  while_loop: "it has none, and says so",
};

test("ops have different names, and say what they are", () => {
  assert.is(opTable.size, allOps.length);
  for (const def of allOps) assert.match(def.doc, /\S/, def.name);
});

test("every op but the fused one, which passes make, has samples", () => {
  const without = allOps.filter((def) => def.samples.length === 0 && def.name !== "fused");
  assert.equal(
    without.map((def) => def.name),
    [],
  );
});

for (const def of allOps) {
  test(`${def.name}: samples are well-formed, and evaluate to the inferred types`, () => {
    for (const row of rowsOf(def)) inferIsEvaluate(row);
  });
  test(`${def.name}: f32 is double precision, rounded`, () => {
    for (const row of rowsOf(def)) wideIsNarrow(row);
  });
  if (def.gradient === undefined || Object.hasOwn(unlikeSlope, def.name)) continue;
  test(`${def.name}: gradient = central differences`, () => {
    for (const row of rowsOf(def)) gradientIsSlope(row, seeded(7));
  });
}

function inferIsEvaluate(row: OpSample): void {
  verifyFunc(row.func, opTable, row.label);
  const operands = sampleOperands(row, seeded(1));
  const before = operands.map((operand) => bytesOf(operand).slice());
  const results = evaluateFunc(row.func, operands, opTable);
  assert.equal(
    results.map(printType),
    row.func.body.returns.map((value) => printType(value.type)),
    row.label,
  );
  assert.equal(
    results.map(({ data }) => data.length),
    results.map(({ shape }) => sizeOf(shape)),
    row.label,
  );
  assert.equal(
    operands.map((operand) => bytesOf(operand).slice()),
    before,
    `${row.label} changes its operands`,
  );
}

function wideIsNarrow(row: OpSample): void {
  const narrow = sampleOperands(row, seeded(2));
  const wide = narrow.map(
    (array): NDArray =>
      array.dtype === "f32" ? { ...array, data: Float64Array.from(array.data, Number) } : array,
  );
  const results = evaluateFunc(row.func, narrow, opTable);
  evaluateFunc(row.func, wide, opTable, { wide: true }).forEach((exact, i) => {
    assert.is(difference(results[i], exact, closeness[row.def.tolerance]), undefined, row.label);
  });
}

/** Also of ops whose gradient is zero: then the differences are. */
function gradientIsSlope(row: OpSample, random: Random): void {
  const { args, ops, returns } = row.func.body;
  const results = returns.filter(({ type }) => isFloat(type.dtype));
  if (results.length === 0) return;
  const b = new Builder(opTable);
  b.ops.push(...ops);
  const arrays = sampleOperands(row, random, true);
  const loss = results.map((result) => weightedSum(b, result, random)).reduce(b.add);
  assert.is(gradientError({ b, args, arrays }, loss, floatArgs(args), random), undefined, row.label);
}

const smooth = [
  "mul",
  "div",
  "pow",
  "sqrt",
  "rsqrt",
  "exp",
  "log",
  "tanh",
  "sigmoid",
  "erf",
  "erfc",
  "erfinv",
  "expm1",
  "log1p",
  "atan2",
  "asin",
  "cosh",
  "cumulate",
  "recurrence",
  "reduce_prod",
  "sort",
  "take_along",
  "sin",
  "cos",
  "contract",
  "pad",
  "slice",
  "gather",
  "cond",
  "scan",
];

for (const name of smooth) {
  test(`${name}: the gradient differentiates again`, () => {
    for (const row of rows.filter(({ def }) => def.name === name)) secondGradientIsSlope(row, seeded(11));
  });
}

function secondGradientIsSlope(row: OpSample, random: Random): void {
  const { args, ops, returns } = row.func.body;
  if (!isFloat(returns[0].type.dtype)) return;
  const b = new Builder(opTable);
  b.ops.push(...ops);
  const arrays = sampleOperands(row, random, true);
  // Squared, so that linear ops have a second derivative too.
  const loss = weightedSum(b, b.mul(returns[0], returns[0]), random);
  const wrt = floatArgs(args);
  const firsts = gradients(b, loss, wrt).filter((dx) => dx !== undefined);
  const sum = firsts.map((dx) => weightedSum(b, dx, random)).reduce(b.add);
  assert.is(gradientError({ b, args, arrays }, sum, wrt, random, 12), undefined, row.label);
}

test.run();
