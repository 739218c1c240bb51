// deadline: 300
// Every dtype on every target that has it: arithmetic, comparisons, reductions, movement, sorting, and conversions between all of them, run by
// the interpreter on both schedules and for real on wasm, cpp and WebGPU, against `evaluate`.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Loader } from "../compiler/backends/loader.ts";
import { nativeLoader } from "../compiler/backends/native-loader.ts";
import { wasmLoader } from "../compiler/backends/wasm.ts";
import { compile } from "../compiler/pipeline.ts";
import { Builder } from "../ir/builder.ts";
import { type DType, dtypeNames, dtypes, isFloat, isInteger } from "../ir/dtype.ts";
import { getElement, setElement } from "../ir/elements.ts";
import { Unsupported } from "../ir/errors.ts";
import { evaluateFunc } from "../ir/evaluate.ts";
import type { BlockArg, Func, Value } from "../ir/graph.ts";
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from "../ir/half.ts";
import { type NDArray, zeros } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import type { Bundle } from "../ir/program.ts";
import { cuda } from "../targets/cuda/cuda.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { wgsl } from "../targets/wgsl/wgsl.ts";
import { type Closeness, difference } from "./support/close.ts";
import { openDawn } from "./support/dawn.ts";
import { interpreted } from "./support/run-func.ts";
import { seeded } from "./support/seeded.ts";
import { requireTool } from "./support/tools.ts";
import { loadBundle } from "./support/wgsl-run.ts";

interface Case {
  readonly label: string;
  readonly func: Func;
  readonly operands: readonly NDArray[];
}

/** What a dtype is tried with; `undefined` for kinds of dtypes that have no such operator. */
const bodies: { readonly [name: string]: (b: Builder, x: Value, y: Value) => Value | undefined } = {
  add: (b, x, y) => b.add(x, y),
  mul: (b, x, y) => b.mul(x, y),
  max: (b, x, y) => b.max(x, y),
  select: (b, x, y) => b.select(b.binary("lt", x, y), x, y),
  constant: (b, x) => (x.type.dtype === "bool" ? undefined : b.mul(b.add(x, 3), 2)),
  chain: (b, x, y) => (isFloat(x.type.dtype) ? b.sub(b.mul(x, y), b.div(x, 4)) : undefined),
  exp: (b, x) => (isFloat(x.type.dtype) ? b.exp(x) : undefined),
  shl: (b, x, y) => (isInteger(x.type.dtype) ? b.binary("shl", x, y) : undefined),
  shr: (b, x, y) => (isInteger(x.type.dtype) ? b.binary("shr", x, y) : undefined),
  not: (b, x) => (isFloat(x.type.dtype) ? undefined : b.unary("not", x)),
  sum: (b, x) => (x.type.dtype === "bool" ? undefined : b.sum(x, [1])),
  greatest: (b, x) => b.op("reduce_max", [x], { spec: "a b -> a" }),
  product: (b, x, y) => (x.type.dtype === "bool" ? undefined : b.contract(x, y, "m k, n k -> m n")),
  transpose: (b, x) => b.op("concat", [b.transpose(x, [1, 0]), b.transpose(x, [1, 0])], { axis: 1 }),
  sort: (b, x) => b.op("sort", [x], { axis: 1, descending: false }),
  cumulate: (b, x) =>
    x.type.dtype === "bool" ? undefined : b.op("cumulate", [x], { axis: 1, combine: "add", reverse: false }),
};

/** Whole numbers, or halves of them: sums of a few are exact in every dtype. */
function operand(dtype: DType, seed: number): NDArray {
  const array = zeros(dtype, [3, 5]);
  const { integer } = seeded(seed);
  const low = dtypes[dtype].kind === "unsigned" || dtype === "bool" ? 0 : -9;
  for (let i = 0; i < array.data.length; i++)
    setElement(array, i, dtype === "bool" ? integer(0, 1) : integer(low, 12) / (isFloat(dtype) ? 2 : 1));
  return array;
}

