// Scalar semantics in WGSL: every basic operator and every conversion, on edge values of every dtype the target holds, against
// `applyScalar` and `convert`. Each dtype is one kernel with a result per operator, run on Dawn.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type DType, dtypes, isFloat, type TypedArray } from "../ir/dtype.ts";
import type { Expr, Kernel, Stmt } from "../ir/kernel.ts";
import {
  bitcast,
  cast,
  constant,
  forLoop,
  int,
  load,
  makeBuffer,
  makeVar,
  read,
  scalar,
  store,
} from "../ir/kernel.ts";
import { applyScalar, convert, type ScalarName, scalarNames, scalarResult, scalars } from "../ir/scalar.ts";
import { openDawn } from "./support/dawn.ts";
import { when } from "./support/wgsl-kernels.ts";
import { runKernel } from "./support/wgsl-run.ts";

const dawn = await openDawn();
const device = await dawn?.device();
test.after(() => dawn?.close());

const held: readonly DType[] = ["f32", "i32", "u32", "i16", "u16", "i8", "u8", "bool"];
const edges: { readonly [D in DType]?: readonly number[] } = {
  f32: [0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, 3.25, -7.75, 100, 16777216, 1e30, -1e30, Infinity, -Infinity, NaN],
  i32: [0, 1, -1, 2, -2, 7, -7, 31, 33, 255, -256, 65536, 2147483647, -2147483648, -2147483647],
  u32: [0, 1, 2, 7, 31, 33, 255, 65536, 2147483647, 2147483648, 4294967295],
  i16: [0, 1, -1, 2, 3, -7, 33, 255, -256, 32767, -32768],
  u16: [0, 1, 2, 3, 7, 33, 255, 256, 32768, 65535],
  i8: [0, 1, -1, 2, 3, -7, 33, 127, -128],
  u8: [0, 1, 2, 3, 7, 33, 128, 255],
  bool: [0, 1],
};

const onFloats: readonly ScalarName[] = ["floor", "ceil", "trunc", "round", "sqrt"];
const onIntegers: readonly ScalarName[] = ["shl", "shr"];
const onBits: readonly ScalarName[] = ["and", "or", "xor", "not"];
const onBool: readonly ScalarName[] = [...onBits, "lt", "le", "eq", "ne", "min", "max", "select"];

/** The operators that have a meaning on a dtype. */
function operatorsOn(dtype: DType): readonly ScalarName[] {
  const basic = scalarNames.filter((name) => scalars[name].basic);
  if (dtype === "bool") return basic.filter((name) => onBool.includes(name));
  if (isFloat(dtype)) return basic.filter((name) => !onIntegers.includes(name) && !onBits.includes(name));
  return basic.filter((name) => !onFloats.includes(name));
}

/** Which of the columns a, b and condition are an operator's arguments. */
function pick<T>(name: ScalarName, [a, b, condition]: readonly T[]): T[] {
  if (name === "select") return [condition, a, b];
  return name === "fma" ? [a, b, a] : [a, b].slice(0, scalars[name].arity);
}

interface Column {
  readonly dtype: DType;
  readonly values: readonly number[];
}

/** out[k][i] = expressions[k](inputs at i), run with eight threads to a workgroup. */
async function map(
  gpu: GPUDevice,
  inputs: readonly Column[],
  expressions: (args: readonly Expr[]) => readonly Expr[],
): Promise<TypedArray[]> {
  const size = inputs[0].values.length;
  const from = inputs.map(({ dtype }, at) => makeBuffer(`in${at}`, dtype, [size], "global"));
  const [group, thread, i] = ["group", "thread", "i"].map((name) => makeVar(name));
  const values = expressions(from.map((buffer) => load(buffer, [read(i)])));
  const to = values.map(({ dtype }, at) => makeBuffer(`out${at}`, dtype, [size], "global"));
  const body: Stmt[] = [
    { kind: "let", var: i, value: scalar("add", scalar("mul", read(group), int(8)), read(thread)) },
    when(scalar("lt", read(i), int(size)), ...values.map((value, k) => store(to[k], [read(i)], value))),
  ];
  const kernel: Kernel = {
    name: "map",
    params: [
      ...from.map((buffer) => ({ buffer, access: "read" as const })),
      ...to.map((buffer) => ({ buffer, access: "write" as const })),
    ],
    dims: [],
    body: [forLoop(group, int(Math.ceil(size / 8)), [forLoop(thread, int(8), body, "thread.x")], "grid.x")],
  };
  const arrays = inputs.map(({ dtype, values }) => {
    const array = dtypes[dtype].allocate(size);
    array.forEach((_, at) => {
      array[at] = values[at];
    });
    return array;
  });
  return runKernel(gpu, kernel, [...arrays, ...values.map(({ dtype }) => dtypes[dtype].allocate(size))]);
}

