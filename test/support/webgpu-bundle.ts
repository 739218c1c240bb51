// A small bundle for the tests of the WebGPU loader, with everything a loader meets: two entries, a symbolic batch, weights,
// state that a step updates in place, narrow inputs and outputs.

import { symbol } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import {
  add,
  type Buffer,
  cast,
  constant,
  type Expr,
  forLoop,
  int,
  type Kernel,
  load,
  makeBuffer,
  makeVar,
  mul,
  read,
  scalar,
  store,
  sub,
} from "../../ir/kernel.ts";
import type { Bundle, Port, Program, Slot } from "../../ir/program.ts";
import { when } from "./wgsl-kernels.ts";
import { ioSlot } from "./wgsl-run.ts";

const n = symbol("n");

const bytesOf = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const stored = (kind: "weights" | "state", dtype: DType, size: number, offset: number): Slot => ({
  name: kind,
  dtype,
  size,
  region: { kind },
  offset,
});

const kernel = [1, 0.5, -2, 0.25, 3, -1];
const bias = [0.5, -0.25];
const initial = [1, 2, 3, 4];

/** y[i, j] = max(sum over k of x[i, k] * kernel[k, j] + bias[j], 0) * pixel[i]; bright[i] = pixel[i] > 10. */
function denseKernel(): Kernel {
  const of = (name: string, dtype: DType = "f32"): Buffer => makeBuffer(name, dtype, [n], "global");
  const [x, pixel, w, b, y, bright] = [
    of("x"),
    of("pixel", "u8"),
    of("kernel"),
    of("bias"),
    of("y"),
    of("bright", "bool"),
  ];
  const [size, group, thread, i, j, k] = ["n", "group", "thread", "i", "j", "k"].map((name) => makeVar(name));
  const acc = makeBuffer("acc", "f32", [], "register");
  const term = mul(
    load(x, [add(mul(read(i), int(3)), read(k))]),
    load(w, [add(mul(read(k), int(2)), read(j))]),
  );
  const result = mul(scalar("max", load(acc, []), constant(0, "f32")), cast(load(pixel, [read(i)]), "f32"));
  const body = when(
    scalar("lt", read(i), read(size)),
    forLoop(j, int(2), [
      { kind: "alloc", buffer: acc },
      store(acc, [], load(b, [read(j)])),
      forLoop(k, int(3), [store(acc, [], add(load(acc, []), term))]),
      store(y, [add(mul(read(i), int(2)), read(j))], result),
    ]),
    store(bright, [read(i)], scalar("lt", constant(10, "u8"), load(pixel, [read(i)]))),
  );
  const position: Expr = add(mul(read(group), int(64)), read(thread));
  const groups = scalar("floordiv", add(read(size), int(63)), int(64));
  const threads = forLoop(thread, int(64), [{ kind: "let", var: i, value: position }, body], "thread.x");
  return {
    name: "dense",
    params: [
      ...[x, pixel, w, b].map((buffer) => ({ buffer, access: "read" as const })),
      ...[y, bright].map((buffer) => ({ buffer, access: "write" as const })),
    ],
    dims: [{ symbol: "n", var: size }],
    body: [forLoop(group, groups, [threads], "grid.x")],
  };
}

/** w[i] -= gradient[i] / 2; loss[i] = w[i]. */
function updateKernel(): Kernel {
  const of = (name: string): Buffer => makeBuffer(name, "f32", [4], "global");
  const [gradient, w, loss] = [of("gradient"), of("w"), of("loss")];
  const thread = makeVar("thread");
  const at = [read(thread)];
  const body = [
    store(w, at, sub(load(w, at), mul(constant(0.5, "f32"), load(gradient, at)))),
    store(loss, at, load(w, at)),
  ];
  return {
    name: "update",
    params: [
      { buffer: gradient, access: "read" },
      { buffer: w, access: "readwrite" },
      { buffer: loss, access: "write" },
    ],
    dims: [],
    body: [forLoop(thread, int(4), body, "thread.x")],
  };
}

const f32 = (name: string, shape: Port["shape"]): Port => ({ name, dtype: "f32", shape });
const bind = (slot: Slot) => ({ slot, advance: 0 });

const predict: Program = {
  name: "predict",
  symbols: ["n"],
  inputs: [f32("x", [n, 3]), { name: "pixel", dtype: "u8", shape: [n] }],
  outputs: [f32("y", [n, 2]), { name: "bright", dtype: "bool", shape: [n] }],
  arenaBytes: 0,
  steps: [
    {
      kind: "launch",
      kernel: denseKernel(),
      args: [
        ioSlot("input", 0, "f32", n),
        ioSlot("input", 1, "u8", n),
        stored("weights", "f32", 6, 0),
        stored("weights", "f32", 2, 24),
        ioSlot("output", 0, "f32", n),
        ioSlot("output", 1, "bool", n),
      ].map(bind),
      dims: [n],
    },
  ],
};

const step: Program = {
  name: "step",
  symbols: [],
  inputs: [f32("gradient", [4])],
  outputs: [f32("loss", [4])],
  arenaBytes: 0,
  steps: [
    {
      kind: "launch",
      kernel: updateKernel(),
      args: [ioSlot("input", 0, "f32", 4), stored("state", "f32", 4, 0), ioSlot("output", 0, "f32", 4)].map(
        bind,
      ),
      dims: [],
    },
  ],
};

export const smallBundle: Bundle = {
  name: "small",
  programs: [predict, step],
  weights: {
    bytes: bytesOf([...kernel, ...bias]),
    fields: [
      { ...f32("dense/kernel", [3, 2]), offset: 0 },
      { ...f32("dense/bias", [2]), offset: 24 },
    ],
  },
  state: { bytes: bytesOf(initial), fields: [{ ...f32("w", [4]), offset: 0 }] },
};

/** Inputs of `predict`, and what it should give. */
export function predictExample(count: number) {
  const x = Float32Array.from({ length: 3 * count }, (_, i) => ((i * 5) % 11) - 4);
  const pixel = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 256);
  const y = Float32Array.from({ length: 2 * count }, (_, at) => {
    const [i, j] = [Math.floor(at / 2), at % 2];
    const sum = [0, 1, 2].reduce((acc, k) => acc + x[3 * i + k] * kernel[2 * k + j], bias[j]);
    return Math.max(sum, 0) * pixel[i];
  });
  return { inputs: { x, pixel }, y, bright: Uint8Array.from(pixel, (value) => (value > 10 ? 1 : 0)) };
}