function caseOf(
  label: string,
  operands: readonly NDArray[],
  body: (b: Builder, x: Value, y: Value) => Value | undefined,
): Case[] {
  const b = new Builder(opTable);
  const args = operands.map(
    ({ dtype, shape }, i): BlockArg => ({ kind: "arg", type: { dtype, shape }, name: `x${i}` }),
  );
  const result = body(b, args[0], args[1]);
  if (result === undefined) return [];
  const func: Func = {
    name: "main",
    body: b.block(args, [result]),
    args: args.map(({ name = "" }) => ({ kind: "input", name })),
    results: [{ kind: "output", name: "y" }],
  };
  return [{ label, func, operands }];
}

const arithmetic = dtypeNames.flatMap((dtype) =>
  Object.entries(bodies).flatMap(([name, body]) =>
    caseOf(`${name} of ${dtype}`, [operand(dtype, 1), operand(dtype, 2)], body),
  ),
);

/** Numbers that are awkward somewhere: fractions, too large, too small, not finite. */
const awkward = [0, -0, 0.5, -0.5, 1.5, 2.5, -3.7, 100.25, 200, -129, 300, 40000, 65519, 65520, 70000, 1e6, 3e9, 5e9, -5e9, 1e-5, 6e-8, 2e-8, 1.0009765625, 1.00390625, Infinity, -Infinity, Number.NaN]; // biome-ignore format: one line

function awkwardOf(dtype: DType): NDArray {
  const numbers = isFloat(dtype) ? awkward : awkward.filter(Number.isInteger);
  const array = zeros(dtype, [numbers.length]);
  const inRange = (value: number): number => (dtypes[dtype].kind === "unsigned" ? Math.abs(value) : value);
  numbers.forEach((value, i) => {
    setElement(array, i, dtype === "bool" ? Number(value !== 0) : inRange(value));
  });
  return array;
}

const conversions = dtypeNames.flatMap((from) =>
  dtypeNames.flatMap((to) => caseOf(`cast of ${from} to ${to}`, [awkwardOf(from)], (b, x) => b.cast(x, to))),
);
const cases = [...arithmetic, ...conversions];

/** 16-bit floats are rounded when they are stored, not after every operator. */
const closeness: { readonly [D in DType]?: Closeness } = {
  f16: { absolute: 0, relative: 2 ** -9 },
  bf16: { absolute: 0, relative: 2 ** -6 },
  f32: { absolute: 1e-6, relative: 2e-6 },
  // The reference computes with numbers, which have 53 bits.
  i64: { absolute: 0, relative: 2 ** -52 },
  u64: { absolute: 0, relative: 2 ** -52 },
};

function check({ label, func, operands }: Case, [got]: readonly NDArray[], least?: Closeness): void {
  const [want] = evaluateFunc(func, operands, opTable);
  const tolerance = closeness[want.dtype] ?? least ?? { absolute: 0, relative: 0 };
  assert.is(difference(got, want, tolerance), undefined, label);
}

/** The bundle, or undefined where the target says that it cannot, and what would work. */
function bundleOf({ func }: Case, compileBundle: (func: Func) => Bundle): Bundle | undefined {
  try {
    return compileBundle(func);
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    assert.ok(error.facts.hint !== undefined, error.message);
    return undefined;
  }
}

/** exp is expanded in f32, so f64 has none. */
const onCpus = cases.filter(({ label }) => label !== "exp of f64");

for (const [name, { limits }] of [
  ["CPU", wasm],
  ["GPU", cuda],
] as const) {
  test(`every dtype on the ${name} schedule, interpreted`, () => {
    for (const item of onCpus) {
      const given = { inputs: item.operands, values: new Map(), all: item.operands };
      check(item, interpreted(item.func, given, schedulerFor(limits)));
    }
  });
}

