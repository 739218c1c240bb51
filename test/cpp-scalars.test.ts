// deadline: 240
/**
 * Every basic scalar operator and every conversion in emitted C++, on edge values, one element and eight at a time: the same as
 * `applyScalar` and `convert` say, bit for bit (either zero, any NaN).
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NativeLoader, type NativeModel } from "../compiler/backends/native.ts";
import { type DType, dtypes, isFloat, isInteger, type TypedArray } from "../ir/dtype.ts";
import { bitcast, cast, type Expr, scalar } from "../ir/kernel.ts";
import type { Program } from "../ir/program.ts";
import {
  applyScalar,
  type BasicScalar,
  convert,
  type ScalarName,
  scalarNames,
  scalars,
  wrap,
} from "../ir/scalar.ts";
import { bundleOf, elementwise, programOf } from "./support/native-bundle.ts";
import { requireTool } from "./support/tools.ts";

const tested: readonly DType[] = ["f32", "f64", "i8", "u8", "i16", "u16", "i32", "u32", "bool"];

const floats = [0, -0, 1, -1, 0.1, 0.5, 1.5, 2.5, -2.5, -0.5, 126.7, 255.5, 2147483648, -2147483648, 3e9, 1e-40, 3e38,
  Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]; // biome-ignore format: a list
const integers = [
  0, 1, 2, 3, 7, 31, 32, 33, 127, 128, 255, 32767, 65535, 2147483647, -1, -2, -7, -128, -32768, -2147483648,
];

const edgesOf = (dtype: DType): readonly number[] => [
  ...new Set(
    (isFloat(dtype) ? floats : dtype === "bool" ? [0, 1] : integers).map((value) => wrap(dtype, value)),
  ),
];

interface Case {
  readonly program: Program;
  readonly inputs: readonly (readonly number[])[];
  readonly dtypes: readonly DType[];
  readonly result: DType;
  readonly expected: (args: readonly number[]) => number;
  /** Allowed error, for the arguments. */
  readonly slack?: (args: readonly number[]) => number;
}

const isBasic = (name: ScalarName): name is BasicScalar => scalars[name].basic;
const onFloats: ReadonlySet<ScalarName> = new Set(["sqrt"]);
const onBits: ReadonlySet<ScalarName> = new Set(["and", "or", "xor", "not"]);
const onIntegers: ReadonlySet<ScalarName> = new Set(["shl", "shr"]);
const notOnBool: ReadonlySet<ScalarName> = new Set([
  "div",
  "floordiv",
  "mod",
  "fma",
  "neg",
  "abs",
  "floor",
  "ceil",
  "trunc",
  "round",
]);

function applies(name: ScalarName, dtype: DType): boolean {
  if (onFloats.has(name)) return isFloat(dtype);
  if (onBits.has(name)) return !isFloat(dtype);
  if (onIntegers.has(name)) return isInteger(dtype);
  return dtype !== "bool" || !notOnBool.has(name);
}

/** All combinations of edge values, as one array per argument. */
function combinations(types: readonly DType[]): number[][] {
  const rows = types.reduce<number[][]>(
    (all, dtype) => all.flatMap((row) => edgesOf(dtype).map((v) => [...row, v])),
    [[]],
  );
  return types.map((_, at) => rows.map((row) => row[at]));
}

/** Arguments on which the meaning in double precision is exact, or the count of a shift is within the width. */
function withinMeaning(name: ScalarName, dtype: DType, args: readonly number[]): boolean {
  if (name === "fma") return args.every((arg) => Math.abs(arg) < 1e6 || !isInteger(dtype));
  if (name !== "shl" && name !== "shr") return true;
  return dtypes[dtype].bytes === 4 || (args[1] >= 0 && args[1] < 8 * dtypes[dtype].bytes);
}

const ROUNDING: { readonly [D in DType]?: number } = { f32: 2 ** -23, f64: 2 ** -52 };

