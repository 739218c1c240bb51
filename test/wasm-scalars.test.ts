// Scalar semantics in WASM: every basic operator and every conversion, on edge values of every dtype, as scalars and as vectors, against
// `applyScalar` and `convert`. Each dtype is one kernel with a result per operator.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type DType, dtypes, isFloat, type TypedArray } from "../ir/dtype.ts";
import { Unsupported } from "../ir/errors.ts";
import { bitcast, cast, constant, type Expr, int, load, mul, scalar, store } from "../ir/kernel.ts";
import { applyScalar, convert, type ScalarName, scalarNames, scalarResult, scalars } from "../ir/scalar.ts";
import {
  bundleOf,
  globalBuffer,
  input,
  kernelOf,
  launch,
  loopOf,
  output,
  programOf,
} from "./support/wasm-kernels.ts";
import { arrayOf, assertSame, modelOf, runModel } from "./support/wasm-run.ts";

const small = [0, 1, 2, 3, 7, 33];
const edges = {
  f32: [
    0,
    -0,
    1,
    -1,
    0.5,
    1.5,
    2.5,
    -2.5,
    3.25,
    -7.75,
    100,
    255.5,
    16777216,
    2 ** -149,
    2 ** 100,
    -(2 ** 100),
    Infinity,
    -Infinity,
    NaN,
  ],
  f64: [
    0,
    -0,
    1,
    -1,
    0.5,
    1.5,
    2.5,
    -2.5,
    1e-300,
    4294967296.5,
    -4294967296.5,
    1e300,
    Infinity,
    -Infinity,
    NaN,
  ],
  i32: [...small, -1, -2, -7, 31, 255, -256, 65536, 2147483647, -2147483648, -2147483647],
  u32: [...small, 31, 255, 65536, 2147483647, 2147483648, 4294967295],
  i16: [...small, -1, -7, 255, -256, 32767, -32768],
  u16: [...small, 255, 256, 32768, 65535],
  i8: [...small, -1, -7, 127, -128],
  u8: [...small, 128, 255],
  i64: [...small, -1, -7, 2 ** 31, -(2 ** 31), 2 ** 40, -(2 ** 40)],
  u64: [...small, 2 ** 31, 2 ** 40],
  bool: [0, 1],
} as const satisfies { readonly [D in DType]?: readonly number[] };
type Held = keyof typeof edges;
const held = Object.keys(edges) as Held[];
const vectors: readonly Held[] = ["f32", "i32", "u32", "i16", "u16", "i8", "u8", "bool"];

const onFloats: readonly ScalarName[] = ["sqrt"];
const onBits: readonly ScalarName[] = ["and", "or", "xor", "not"];
const onIntegers: readonly ScalarName[] = ["shl", "shr"];
const notOnBool: readonly ScalarName[] = ["div", "floordiv", "mod", "shl", "shr"];
// In 64 bits the table's shifts are those of 32-bit numbers, and products leave the integers that doubles hold.
const notOn64: readonly ScalarName[] = ["shl", "shr", "mul", "fma", "and", "or", "xor", "not", "neg", "sub"];

function operatorsOn(dtype: Held): readonly ScalarName[] {
  const basic = scalarNames.filter((name) => scalars[name].basic);
  if (dtype === "bool") return basic.filter((name) => !notOnBool.includes(name));
  if (isFloat(dtype)) return basic.filter((name) => !onIntegers.includes(name) && !onBits.includes(name));
  const integral = basic.filter((name) => !onFloats.includes(name));
  return dtype.endsWith("64") ? integral.filter((name) => !notOn64.includes(name)) : integral;
}

interface Column {
  readonly dtype: DType;
  readonly values: readonly number[];
}

