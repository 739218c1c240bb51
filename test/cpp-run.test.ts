// deadline: 240
/** What emitted C++ computes, in this process: kernels built by hand, chunks, state, arenas that grow, and what it refuses. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NativeLoader } from "../compiler/backends/native.ts";
import { ndarray } from "../ir/ndarray.ts";
import { cpp } from "../targets/cpp/cpp.ts";
import { bundleOf, programOf } from "./support/native-bundle.ts";
import { chunked, countingBundle, sumAndMax, vectorAdd } from "./support/native-fixtures.ts";
import { COLUMNS, LANES, matmulKernel, ROWS } from "./support/tile-kernel.ts";
import { requireTool } from "./support/tools.ts";

const loader = (): NativeLoader | undefined => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return undefined;
  return new NativeLoader({
    target: "cpp",
    compiler,
    effort: "quick",
    cacheDirectory: mkdtempSync(join(tmpdir(), "keratin-cpp-")),
  });
};

test("vector add with a tail, sums and maxima", () => {
  const native = loader();
  if (native === undefined) return;
  const [model] = native.load([
    bundleOf("kernels", programOf("add", vectorAdd), programOf("sum_and_max", sumAndMax())),
  ]);
  for (const size of [0, 1, 7, 8, 9, 33]) {
    const x = Float32Array.from({ length: size }, (_, i) => i - 3);
    const [sum] = model.call("add", [ndarray("f32", [size], x), ndarray("f32", [size], x)]);
    assert.equal(
      [...sum.data],
      [...x].map((value) => 2 * value),
    );
    const [both] = model.call("sum_and_max", [ndarray("f32", [size], x)]);
    assert.equal([...both.data], [x.reduce((a, b) => a + b, 0), Math.max(...x)]);
  }
  const [nan] = model.call("sum_and_max", [ndarray("f32", [2], new Float32Array([Number.NaN, 1]))]);
  assert.equal([...nan.data], [Number.NaN, Number.NaN]);
});

test("a matmul of packed operands in tiles of 6 x 16", () => {
  const native = loader();
  if (native === undefined) return;
  const sizes = { m: 12, n: 32, k: 20, blockM: 6, blockK: 10 };
  const { m, n: columns, k } = sizes;
  const [model] = native.load([bundleOf("gemm", programOf("predict", matmulKernel(sizes)))]);
  const element = (i: number): number => (i % 17) - 8;
  const a = Float32Array.from({ length: m * k }, (_, i) => element(i));
  const b = Float32Array.from({ length: k * columns }, (_, i) => element(3 * i));
  const [c] = model.call("predict", [ndarray("f32", [m * k], a), ndarray("f32", [k * columns], b)]);
  const expected = Array.from({ length: m * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let l = 0; l < k; l++) {
      const left = a[Math.floor(i / ROWS) * ROWS * k + l * ROWS + (i % ROWS)];
      sum += left * b[Math.floor(j / COLUMNS) * COLUMNS * k + l * COLUMNS + (j % COLUMNS)];
    }
    return sum;
  });
  assert.is(LANES, cpp.limits.lanes);
  assert.equal([...c.data], expected);
});

test("chunks, the last one ragged", () => {
  const native = loader();
  if (native === undefined) return;
  const [model] = native.load([chunked]);
  for (const size of [0, 1, 4, 5, 11]) {
    const x = Float32Array.from({ length: 3 * size }, (_, i) => (i % 5) - 2);
    const [y] = model.call("predict", [ndarray("f32", [size, 3], x)]);
    assert.equal(
      [...y.data],
      [...x].map((value, i) => Math.max(value, 0) * ((i % 3) + 1)),
    );
  }
});

test("state, clear, copy, and an arena that grows with n", () => {
  const native = loader();
  if (native === undefined) return;
  const [first, second] = native.load([countingBundle(), countingBundle()]);
  for (const size of [3, 1000, 5]) {
    const x = Float32Array.from({ length: size }, (_, i) => i);
    const [y] = first.call("train_step", [ndarray("f32", [size], x)]);
    assert.equal([...y.data], [...new Array(size).fill(0), ...x.map((value) => value + 1)]);
  }
  assert.equal([...first.read("calls").data], [3]);
  assert.equal([...second.read("calls").data], [0]);
  first.write("calls", ndarray("i32", [], new Int32Array([40])));
  first.call("train_step", [ndarray("f32", [1], new Float32Array(1))]);
  assert.equal([...first.read("calls").data], [41]);
});

test("calls and weights that cannot be right are refused with a message", () => {
  const native = loader();
  if (native === undefined) return;
  const [model] = native.load([chunked]);
  assert.throws(
    () => model.call("predict", [ndarray("f32", [2, 2], new Float32Array(4))]),
    /expected \[n, 3\]; got \[2, 2\]/,
  );
  assert.throws(
    () => model.call("predict", [ndarray("i32", [1, 3], new Int32Array(3))]),
    /expected f32; got i32/,
  );
  assert.throws(
    () => model.callInto("predict", new Map([["n", 1e9]]), [new Float32Array(3)], [new Float32Array(3)]),
    /too large/,
  );
  assert.throws(() => model.read("nothing"), /no such weight/);
});

test("without a compiler, one message says what to install", () => {
  const native = new NativeLoader({ target: "cpp", compiler: "no-such-compiler", cacheDirectory: tmpdir() });
  assert.throws(
    () => native.load([chunked]),
    /cpp does not support .* without a compiler.*Install g\+\+ or clang/,
  );
});

test.run();