function scalarCase(name: BasicScalar, dtype: DType, lanes: number): Case {
  const types =
    name === "select" ? (["bool", dtype, dtype] as const) : Array<DType>(scalars[name].arity).fill(dtype);
  const columns = combinations(types);
  const kept = columns[0]
    .map((_, row) => row)
    .filter((row) =>
      withinMeaning(
        name,
        dtype,
        columns.map((column) => column[row]),
      ),
    );
  const kernel = elementwise(
    `${name}_${dtype}`,
    types,
    scalars[name].result === "bool" ? "bool" : dtype,
    lanes,
    (args) => scalar(name, ...args),
  );
  return {
    program: programOf(`${name}_${dtype}_x${lanes}`, kernel),
    inputs: columns.map((column) => kept.map((row) => column[row])),
    dtypes: types,
    result: kernel.params[types.length].buffer.dtype,
    expected: (args) => applyScalar(name, dtype, args),
    // Rounds once where the machine has the instruction, else twice: the larger summand bounds the difference.
    slack:
      name === "fma" && isFloat(dtype)
        ? ([a, b, c]) => (ROUNDING[dtype] ?? 0) * Math.max(Math.abs(a * b), Math.abs(c))
        : undefined,
  };
}

function conversionCase(kind: "cast" | "bitcast", from: DType, to: DType, lanes: number): Case {
  const map = ([x]: readonly Expr[]): Expr => (kind === "cast" ? cast(x, to) : bitcast(x, to));
  const expected = ([x]: readonly number[]): number =>
    kind === "cast" ? convert(from, to, x) : sameBits(from, to, x);
  return {
    program: programOf(
      `${kind}_${from}_${to}_x${lanes}`,
      elementwise(`${kind}_${from}_${to}`, [from], to, lanes, map),
    ),
    inputs: [edgesOf(from)],
    dtypes: [from],
    result: to,
    expected,
  };
}

function sameBits(from: DType, to: DType, value: number): number {
  const source = dtypes[from].allocate(1);
  source[0] = value;
  return Number(dtypes[to].view(source.buffer, 0, 1)[0]);
}

function casesOf(lanes: number): Case[] {
  const pairs = tested.flatMap((from) => tested.filter((to) => to !== from).map((to) => [from, to] as const));
  const bits = pairs.filter(([from, to]) => dtypes[from].bytes === 4 && dtypes[to].bytes === 4);
  return [
    ...scalarNames
      .filter(isBasic)
      .flatMap((name) =>
        tested.filter((dtype) => applies(name, dtype)).map((dtype) => scalarCase(name, dtype, lanes)),
      ),
    ...pairs.map(([from, to]) => conversionCase("cast", from, to, lanes)),
    ...bits.map(([from, to]) => conversionCase("bitcast", from, to, lanes)),
  ];
}

function typed(dtype: DType, values: readonly number[]): TypedArray {
  const array = dtypes[dtype].allocate(values.length);
  values.forEach((value, at) => {
    array[at] = value;
  });
  return array;
}

const agree = (a: number, b: number, slack: number): boolean =>
  a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= slack;

/** What is wrong, or nothing. */
function check(
  model: NativeModel,
  { program, inputs, dtypes: types, result, expected, slack }: Case,
): string[] {
  const count = inputs[0].length;
  const output = dtypes[result].allocate(count);
  model.callInto(
    program.name,
    new Map([["n", count]]),
    inputs.map((values, at) => typed(types[at], values)),
    [output],
  );
  const wrong: string[] = [];
  for (let row = 0; row < count; row++) {
    const args = inputs.map((column) => column[row]);
    const wanted = expected(args);
    if (agree(wanted, Number(output[row]), slack?.(args) ?? 0)) continue;
    wrong.push(`${program.name}(${args.join(", ")}): expected ${wanted}, got ${output[row]}`);
  }
  return wrong.slice(0, 3);
}

for (const lanes of [1, 8]) {
  test(`operators and conversions, ${lanes === 1 ? "one element" : "eight elements"} at a time`, () => {
    const compiler = requireTool("g++");
    if (compiler === undefined) return;
    const loader = new NativeLoader({
      target: "cpp",
      compiler,
      effort: "quick",
      cacheDirectory: mkdtempSync(join(tmpdir(), "keratin-cpp-")),
    });
    const cases = casesOf(lanes);
    const [model] = loader.load([bundleOf(`scalars${lanes}`, ...cases.map(({ program }) => program))]);
    assert.equal(
      cases.flatMap((one) => check(model, one)),
      [],
    );
  });
}

test.run();
