// The expansions of exp, log, tanh ... against double precision: every bound that ir/scalar.ts states is measured here, on a stride
// through all 2^32 arguments and on the ranges where the work is. Prints the table of errors.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { Unsupported } from "../ir/errors.ts";
import { expandKernel } from "../ir/expand.ts";
import { interpretKernel } from "../ir/interpret.ts";
import {
  add,
  type Expr,
  forLoop,
  int,
  type Kernel,
  load,
  makeBuffer,
  makeVar,
  mul,
  read,
  type Stmt,
  scalar,
  store,
} from "../ir/kernel.ts";
import { type ScalarName, scalarNames, scalars } from "../ir/scalar.ts";
import { freeVars, visitExprs, visitStmts } from "../ir/walk-kernel.ts";

/** out[i] = f(x[i], y[i]), `lanes` at a time. */
function mapKernel(name: ScalarName, size: number, lanes = 1, dtype: "f32" | "f64" | "i32" = "f32"): Kernel {
  const inputs = ["x", "y"].slice(0, scalars[name].arity).map((n) => makeBuffer(n, dtype, [size], "global"));
  const out = makeBuffer("out", dtype, [size], "global");
  const i = makeVar("i");
  const at = [lanes === 1 ? read(i) : mul(read(i), int(lanes))];
  const value = scalar(name, ...inputs.map((buffer) => load(buffer, at, lanes)));
  return {
    name: `map_${name}`,
    params: [
      ...inputs.map((buffer) => ({ buffer, access: "read" as const })),
      { buffer: out, access: "write" as const },
    ],
    dims: [],
    body: [forLoop(i, int(size / lanes), [store(out, at, value)])],
  };
}

function evaluate(name: ScalarName, inputs: readonly Float32Array[], lanes = 1): Float32Array {
  const out = new Float32Array(inputs[0].length);
  const kernel = expandKernel(mapKernel(name, out.length, lanes));
  interpretKernel(
    kernel,
    [...inputs, out].map((data) => ({ data })),
  );
  return out;
}

/** The distance of two neighbouring f32 numbers at `y`. */
function ulpAt(y: number): number {
  const magnitude = Math.abs(Math.fround(y));
  if (magnitude < 2 ** -126) return 2 ** -149;
  return 2 ** (Math.min(127, Math.floor(Math.log2(magnitude))) - 23);
}

/** The error in ULP; infinite where NaN, infinity or the sign of a zero is wrong. Beyond the largest number, infinity counts as 2^128. */
function errorOf(got: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Number.isNaN(exact) || Number.isNaN(got))
    return Number.isNaN(exact) && Number.isNaN(got) ? 0 : Infinity;
  if (exact === 0) return Object.is(got, exact) ? 0 : Infinity;
  if (Math.sign(got) * Math.sign(exact) < 0) return Infinity;
  if (Number.isFinite(got) && Number.isFinite(rounded)) return Math.abs(got - exact) / ulpAt(exact);
  if (got === rounded) return 0;
  const cap = (value: number): number => Math.min(Math.abs(value), 2 ** 128);
  return Math.abs(cap(got) - cap(exact)) / 2 ** 104;
}

const specials = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  -2,
  3,
  -3,
  Infinity,
  -Infinity,
  Number.NaN,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
];
const extremes = [
  3.4028234663852886e38,
  -3.4028234663852886e38,
  2 ** 24,
  2 ** 24 + 2,
  88.72283,
  88.72284,
  -103.97,
  -104,
  1e-30,
];

/** A fixed sequence of f32 numbers in [low, high). */
function spread(count: number, low: number, high: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => low + (high - low) * ((i * 0.6180339887498949) % 1));
}

/** Bit patterns on a stride: all exponents and signs. */
function sweep(count: number): Float32Array {
  const stride = Math.floor(2 ** 32 / count) | 1;
  return new Float32Array(Uint32Array.from({ length: count }, (_, i) => i * stride).buffer);
}

