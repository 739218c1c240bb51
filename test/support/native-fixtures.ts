/** Bundles built by hand that between them use every kind of step, region and loop of a C++ artifact. */
import { addDims, mulDims, symbol } from "../../ir/dim.ts";
import {
  add,
  constant,
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
} from "../../ir/kernel.ts";
import type { Bundle, Program, Step } from "../../ir/program.ts";
import {
  bind,
  bundleOf,
  elementwise,
  global,
  kernel,
  noBytes,
  port,
  programOf,
  slot,
} from "./native-bundle.ts";

const n = symbol("n");

export const vectorAdd = elementwise("vector_add", ["f32", "f32"], "f32", 8, ([x, y]) => add(x, y));

/** result = sum and largest of x, in one pass. */
export function sumAndMax(): Kernel {
  const x = global("x", "f32", n);
  const result = global("result", "f32", 2);
  const sum = makeBuffer("sum", "f32", [], "register");
  const largest = makeBuffer("largest", "f32", [], "register");
  return kernel("sum_and_max", [x], [result], (size) => {
    const i = makeVar("i");
    const element = load(x, [read(i)]);
    return [
      { kind: "alloc", buffer: sum },
      store(sum, [], constant(0, "f32")),
      { kind: "alloc", buffer: largest },
      store(largest, [], constant(Number.NEGATIVE_INFINITY, "f32")),
      forLoop(i, read(size), [
        store(sum, [], add(load(sum, []), element)),
        store(largest, [], scalar("max", load(largest, []), element)),
      ]),
      store(result, [int(0)], load(sum, [])),
      store(result, [int(1)], load(largest, [])),
    ];
  });
}

/** y = relu(x) * w through an arena that holds one chunk of four samples of three elements. */
function chunkedProgram(): Program {
  const scale = elementwise("scale", ["f32", "f32"], "f32", 8, ([x, y]) => mul(x, y));
  const relu = elementwise("relu", ["f32"], "f32", 8, ([x]) => scalar("max", x, constant(0, "f32")));
  const all = mulDims(3, n);
  const input = slot("image", "f32", all, { kind: "input", index: 0 });
  const output = slot("y", "f32", all, { kind: "output", index: 0 });
  const hidden = slot("relu_1/output", "f32", 12, { kind: "arena" });
  const factors = slot("scale/w", "f32", 12, { kind: "weights" });
  const count = mulDims(3, symbol("c"));
  const body: Step[] = [
    { kind: "launch", kernel: relu, args: [bind(input, 3), bind(hidden)], dims: [count] },
    { kind: "launch", kernel: scale, args: [bind(hidden), bind(factors), bind(output, 3)], dims: [count] },
  ];
  return {
    name: "predict",
    symbols: ["n"],
    inputs: [port("image", "f32", [n, 3])],
    outputs: [port("y", "f32", [n, 3])],
    arenaBytes: 48,
    steps: [{ kind: "chunks", symbol: "c", total: n, size: 4, body }],
  };
}

export const chunked: Bundle = {
  ...bundleOf("chunked", chunkedProgram()),
  weights: {
    bytes: new Uint8Array(new Float32Array([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]).buffer),
    fields: [{ name: "scale/w", dtype: "f32", shape: [12], offset: 0 }],
  },
};

/** Counts calls in its state; the arena, of a size that depends on n, carries x + 1 to a copy behind zeros. */
export function countingBundle(): Bundle {
  const increment = elementwise("increment", ["f32"], "f32", 8, ([x]) => add(x, constant(1, "f32")));
  const counter = slot("calls", "i32", 1, { kind: "state" });
  const counts = global("calls", "i32", 1);
  const count = kernel("count", [], [counts], () => [
    store(counts, [int(0)], add(load(counts, [int(0)]), int(1))),
  ]);
  const input = slot("x", "f32", n, { kind: "input", index: 0 });
  const output = slot("y", "f32", mulDims(2, n), { kind: "output", index: 0 });
  const second = slot("y", "f32", n, { kind: "output", index: 0 }, mulDims(4, n));
  const scratch = slot("scratch", "f32", n, { kind: "arena" }, 64);
  const program: Program = {
    name: "train_step",
    symbols: ["n"],
    inputs: [port("x", "f32", [n])],
    outputs: [port("y", "f32", [2, n])],
    arenaBytes: addDims(64, mulDims(4, n)),
    steps: [
      { kind: "launch", kernel: count, args: [bind(counter)], dims: [] },
      { kind: "clear", slot: output },
      { kind: "launch", kernel: increment, args: [bind(input), bind(scratch)], dims: [n] },
      { kind: "copy", from: bind(scratch), to: bind(second), size: n },
    ],
  };
  const fields = [{ name: "calls", dtype: "i32", shape: [], offset: 0 } as const];
  return {
    name: "counting",
    programs: [program],
    weights: noBytes,
    state: { bytes: new Uint8Array(4), fields },
  };
}

/** All of them, for warnings and sanitizers. */
export const everything = (): Bundle[] => [
  bundleOf("kernels", programOf("add", vectorAdd), programOf("sum_and_max", sumAndMax())),
  chunked,
  countingBundle(),
];
