// The WASM loader as the user of an artifact meets it: what it accepts, what it says when something is wrong, state and weights, memory,
// size.

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { mulDims, symbol } from "../ir/dim.ts";
import { add, type Buffer, type Expr, type Kernel, load, makeVar, mul, read, store } from "../ir/kernel.ts";
import type { Bundle, Program } from "../ir/program.ts";
import { countOf, evaluate, type Manifest, type Tensors } from "../runtime/manifest.ts";
import { instantiate, loadBytes, WasmModel } from "../runtime/wasm.ts";
import { emitWasm } from "../targets/wasm/emit.ts";
import { globalBuffer, input, kernelOf, launch, loopOf, output, slotOf } from "./support/wasm-kernels.ts";
import { assertSame, modelOf, owned, wasmManifest } from "./support/wasm-run.ts";

const n = symbol("n");
const port = (name: string, ...shape: Program["inputs"][number]["shape"]): Program["inputs"][number] => ({
  name,
  dtype: "f32",
  shape,
});

const flat = mulDims(2, n);

/** result[n, 2] = value at the flat index i and the column j, from buffers that are read. */
function rows(name: string, from: readonly Buffer[], value: (i: Expr, j: Expr) => Expr): Kernel {
  const size = makeVar("n");
  const result = globalBuffer("result", flat);
  const body = loopOf("i", read(size), (i) => [
    loopOf("j", 2, (j) => {
      const index = add(add(i, i), j);
      return [store(result, [index], value(index, j))];
    }),
  ]);
  const params = [...from.map((buffer) => ["read", buffer] as const), ["write", result] as const];
  return kernelOf(name, params, [body], [{ symbol: "n", var: size }]);
}

/** predict: y[n, 2] = x[n, 2] * w[2] + s[2]. Two inputs: mix: z[n, 2] = x + y. */
function bundle(): Bundle {
  const [x, other, w, s] = [
    globalBuffer("x", flat),
    globalBuffer("other", flat),
    globalBuffer("w", 2),
    globalBuffer("s", 2),
  ];
  const affine = rows("affine", [x, w, s], (i, j) => add(mul(load(x, [i]), load(w, [j])), load(s, [j])));
  const sum = rows("sum", [x, other], (i) => add(load(x, [i]), load(other, [i])));
  const [from, to] = [input(0, flat), output(0, flat)];
  const [weights, state] = [slotOf("w", { kind: "weights" }, 2), slotOf("s", { kind: "state" }, 2)];
  const common = { symbols: ["n"], arenaBytes: 0 };
  const predict: Program = {
    ...common,
    name: "predict",
    inputs: [port("x", n, 2)],
    outputs: [port("y", n, 2)],
    steps: [launch(affine, [from, weights, state, to], [n])],
  };
  const mix: Program = {
    ...common,
    name: "mix",
    inputs: [port("x", n, 2), port("y", n, 2)],
    outputs: [port("z", n, 2)],
    steps: [launch(sum, [from, input(1, flat), to], [n])],
  };
  const bytes = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
  return {
    name: "affine",
    programs: [predict, mix],
    weights: { bytes: bytes(2, 3), fields: [{ ...port("w", 2), offset: 0 }] },
    state: { bytes: bytes(0, 1), fields: [{ ...port("s", 2), offset: 0 }] },
  };
}

const model = (): WasmModel => modelOf(bundle());
const x = Float32Array.of(1, 2, 3, 4);

test("results are fresh arrays, by name", () => {
  const m = model();
  const { y } = m.predict({ x });
  const again = m.predict({ x: Float32Array.of(0, 0) });
  assertSame("y", y, [2, 7, 6, 13]);
  assertSame("y again", again.y, [0, 1]);
  assert.is(y.buffer.byteLength, 16, "the result is no view of the memory");
});

test("one input may stand by itself, flat or with its shape", () => {
  const m = model();
  assertSame("flat", m.predict(x).y, [2, 7, 6, 13]);
  assertSame("shaped", m.predict({ data: x, shape: [2, 2] }).y, [2, 7, 6, 13]);
  assert.throws(() => m.call("mix", x), /one array for several ports/);
});

test("results go into the caller's arrays", () => {
  const out = new Float32Array(4);
  const results = model().predict(x, { out });
  assert.is(results.y, out);
  assertSame("out", out, [2, 7, 6, 13]);
  const named = { y: new Float32Array(8).subarray(2, 6) };
  model().predict(x, { out: named });
  assertSame("a subarray", named.y, [2, 7, 6, 13]);
});

test("a batch of none", () => {
  assert.is(model().predict(new Float32Array(0)).y.length, 0);
});

const shared = new Float32Array(new SharedArrayBuffer(16));
function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

