// Schedules of whole kernels, by what their loops look like (text goldens in test/schedules/) and by their numbers: register tiles of packed
// matrices, rows of softmax in vectors, merged loops, borders written by the kernel that makes the middle. BLESS=1 rewrites the text.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../compiler/pipeline.ts";
import { Builder } from "../ir/builder.ts";
import { type Shape, symbol } from "../ir/dim.ts";
import type { BlockArg, Func, Value } from "../ir/graph.ts";
import { opTable } from "../ir/ops/index.ts";
import { launchesOf } from "../ir/program.ts";
import { printKernel } from "../ir/text/kernel-print.ts";
import { cpp } from "../targets/cpp/cpp.ts";
import { cuda } from "../targets/cuda/cuda.ts";
import { type Scheduler, schedulerFor } from "../targets/schedule/scheduler.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { difference } from "./support/close.ts";
import { expectedOutputs, interpreted, randomArguments } from "./support/run-func.ts";
import { projectRoot } from "./support/tools.ts";

const n = symbol("n");

/** `weights` are parameters, all others inputs. */
interface Case {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly weights: readonly Shape[];
  build(b: Builder, inputs: readonly Value[], weights: readonly Value[]): Value;
}

const conv = (b: Builder, x: Value, w: Value): Value => b.contract(x, w, "n h+i w+j c, i j c o -> n h w o");
const border = (b: Builder, x: Value): Value =>
  b.op("pad", [x], { low: [0, 1, 1, 0], high: [0, 1, 1, 0], interior: [0, 0, 0, 0], value: 0 });

const cases: readonly Case[] = [
  {
    name: "matrix product with packed weights",
    inputs: [[n, 64]],
    weights: [[64, 40]],
    build: (b, [x], [w]) => b.contract(x, w, "n k, k o -> n o"),
  },
  {
    name: "pointwise convolution: rows and columns are one loop",
    inputs: [[n, 7, 7, 32]],
    weights: [[32, 64], [64]],
    build: (b, [x], [w, bias]) => b.unary("relu", b.add(b.contract(x, w, "n h w c, c o -> n h w o"), bias)),
  },
  {
    name: "convolution over three channels: a window's row is one loop",
    inputs: [[n, 9, 9, 3]],
    weights: [[3, 3, 3, 16]],
    build: (b, [x], [w]) => conv(b, x, w),
  },
  {
    name: "depthwise convolution: taps unrolled, neighbours share loads",
    inputs: [[n, 10, 10, 16]],
    weights: [[3, 3, 16]],
    build: (b, [x], [w]) => b.contract(x, w, "n h+i w+j c, i j c -> n h w c"),
  },
  {
    name: "softmax: a row in vectors",
    inputs: [[n, 37]],
    weights: [],
    build: (b, [x]) => {
      const [most] = b.results("reduce_max", [x], { spec: "n c -> n" });
      const e = b.unary("exp", b.sub(x, b.broadcast(most, x.type.shape, [0])));
      return b.div(e, b.broadcast(b.sum(e, [1]), x.type.shape, [0]));
    },
  },
  {
    name: "a border around a convolution's result",
    inputs: [[n, 26, 26, 2]],
    weights: [
      [3, 3, 2, 8],
      [3, 3, 8, 4],
    ],
    build: (b, [x], [v, w]) => conv(b, border(b, b.unary("relu", conv(b, x, v))), w),
  },
];

function funcOf({ inputs, weights, build }: Case): Func {
  const b = new Builder(opTable);
  const arg =
    (name: string) =>
    (shape: Shape, i: number): BlockArg => ({
      kind: "arg",
      type: { dtype: "f32", shape },
      name: `${name}${i}`,
    });
  const [xs, ws] = [inputs.map(arg("x")), weights.map(arg("w"))];
  const y = build(b, xs, ws);
  return {
    name: "main",
    body: b.block([...xs, ...ws], [y]),
    args: [
      ...xs.map((_, i) => ({ kind: "input", name: `x${i}` }) as const),
      ...ws.map((_, i) => ({ kind: "param", path: `w${i}` }) as const),
    ],
    results: [{ kind: "output", name: "y" }],
  };
}

const schedulers: readonly (readonly [name: string, scheduler: Scheduler])[] = [
  ["wasm", schedulerFor(wasm.limits)],
  ["cpp", schedulerFor(cpp.limits)],
  ["cuda", schedulerFor(cuda.limits)],
];

/** The text of all kernels, which must be that of the golden file. */
function checkText(file: string, text: string): void {
  const path = join(projectRoot, "test/schedules", file);
  if (process.env.BLESS === "1" || !existsSync(path)) {
    assert.is(process.env.BLESS, "1", `${file} is missing: BLESS=1 writes it`);
    mkdirSync(join(projectRoot, "test/schedules"), { recursive: true });
    writeFileSync(path, text);
  }
  assert.fixture(text, readFileSync(path, "utf8"));
}

for (const item of cases) {
  const func = funcOf(item);
  test(`${item.name}: the loops for wasm`, () => {
    const { values } = randomArguments(func, 1);
    const { bundle } = compile("main", { funcs: [func] }, values, schedulers[0][1]);
    const kernels = launchesOf(bundle.programs[0].steps).map(({ kernel }) => printKernel(kernel));
    checkText(`${item.name.split(":")[0].replaceAll(/[^a-z]+/g, "-")}.txt`, kernels.join("\n"));
  });
  for (const [name, scheduler] of schedulers) {
    test(`${item.name}: the numbers of the schedule for ${name}`, () => {
      const given = randomArguments(func, 3, 2);
      const [want] = expectedOutputs(func, given);
      const [got] = interpreted(func, given, scheduler);
      assert.is(difference(got, want, { absolute: 1e-4, relative: 1e-4 }), undefined);
    });
  }
}

test.run();