/** All expressions of the inputs, one element or one vector at a time. Sizes are multiples of the lanes. */
function map(
  inputs: readonly Column[],
  lanes: number,
  expressions: (args: readonly Expr[]) => readonly Expr[],
): TypedArray[] {
  const size = inputs[0].values.length;
  const from = inputs.map(({ dtype }, at) => globalBuffer(`in${at}`, size, dtype));
  const probe = expressions(from.map((buffer) => load(buffer, [int(0)], lanes)));
  const to = probe.map(({ dtype }, at) => globalBuffer(`out${at}`, size, dtype));
  const body = loopOf("i", size / lanes, (i) => {
    const index = mul(i, int(lanes));
    return expressions(from.map((buffer) => load(buffer, [index], lanes))).map((value, k) =>
      store(to[k], [index], value),
    );
  });
  const kernel = kernelOf(
    "map",
    [...from.map((b) => ["read", b] as const), ...to.map((b) => ["write", b] as const)],
    [body],
  );
  const ins = from.map(({ dtype }, at) => input(at, size, dtype));
  const outs = to.map(({ dtype }, at) => output(at, size, dtype));
  const program = programOf("main", ins, outs, [launch(kernel, [...ins, ...outs])]);
  return runModel(
    modelOf(bundleOf([program])),
    program,
    inputs.map(({ dtype, values }) => arrayOf(dtype, values)),
  );
}

const padded = (values: readonly number[]): number[] => {
  const rest = (4 - (values.length % 4)) % 4;
  return [...values, ...values.slice(0, rest)];
};

/** All pairs of edge values, and conditions that alternate. */
function pairs(dtype: Held): readonly Column[] {
  const values: readonly number[] = edges[dtype];
  const a = padded(values.flatMap((x) => values.map(() => x)));
  const b = padded(values.flatMap(() => values));
  return [
    { dtype, values: a },
    { dtype, values: b },
    { dtype: "bool", values: a.map((_, i) => i % 2) },
  ];
}

/** Which of the columns a, b and condition are an operator's arguments. */
function pick<T>(name: ScalarName, [a, b, condition]: readonly T[]): T[] {
  if (name === "select") return [condition, a, b];
  return name === "fma" ? [a, b, a] : [a, b].slice(0, scalars[name].arity);
}

function meaning(name: ScalarName, dtype: DType, args: readonly number[]): number {
  // Two roundings, as this target's fma has.
  const product = (): number => applyScalar("mul", dtype, args.slice(0, 2));
  return name === "fma" ? applyScalar("add", dtype, [product(), args[2]]) : applyScalar(name, dtype, args);
}

function expectedOf(name: ScalarName, dtype: DType, columns: readonly Column[]): TypedArray {
  const values = columns[0].values.map((_, i) =>
    meaning(
      name,
      dtype,
      pick(
        name,
        columns.map((column) => column.values[i]),
      ),
    ),
  );
  return arrayOf(
    scalarResult(
      name,
      pick(
        name,
        columns.map((column) => column.dtype),
      ),
    ),
    values,
  );
}

function checkOperators(dtype: Held, lanes: number): void {
  const names = operatorsOn(dtype);
  const columns = pairs(dtype);
  const results = map(columns, lanes, (args) => names.map((name) => scalar(name, ...pick(name, args))));
  names.forEach((name, k) => {
    assertSame(`${name} on ${dtype} x ${lanes}`, results[k], expectedOf(name, dtype, columns));
  });
}

for (const dtype of held) {
  test(`operators on ${dtype} agree with the scalar table`, () => checkOperators(dtype, 1));
  if (vectors.includes(dtype))
    test(`operators on vectors of ${dtype} do too`, () => checkOperators(dtype, 4));
}

const divisors = [1, 2, 3, 7, 8, 10, 28, 1024, -1, -3, 0];
for (const dtype of ["i32", "u32", "i8", "i64"] as const) {
  test(`divisions of ${dtype} by constants`, () => {
    const column: Column = { dtype, values: padded(edges[dtype]) };
    const names = ["div", "floordiv", "mod"] as const;
    const by = divisors.filter((divisor) => divisor >= 0 || dtype !== "u32");
    const lanes = dtype === "i64" ? 1 : 4;
    for (const width of new Set([1, lanes])) {
      const results = map([column], width, ([a]) =>
        names.flatMap((name) => by.map((divisor) => scalar(name, a, constant(divisor, dtype, width)))),
      );
      names.forEach((name, n) => {
        by.forEach((divisor, d) => {
          const expected = column.values.map((value) => applyScalar(name, dtype, [value, divisor]));
          assertSame(`${name} by ${divisor}`, results[n * by.length + d], arrayOf(dtype, expected));
        });
      });
    }
  });
}