/** Equal, or both NaN, or floats within `ulp` of each other. Zeros of either sign are equal. */
function close(dtype: DType, got: number, want: number, ulp: number): boolean {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return true;
  return isFloat(dtype) && Math.abs(got - want) <= ulp * 2 ** -23 * Math.abs(want);
}

/** Whether the meaning, in double precision, is exact: integer products may not be, nor what single precision leaves of remainders. */
function isExact(name: ScalarName, dtype: DType, [a, b]: readonly number[]): boolean {
  if (name === "fma") return Math.abs(a * b) < 2 ** 53 || isFloat(dtype);
  if ((name !== "mod" && name !== "floordiv") || !isFloat(dtype)) return true;
  return Math.abs(a) < 1e6 && Number.isFinite(b);
}

for (const dtype of held) {
  test(`operators on ${dtype}`, async () => {
    if (device === undefined) return;
    const values = edges[dtype] ?? [];
    const rows = values.flatMap((a) => values.map((b, at) => [a, b, at % 3 === 0 ? 1 : 0]));
    const column = (type: DType, at: number): Column => ({ dtype: type, values: rows.map((row) => row[at]) });
    const names = operatorsOn(dtype);
    const inputs = [column(dtype, 0), column(dtype, 1), column("bool", 2)];
    const results = await map(device, inputs, (args) =>
      names.map((name) => scalar(name, ...pick(name, args))),
    );
    names.forEach((name, k) => {
      rows.forEach((row, at) => {
        const args = pick(name, row);
        if (!isExact(name, dtype, args)) return;
        const want = applyScalar(name, dtype, args);
        const got = Number(results[k][at]);
        const output = scalarResult(name, [dtype, dtype]);
        assert.ok(close(output, got, want, 4), `${name}(${args}) on ${dtype} is ${want}, got ${got}`);
      });
    });
  });

  test(`conversions of ${dtype}`, async () => {
    if (device === undefined) return;
    const extra =
      dtype === "f32" ? [127.5, 128, -128.9, 255.9, 256, 65535.5, 32768, 2147483648, 4294967296, -1e9] : [];
    const values = [...(edges[dtype] ?? []), ...extra];
    const results = await map(device, [{ dtype, values }], ([a]) => held.map((to) => cast(a, to)));
    held.forEach((to, k) => {
      values.forEach((value, at) => {
        const got = Number(results[k][at]);
        const want = convert(dtype, to, to === "f32" ? Math.fround(value) : value);
        assert.ok(close(to, got, want, 0), `${dtype} ${value} as ${to} is ${want}, got ${got}`);
      });
    });
  });

  test(`constants of ${dtype}`, async () => {
    if (device === undefined) return;
    const extreme = [3.4028234663852886e38, 1.1754943508222875e-38, 0.1, 1e-30, 123456792];
    const values = [...(edges[dtype] ?? []), ...(dtype === "f32" ? extreme : [])];
    const results = await map(device, [{ dtype, values: [0] }], () =>
      values.map((value) => constant(value, dtype)),
    );
    values.forEach((value, k) => {
      const got = Number(results[k][0]);
      const want = dtype === "f32" ? Math.fround(value) : value;
      assert.ok(close(dtype, got, want, 0), `constant ${value} of ${dtype}, got ${got}`);
    });
  });
}

test("bits of f32, and back, NaN included", async () => {
  if (device === undefined) return;
  const values = edges.f32 ?? [];
  const [words, back] = await map(device, [{ dtype: "f32", values }], ([x]) => [
    bitcast(x, "u32"),
    bitcast(scalar("add", bitcast(x, "i32"), int(0)), "f32"),
  ]);
  values.forEach((value, at) => {
    assert.ok(close("f32", Number(back[at]), Math.fround(value), 0), `${value}`);
    if (!Number.isNaN(value)) assert.is(words[at], new Uint32Array(new Float32Array([value]).buffer)[0]);
  });
});

test("operators on constants are evaluated before WGSL can reject them", async () => {
  if (device === undefined) return;
  const f = (value: number): Expr => constant(value, "f32");
  const results = await map(device, [{ dtype: "f32", values: [2] }], ([x]) => [
    scalar("div", f(1), f(0)),
    scalar("sqrt", f(-1)),
    scalar("mul", f(3e38), f(10)),
    scalar("div", cast(x, "i32"), int(0)),
    scalar("shl", cast(x, "i32"), int(33)),
    cast(f(3e9), "i32"),
    scalar("max", x, scalar("sub", f(Number.NaN), f(1))),
    scalar("min", f(Number.POSITIVE_INFINITY), x),
  ]);
  const got = results.map(([value]) => Number(value));
  assert.equal(got, [
    Number.POSITIVE_INFINITY,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0,
    4,
    2147483647,
    Number.NaN,
    2,
  ]);
});

test.run();