function concatenate(...parts: readonly (Float32Array | readonly number[])[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const unaryPoints = (): Float32Array =>
  concatenate(
    specials,
    extremes,
    sweep(120_000),
    spread(60_000, -1.2, 1.2),
    spread(60_000, -20, 20),
    spread(30_000, -110, 100),
  );

/** Pairs: everything special with everything special, powers near overflow, bases near 1, whole exponents, any bits. */
function powPoints(): [Float32Array, Float32Array] {
  const all = [...specials, ...extremes];
  const [bases, exponents] = [spread(20_000, -20, 20), spread(20_000, -1, 1)];
  const x = concatenate(
    all.flatMap((a) => all.map(() => a)),
    bases.map((e) => 2 ** e),
    bases.map((e) => 1 + e * 2e-4),
    bases.map((b) => b * 4),
    sweep(20_000),
  );
  const y = concatenate(
    all.flatMap(() => all),
    exponents.map((e, i) => (e * 140) / Math.max(0.01, Math.abs(bases[i]))),
    exponents.map((e) => e * 3e4),
    exponents.map((e) => Math.round(e * 20)),
    sweep(20_000).reverse(),
  );
  return [x, y];
}

interface Worst {
  readonly error: number;
  readonly at: string;
}

function measure(name: ScalarName): Worst {
  const inputs = scalars[name].arity === 2 ? powPoints() : [unaryPoints()];
  const got = evaluate(name, inputs);
  let worst: Worst = { error: 0, at: "" };
  got.forEach((value, i) => {
    const args = inputs.map((input) => input[i]);
    const exact = scalars[name].meaning(...args);
    const error = errorOf(value, exact);
    if (error > worst.error) worst = { error, at: `${name}(${args}) = ${value}, exactly ${exact}` };
  });
  return worst;
}

const complexScalars = scalarNames.filter((name) => !scalars[name].basic);

for (const name of complexScalars) {
  test(`${name} is within its bound`, () => {
    const { error, at } = measure(name);
    const bound = scalars[name].ulp ?? 0;
    console.log(`${name.padEnd(8)} ${error.toFixed(3).padStart(6)} ULP, bound ${bound}   ${at}`);
    assert.ok(error <= bound, `${error} ULP: ${at}`);
  });

  test(`${name} gives vectors the bits of scalars`, () => {
    const points = concatenate(sweep(3_000), spread(1_000, -20, 20));
    const inputs = [points, points.slice().reverse()].slice(0, scalars[name].arity);
    const bits = (array: Float32Array): number[] => [...new Int32Array(array.buffer)];
    assert.equal(bits(evaluate(name, inputs, 4)), bits(evaluate(name, inputs)));
  });
}

test("only basic scalars are left, and every variable is bound before it is read", () => {
  for (const name of complexScalars) {
    const { body } = expandKernel(mapKernel(name, 8, 4));
    assert.is(freeVars(body).size, 0);
    visitExprs(body, (expr) => assert.ok(expr.kind !== "scalar" || scalars[expr.name].basic, name));
  }
});

test("what a statement uses twice is computed once", () => {
  const x = makeBuffer("x", "f32", [4], "global");
  const out = makeBuffer("out", "f32", [4], "global");
  const silu = (): Expr =>
    mul(load(x, [add(int(1), int(2))]), scalar("sigmoid", load(x, [add(int(1), int(2))])));
  const kernel: Kernel = {
    name: "silu_twice",
    params: [],
    dims: [],
    body: [store(out, [int(0)], add(silu(), silu()))],
  };
  const loads: Stmt[] = [];
  visitStmts(expandKernel(kernel).body, (stmt) => {
    if (stmt.kind === "let" && stmt.value.kind === "load") loads.push(stmt);
    if (stmt.kind === "store") visitExprs(stmt.value, (expr) => assert.is.not(expr.kind, "load"));
  });
  assert.is(loads.length, 1);
});

test("a kernel of basic scalars is returned as it is", () => {
  const kernel = mapKernel("add", 4);
  assert.is(expandKernel(kernel), kernel);
});

test("f64 and integers say that they are unsupported, but for those that are general", () => {
  assert.throws(
    () => expandKernel(mapKernel("exp", 4, 1, "f64")),
    (error: unknown) => error instanceof Unsupported && error.message.includes("exp of f64"),
  );
  assert.throws(() => expandKernel(mapKernel("pow", 4, 1, "i32")), /pow of i32/);
  const out = new Int32Array(3);
  interpretKernel(expandKernel(mapKernel("sign", 3, 1, "i32")), [
    { data: new Int32Array([-7, 0, 7]) },
    { data: out },
  ]);
  assert.equal([...out], [-1, 0, 1]);
});

test.run();