test("min and max of vectors with constants propagate NaN and the sign of zero", () => {
  const column: Column = { dtype: "f32", values: padded(edges.f32) };
  const bounds = [0, -0, 1, -1, 6, Infinity, NaN];
  for (const name of ["min", "max"] as const) {
    const results = map([column], 4, ([a]) => [
      ...bounds.map((bound) => scalar(name, a, constant(bound, "f32", 4))),
      ...bounds.map((bound) => scalar(name, constant(bound, "f32"), a)),
    ]);
    [...bounds, ...bounds].forEach((bound, k) => {
      const expected = column.values.map((value) => applyScalar(name, "f32", [value, bound]));
      assertSame(`${name} with ${bound}`, results[k], arrayOf("f32", expected));
    });
  }
});

test("shifts by constants and by vectors", () => {
  const column: Column = { dtype: "u32", values: padded(edges.u32) };
  const results = map([column], 4, ([a]) => [
    scalar("shl", a, constant(13, "u32")),
    scalar("shr", a, constant(19, "u32")),
  ]);
  assertSame(
    "shl",
    results[0],
    arrayOf(
      "u32",
      column.values.map((value) => value << 13),
    ),
  );
  assertSame(
    "shr",
    results[1],
    arrayOf(
      "u32",
      column.values.map((value) => value >>> 19),
    ),
  );
});

function checkCasts(from: Held, lanes: number, to: readonly Held[]): void {
  const column: Column = { dtype: from, values: padded(edges[from]) };
  const results = map([column], lanes, ([a]) => to.map((dtype) => (dtype === from ? a : cast(a, dtype))));
  to.forEach((dtype, k) => {
    const expected = column.values.map((value) => convert(from, dtype, value));
    assertSame(`${from} to ${dtype} x ${lanes}`, results[k], expectedCast(dtype, expected));
  });
}

/** 64-bit results beyond what a double holds saturate one or 1024 away from the table's figure. */
function expectedCast(dtype: DType, values: readonly number[]): ArrayLike<number | bigint> {
  if (dtype !== "i64" && dtype !== "u64") return arrayOf(dtype, values);
  const limit = dtype === "i64" ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  return values.map((value) => {
    if (value >= Number(limit) - 4096) return limit;
    return dtype === "u64" ? BigInt.asUintN(64, BigInt(value)) : BigInt(value);
  });
}

for (const from of held) {
  test(`casts from ${from} agree with convert`, () => checkCasts(from, 1, held));
  if (vectors.includes(from))
    test(`casts of vectors from ${from} do too`, () => checkCasts(from, 4, vectors));
}

const widths: readonly (readonly Held[])[] = [
  ["f32", "i32", "u32"],
  ["f64", "i64", "u64"],
  ["i16", "u16"],
  ["i8", "u8", "bool"],
];
test("bitcasts keep the bits", () => {
  for (const from of held) {
    const peers = widths.find((group) => group.includes(from)) ?? [];
    const values =
      from === "u8" || from === "i8"
        ? [0, 1, 0, 1]
        : padded(edges[from].filter((value) => !Number.isNaN(value)));
    const lanes = vectors.includes(from) ? [1, 4] : [1];
    for (const width of lanes) {
      const results = map([{ dtype: from, values }], width, ([a]) => peers.map((dtype) => bitcast(a, dtype)));
      const bits = arrayOf(from, values).buffer;
      peers.forEach((dtype, k) => {
        assertSame(`${from} as ${dtype} x ${width}`, results[k], dtypes[dtype].view(bits, 0, values.length));
      });
    }
  }
});

test("vectors of 64 bits are refused with a hint", () => {
  const refused = (run: () => unknown): void => {
    assert.throws(run, (error: unknown) => error instanceof Unsupported && error.facts.hint !== undefined);
  };
  refused(() => map([{ dtype: "f64", values: [0, 0, 0, 0] }], 4, ([a]) => [a]));
  refused(() => map([{ dtype: "f32", values: [0, 0, 0, 0] }], 4, ([a]) => [scalar("shl", a, a)]));
});

test.run();
