// Programs in WASM: steps, memory regions, chunk loops, what is shared between kernels and between programs; against the interpreter.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { mulDims, symbol } from "../ir/dim.ts";
import { add, constant, type Expr, int, type Kernel, load, makeVar, mul, read, store } from "../ir/kernel.ts";
import type { Bundle, Program, Slot, Step } from "../ir/program.ts";
import { emitWasm } from "../targets/wasm/emit.ts";
import { disassemble } from "./support/wasm-disassemble.ts";
import {
  bundleOf,
  globalBuffer,
  input,
  kernelOf,
  launch,
  loopOf,
  output,
  programOf,
  slotOf,
  whole,
} from "./support/wasm-kernels.ts";
import { assertAgrees, assertSame, modelOf, numbers, owned, runModel } from "./support/wasm-run.ts";

const n = symbol("n");
const FEATURES = 3;

/** y[i] = x[i] * factor + w[i mod FEATURES], for `count` samples. */
function affineKernel(name: string, factor: number): Kernel {
  const size = makeVar("count");
  const elements = mulDims(FEATURES, n);
  const [x, w, y] = [globalBuffer("x", elements), globalBuffer("w", FEATURES), globalBuffer("y", elements)];
  const body = loopOf("i", read(size), (i) => [
    loopOf("j", FEATURES, (j) => {
      const index = add(mul(i, int(FEATURES)), j);
      return [store(y, [index], add(mul(load(x, [index]), constant(factor, "f32")), load(w, [j])))];
    }),
  ]);
  return kernelOf(
    name,
    [
      ["read", x],
      ["read", w],
      ["write", y],
    ],
    [body],
    [{ symbol: "n", var: size }],
  );
}

const weightBytes = new Uint8Array(Float32Array.of(0.5, -1, 2).buffer);
const weights = slotOf("w", { kind: "weights" }, FEATURES);
const samples = mulDims(FEATURES, n);
const symbols = ["n"];
const batch = (count: number): ReadonlyMap<string, number> => new Map([["n", count]]);

/** Two layers over chunks of `size` samples: the arena holds one chunk. */
function chunkedBundle(size: number): Bundle {
  const [x, y] = [input(0, samples), output(0, samples)];
  const c = symbol("c");
  const between = slotOf("t", { kind: "arena" }, FEATURES * size);
  const body: Step[] = [
    launch(affineKernel("first", 2), [whole(x, FEATURES), weights, between], [c]),
    launch(affineKernel("second", 3), [between, weights, whole(y, FEATURES)], [c]),
  ];
  const steps: Step[] = [{ kind: "chunks", symbol: "c", total: n, size, body }];
  return bundleOf(
    [programOf("main", [x], [y], steps, { symbols, arenaBytes: 4 * FEATURES * size })],
    weightBytes,
  );
}

test("chunks: full ones, a ragged tail, none at all", () => {
  for (const count of [0, 1, 3, 4, 5, 8, 11]) {
    assertAgrees(chunkedBundle(4), [numbers(FEATURES * count)], batch(count));
  }
});

test("arena slots behind others of symbolic size", () => {
  const [x, y] = [input(0, samples), output(0, samples)];
  const first = slotOf("a", { kind: "arena" }, samples, 0);
  const second = slotOf("b", { kind: "arena" }, samples, mulDims(4 * FEATURES, n));
  const kernel = affineKernel("layer", 2);
  const steps = [
    launch(kernel, [x, weights, first], [n]),
    launch(kernel, [first, weights, second], [n]),
    launch(kernel, [second, weights, y], [n]),
  ];
  const program = programOf("main", [x], [y], steps, { symbols, arenaBytes: mulDims(8 * FEATURES, n) });
  for (const count of [1, 6])
    assertAgrees(bundleOf([program], weightBytes), [numbers(FEATURES * count)], batch(count));
});

test("clear and copy", () => {
  const [x, y, z] = [input(0, samples), output(0, samples), output(1, samples)];
  const scratch = slotOf("t", { kind: "arena" }, samples, 64);
  const steps: Step[] = [
    { kind: "copy", from: whole(x), to: whole(scratch), size: samples },
    { kind: "copy", from: whole(scratch), to: whole(y), size: samples },
    { kind: "clear", slot: scratch },
    { kind: "copy", from: whole(scratch), to: whole(z), size: samples },
  ];
  const arenaBytes = mulDims(4, mulDims(FEATURES + 64, n));
  assertAgrees(
    bundleOf([programOf("main", [x], [y, z], steps, { symbols, arenaBytes })]),
    [numbers(FEATURES * 5)],
    batch(5),
  );
});

/** `step` adds its input to the state, `peek` reads state + weights: two programs over the same stores. */
function statefulBundle(): Bundle {
  const state = slotOf("s", { kind: "state" }, FEATURES);
  const [x, s, w, y] = ["x", "s", "w", "y"].map((name) => globalBuffer(name, FEATURES));
  const each = (value: (j: Expr) => Expr, to = s): Kernel["body"] => [
    loopOf("j", FEATURES, (j) => [store(to, [j], value(j))]),
  ];
  const accumulate = kernelOf(
    "accumulate",
    [
      ["read", x],
      ["readwrite", s],
    ],
    each((j) => add(load(s, [j]), load(x, [j]))),
  );
  const sum = kernelOf(
    "sum",
    [
      ["read", s],
      ["read", w],
      ["write", y],
    ],
    each((j) => add(load(s, [j]), load(w, [j])), y),
  );
  const [from, to] = [input(0, FEATURES), output(0, FEATURES)];
  const programs = [
    programOf("step", [from], [], [launch(accumulate, [from, state])]),
    programOf("peek", [], [to], [launch(sum, [state, weights, to])]),
  ];
  return bundleOf(programs, weightBytes, new Uint8Array(Float32Array.of(1, 1, 1).buffer));
}