const wrong: readonly (readonly [string, string, Tensors, RegExp])[] = [
  ["an unknown name", "predict", { z: x }, /predict has no input "z"; expected x; got z/],
  ["a missing input", "mix", { x }, /mix: input "y" is missing; expected x, y; got x/],
  [
    "a wrong dtype",
    "predict",
    { x: Float64Array.of(1, 2) },
    /input "x" has the wrong type; expected Float32Array; got Float64Array/,
  ],
  ["a plain list", "predict", { x: [1, 2] as never }, /wrong type; expected Float32Array; got Array/],
  [
    "a wrong length",
    "predict",
    { x: Float32Array.of(1, 2, 3) },
    /input "x" has the wrong length.*shape \[n, 2\].*got 3/,
  ],
  [
    "a wrong shape",
    "predict",
    { x: { data: x, shape: [4, 1] } },
    /wrong shape; expected \[n, 2\] with n = 4; got \[4, 1\]/,
  ],
  ["a wrong rank", "predict", { x: { data: x, shape: [4] } }, /wrong shape; expected \[n, 2\].*; got \[4\]/],
  [
    "a shape of another length",
    "predict",
    { x: { data: x, shape: [3, 2] } },
    /wrong length; expected 6 elements.*; got 4/,
  ],
  [
    "sizes that differ",
    "mix",
    { x, y: Float32Array.of(1, 2) },
    /input "y" has the wrong length; expected 4 elements.*n = 2.*got 2/,
  ],
  ["shared memory", "predict", { x: shared }, /input "x" lies in shared memory/],
  ["a detached array", "predict", { x: detached() }, /input "x" is detached/],
  ["an unknown entry", "train", { x }, /no entry "train"; expected predict, mix; got train/],
  ["an inherited name", "toString", { x }, /no entry "toString"/],
];
for (const [what, entry, inputs, message] of wrong) {
  test(`${what} is refused in one sentence`, () => {
    assert.throws(
      () => model().call(entry, inputs),
      (error: unknown) => error instanceof Error && message.test(error.message),
    );
  });
}

test("wrong output arrays are refused before anything runs", () => {
  assert.throws(
    () => model().predict(x, { out: new Float32Array(3) }),
    /output "y" has the wrong length; expected 4 elements.*got 3/,
  );
  assert.throws(() => model().predict(x, { out: { y: new Int32Array(4) } }), /output "y" has the wrong type/);
});

test("state: a copy out, a copy in, a view in place", () => {
  const m = model();
  const saved = m.getState();
  new Float32Array(m.stateView().buffer, m.stateView().byteOffset, 2).set([100, 200]);
  assertSame("changed", m.predict(x).y, [102, 206, 106, 212]);
  m.setState(saved);
  assertSame("restored", m.predict(x).y, [2, 7, 6, 13]);
  assert.throws(() => m.setState(new Uint8Array(3)), /state of the wrong size; expected 8 bytes; got 3/);
});

test("weights: named copies, and a view for whoever updates them", () => {
  const m = model();
  const exported = m
    .exportWeights()
    .map(({ name, shape, data }) => [name, [...shape], [...(data as Float32Array)]]);
  assert.equal(exported, [
    ["w", [2], [2, 3]],
    ["s", [2], [0, 1]],
  ]);
  m.weightsView().fill(0);
  assertSame("no weights", m.predict(x).y, [0, 1, 0, 1]);
});

test("missing or truncated weights are refused", () => {
  const { bytes, layout } = emitWasm(bundle());
  const load = (weights?: Uint8Array): unknown =>
    new WasmModel(new WebAssembly.Module(owned(bytes)), wasmManifest(bundle(), layout), weights);
  assert.throws(() => load(), /weights of the wrong size; expected 8 bytes; got 0/);
  assert.throws(() => load(new Uint8Array(7)), /weights of the wrong size; expected 8 bytes; got 7/);
});

test("a manifest of another format is refused", () => {
  const { bytes, layout } = emitWasm(bundle());
  const manifest: Manifest = { ...wasmManifest(bundle(), layout), format: 2 as 1 };
  assert.throws(
    () => new WasmModel(new WebAssembly.Module(owned(bytes)), manifest),
    /expected format 1 for wasm; got format 2/,
  );
});

test("instantiates bytes, a module and responses", async () => {
  const { bytes, layout } = emitWasm(bundle(), { inlineData: true });
  const manifest = wasmManifest(bundle(), layout, true);
  const headers = { "content-type": "application/wasm" };
  const sources = [
    owned(bytes),
    await WebAssembly.compile(owned(bytes)),
    new Response(owned(bytes), { headers }),
    new Response(owned(bytes)),
  ];
  for (const source of sources) {
    assertSame("y", (await instantiate(source, manifest)).predict(x).y, [2, 7, 6, 13]);
  }
});

test("loads bytes from files and from data URLs, and names what it cannot load", async () => {
  const path = join(tmpdir(), `keratin-load-bytes-${process.pid}.bin`);
  writeFileSync(path, Uint8Array.of(1, 2, 3));
  assert.equal([...new Uint8Array(await loadBytes(pathToFileURL(path)))], [1, 2, 3]);
  assert.equal(
    [...new Uint8Array(await loadBytes(new URL("data:application/octet-stream;base64,AQID")))],
    [1, 2, 3],
  );
});

test("sizes are polynomials", () => {
  assert.is(evaluate("10*n*m - 3*n + 2", { n: 4, m: 2 }), 70);
  assert.is(evaluate("-1*n + 5", { n: 2 }), 3);
  assert.is(evaluate(7, {}), 7);
  assert.ok(Number.isNaN(evaluate("n", {})));
  assert.is(countOf(["n", 28, 28], { n: 2 }), 1568);
});

test("the loader is small and needs no eval", async () => {
  const { outputFiles } = await build({
    entryPoints: ["runtime/wasm.ts"],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const { text } = outputFiles[0];
  const size = gzipSync(text).length;
  assert.ok(size < 4000, `${size} bytes gzipped`);
  assert.not.match(text, /\beval\b|\bFunction\(/);
});

test.run();