async function runOn(loader: Loader): Promise<void> {
  const bundles = onCpus.map((item) =>
    bundleOf(item, (func) => compile("m", { funcs: [func] }, new Map(), loader.scheduler).bundle),
  );
  assert.ok(
    bundles.every((bundle) => bundle !== undefined),
    "CPUs have every dtype",
  );
  const executables = await loader.load(bundles.flatMap((bundle) => bundle ?? []));
  for (const [i, item] of onCpus.entries()) check(item, await executables[i].call("main", item.operands));
}

test("every dtype on wasm", () => runOn(wasmLoader));

test("every dtype on cpp", async () => {
  if (requireTool("g++") !== undefined) await runOn(nativeLoader("cpp"));
});

test("every dtype but those of 64 bits on WebGPU", async () => {
  const dawn = await openDawn();
  const device = await dawn?.device();
  if (device === undefined) return;
  for (const item of cases) {
    const bundle = bundleOf(item, (func) => {
      const compiled = compile("m", { funcs: [func] }, new Map(), schedulerFor(wgsl.limits)).bundle;
      wgsl.emit(compiled);
      return compiled;
    });
    assert.is(bundle === undefined, /64/.test(item.label), item.label);
    if (bundle === undefined || isBeyondWgsl(item)) continue;
    const { run, engine } = await loadBundle(device, bundle);
    const [data] = await run(
      "main",
      item.operands.map((array) => array.data),
    );
    engine.destroy();
    const [want] = evaluateFunc(item.func, item.operands, opTable);
    check(item, [{ ...want, data }], { absolute: 1e-6, relative: 1e-5 });
  }
  await dawn?.close();
});

/** WGSL may flush f32 subnormals, and give anything for what is not finite. */
const isBeyondWgsl = ({ label }: Case): boolean => label === "cast of f32 to f32";

test("all halves survive the way to f32 and back", () => {
  for (const [dtype, decode, encode] of [
    ["f16", halfToNumber, numberToHalf],
    ["bf16", bfloatToNumber, numberToBfloat],
  ] as const) {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const x: NDArray = { dtype, shape: [all.length], data: all };
    const ones: NDArray = { dtype: "f32", shape: x.shape, data: new Float32Array(all.length).fill(1) };
    const operands = [x, ones];
    const [{ func }] = caseOf("there and back", operands, (b, value, one) =>
      b.cast(b.mul(b.cast(value, "f32"), one), dtype),
    );
    const given = { inputs: operands, values: new Map(), all: operands };
    const [back] = interpreted(func, given, schedulerFor(wasm.limits));
    for (let i = 0; i < all.length; i++) {
      const number = decode(i);
      assert.is(
        Number(back.data[i]),
        Number.isNaN(number) ? encode(Number.NaN) : i,
        `${dtype} ${i.toString(16)}`,
      );
    }
  }
});

test("a constant of a half is its value, not its bits", () => {
  for (const dtype of ["f16", "bf16"] as const) {
    const b = new Builder(opTable);
    const full = b.full({ dtype, shape: [2] }, 1.5);
    const [array] = evaluateFunc(
      { name: "f", body: b.block([], [full]), args: [], results: [{ kind: "output", name: "y" }] },
      [],
      opTable,
    );
    assert.equal([getElement(array, 0), getElement(array, 1)], [1.5, 1.5]);
  }
});

test("shifts count modulo the width, 8 and 16 bits too", () => {
  for (const dtype of ["i8", "u8", "i16", "u16", "i32"] as const) {
    const width = 8 * dtypes[dtype].bytes;
    const [x, by] = [zeros(dtype, [3]), zeros(dtype, [3])];
    [1, width + 1, 2 * width + 3].forEach((count, i) => {
      setElement(x, i, 1);
      setElement(by, i, count);
    });
    const [{ func }] = caseOf("shl", [x, by], (b, value, count) => b.binary("shl", value, count));
    const given = { inputs: [x, by], values: new Map(), all: [x, by] };
    for (const [result] of [
      evaluateFunc(func, [x, by], opTable),
      interpreted(func, given, schedulerFor(wasm.limits)),
    ])
      assert.equal([...result.data].map(Number), [2, 2, 8], dtype);
  }
});

test.run();