test("programs share weights and state", () => {
  const bundle = statefulBundle();
  const [step, peek] = bundle.programs;
  const model = modelOf(bundle);
  const other = modelOf(bundle);
  runModel(model, step, [Float32Array.of(10, 20, 30)]);
  runModel(model, step, [Float32Array.of(1, 2, 3)]);
  assertSame("sum", runModel(model, peek, [])[0], [12.5, 22, 36]);
  assertSame("sum of another instance", runModel(other, peek, [])[0], [1.5, 0, 3]);
});

test("inlined weights and state need no loading", () => {
  const bundle = statefulBundle();
  const model = modelOf(bundle, { inlineData: true });
  assertSame("sum", runModel(model, bundle.programs[1], [])[0], [1.5, 0, 3]);
});

const functionsOf = (bundle: Bundle): number => disassemble(emitWasm(bundle).bytes).length;

function chain(kernels: readonly Kernel[], slots: readonly Slot[]): Program {
  const steps = kernels.map((kernel, i) => launch(kernel, [slots[i], weights, slots[i + 1]], [2]));
  return programOf("main", [slots[0]], [slots[slots.length - 1]], steps, { arenaBytes: 256 });
}

test("kernels of equal code are one function, with pointers where addresses differ", () => {
  const size = 2 * FEATURES;
  const slots = [
    input(0, size),
    slotOf("a", { kind: "arena" }, size),
    slotOf("b", { kind: "arena" }, size, 64),
    output(0, size),
  ];
  // Same code, other objects and other names.
  const same = chain([affineKernel("one", 2), affineKernel("two", 2), affineKernel("three", 2)], slots);
  const different = chain([affineKernel("one", 2), affineKernel("two", 3), affineKernel("three", 4)], slots);
  assert.is(functionsOf(bundleOf([same], weightBytes)), 2);
  assert.is(functionsOf(bundleOf([different], weightBytes)), 4);
  for (const program of [same, different]) assertAgrees(bundleOf([program], weightBytes), [numbers(size)]);
});

test("sizes that every launch agrees on are constants of the function", () => {
  const slots = [input(0, 6), output(0, 6)];
  const [kernel] = disassemble(
    emitWasm(bundleOf([chain([affineKernel("one", 2)], slots)], weightBytes)).bytes,
  );
  assert.is(
    kernel.filter(({ op }) => op === "if").length,
    0,
    "a loop of constant extent needs no test in front",
  );
});

test("the same bundle gives the same bytes", () => {
  for (const options of [{}, { profile: true }, { inlineData: true }]) {
    const [first, second] = [chunkedBundle(4), chunkedBundle(4)].map(
      (bundle) => emitWasm(bundle, options).bytes,
    );
    assert.equal(first, second);
  }
});

test("a profile runs step by step what the program runs at once", () => {
  const bundle = chunkedBundle(4);
  const { bytes, layout, steps = [] } = emitWasm(bundle, { profile: true });
  const [chunks] = steps[0];
  if (chunks.kind !== "chunks") return assert.unreachable("a chunk loop comes first");
  assert.equal(
    chunks.body.map((step) => (step.kind === "step" ? [step.name, step.label] : [])),
    [
      ["main/0", "first"],
      ["main/1", "second"],
    ],
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(owned(bytes)));
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) return assert.unreachable("no memory");
  const [x, y] = [4096, 8192];
  const count = 7;
  new Uint8Array(memory.buffer).set(weightBytes, layout.weights);
  new Float32Array(memory.buffer, x, FEATURES * count).set(numbers(FEATURES * count));
  for (let base = 0; base < count; base += chunks.size) {
    for (const step of chunks.body) {
      const run = step.kind === "step" ? exports[step.name] : undefined;
      if (typeof run === "function") run(count, x, y, base, Math.min(chunks.size, count - base));
    }
  }
  const [expected] = runModel(modelOf(bundle), bundle.programs[0], [numbers(FEATURES * count)]);
  assertSame("profiled", new Float32Array(memory.buffer, y, FEATURES * count), expected as Float32Array);
});

test("memory grows with the batch, and earlier results stay", () => {
  const model = modelOf(chunkedBundle(4));
  const [program] = chunkedBundle(4).programs;
  const [before] = runModel(model, program, [numbers(FEATURES)]);
  const copy = [...(before as Float32Array)];
  const count = 100_000;
  const [large] = runModel(model, program, [numbers(FEATURES * count)]);
  assert.is(large.length, FEATURES * count);
  assertSame("the first result", before, copy);
  assertSame("the first sample again", runModel(model, program, [numbers(FEATURES)])[0], copy);
});

test.run();
