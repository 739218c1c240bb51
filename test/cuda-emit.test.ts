// deadline: 240
/**
 * Emitted CUDA: its text, and that nvcc builds it without a warning for old and new machines. There is no GPU here; what kernels compute
 * is checked by the interpreter, which runs the same kernels.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../compiler/pipeline.ts";
import { Builder } from "../ir/builder.ts";
import { addDims, mulDims, symbol } from "../ir/dim.ts";
import type { DType } from "../ir/dtype.ts";
import { isFloat, isInteger } from "../ir/dtype.ts";
import type { BlockArg, Func } from "../ir/graph.ts";
import {
  add,
  bitcast,
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
  type Stmt,
  scalar,
  store,
} from "../ir/kernel.ts";
import { allOps, opTable } from "../ir/ops/index.ts";
import type { Bundle, Program } from "../ir/program.ts";
import { type ScalarName, scalarNames, scalars } from "../ir/scalar.ts";
import { cuda } from "../targets/cuda/cuda.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
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
} from "./support/native-bundle.ts";
import { runIn, withFolder } from "./support/native-toolchain.ts";
import { opSamples } from "./support/op-samples.ts";
import { requireTool } from "./support/tools.ts";

const n = symbol("n");
const THREADS = 256;

/** y[i] = the sum of x over the 256 elements that the block of i holds: a grid, threads, shared memory, a barrier. */
function blockSum(): Kernel {
  const x = global("x", "f32", n);
  const y = global("y", "f32", n);
  const tile = makeBuffer("tile", "f32", [THREADS], "shared");
  const sum = makeBuffer("sum", "f32", [], "register");
  return kernel("block_sum", [x], [y], (size) => {
    const [block, thread, i, element] = ["block", "thread", "i", "element"].map((name) => makeVar(name));
    const inside = (...then: readonly Stmt[]): Stmt => {
      return { kind: "if", cond: scalar("lt", read(element), read(size)), then, otherwise: [] };
    };
    const body: Stmt[] = [
      { kind: "alloc", buffer: tile },
      { kind: "let", var: element, value: add(mul(read(block), int(THREADS)), read(thread)) },
      store(tile, [read(thread)], constant(0, "f32")),
      inside(store(tile, [read(thread)], load(x, [read(element)]))),
      { kind: "barrier" },
      { kind: "alloc", buffer: sum },
      store(sum, [], constant(0, "f32")),
      forLoop(i, int(THREADS), [store(sum, [], add(load(sum, []), load(tile, [read(i)])))]),
      inside(store(y, [read(element)], load(sum, []))),
    ];
    const blocks = scalar("floordiv", add(read(size), int(THREADS - 1)), int(THREADS));
    return [forLoop(block, blocks, [forLoop(thread, int(THREADS), body, "thread.x")], "grid.x")];
  });
}

/** With state, weights, a symbolic arena, chunks, clear and copy. */
function stepsBundle(): Bundle {
  const sum = blockSum();
  const input = slot("x", "f32", n, { kind: "input", index: 0 });
  const output = slot("y", "f32", n, { kind: "output", index: 0 });
  const scratch = slot("scratch", "f32", n, { kind: "arena" }, 256);
  const program: Program = {
    name: "train_step",
    symbols: ["n"],
    inputs: [port("x", "f32", [n])],
    outputs: [port("y", "f32", [n])],
    arenaBytes: addDims(256, mulDims(4, n)),
    steps: [
      { kind: "clear", slot: scratch },
      {
        kind: "chunks",
        symbol: "c",
        total: n,
        size: 1024,
        body: [
          { kind: "launch", kernel: sum, args: [bind(input, 1), bind(scratch, 1)], dims: [symbol("c")] },
        ],
      },
      { kind: "copy", from: bind(scratch), to: bind(output), size: n },
    ],
  };
  const fields = [{ name: "step", dtype: "i64", shape: [], offset: 0 } as const];
  return {
    name: "steps",
    programs: [program],
    weights: noBytes,
    state: { bytes: new Uint8Array(8), fields },
  };
}

const onlyFloats: ReadonlySet<ScalarName> = new Set(["sqrt", "floor", "ceil", "trunc", "round", "fma"]);
const onlyBits: ReadonlySet<ScalarName> = new Set(["and", "or", "xor", "not"]);

function applies(name: ScalarName, dtype: DType): boolean {
  if (onlyFloats.has(name)) return isFloat(dtype);
  if (onlyBits.has(name)) return !isFloat(dtype);
  if (name === "shl" || name === "shr") return isInteger(dtype);
  return dtype !== "bool" || scalars[name].result !== "same";
}

/** Every operator and conversion, summed up in few kernels, since each costs nvcc time. */
function scalarBundle(): Bundle {
  const tested: readonly DType[] = ["f32", "f64", "i32", "u32", "i8", "bool"];
  const program = (
    name: string,
    dtypes: readonly DType[],
    result: DType,
    map: (args: readonly Expr[]) => Expr,
  ): Program => programOf(name, elementwise(name, dtypes, result, 1, map));
  const operators = tested.flatMap((dtype) =>
    scalarNames
      .filter((name) => scalars[name].basic && applies(name, dtype))
      .map((name) => {
        const types =
          name === "select"
            ? (["bool", dtype, dtype] as const)
            : Array<DType>(scalars[name].arity).fill(dtype);
        const result = scalars[name].result === "bool" ? "bool" : dtype;
        return program(`${name}_${dtype}`, types, result, (args) => scalar(name, ...args));
      }),
  );
  const pairs = tested.flatMap((from) => tested.filter((to) => to !== from).map((to) => [from, to] as const));
  const casts = pairs.map(([from, to]) => program(`cast_${from}_${to}`, [from], to, ([x]) => cast(x, to)));
  const bits = program("bits", ["f32"], "u32", ([x]) => bitcast(x, "u32"));
  const limits = program("limits", ["f32"], "f32", ([x]) =>
    scalar(
      "select",
      scalar("lt", x, constant(Number.NEGATIVE_INFINITY, "f32")),
      constant(Number.NaN, "f32"),
      x,
    ),
  );
  return bundleOf("scalars", ...operators, ...casts, bits, limits);
}

/** Kernels that ops build by hand, the first sample of each, and one on 16-bit floats. */
function handBuiltBundle(): Bundle {
  const handBuilt = allOps.filter(({ lower }) => lower.kind === "kernel");
  const rows = handBuilt.flatMap((def) => opSamples([def], opTable).slice(0, 1));
  const b = new Builder(opTable);
  const [x, y] = (["f16", "bf16"] as const).map(
    (dtype): BlockArg => ({ kind: "arg", type: { dtype, shape: [8] } }),
  );
  const halves: Func = {
    name: "halves",
    body: b.block([x, y], [b.mul(x, b.cast(y, "f16"))]),
    args: ["x", "y"].map((name) => ({ kind: "input", name })),
    results: [{ kind: "output", name: "z" }],
  };
  const funcs = [halves, ...rows.map(({ func }) => func)];
  return compile("by_hand", { funcs }, new Map(), schedulerFor(cuda.limits)).bundle;
}

test("the text of a kernel with a grid, shared memory and a barrier", () => {
  const source = cuda
    .emit(bundleOf("sums", programOf("predict", blockSum())))
    .files.find(({ path }) => path === "model.cu");
  const text = String(source?.contents);
  const expected = `// block_sum: x f32[n] -> y f32[n]
__global__ __launch_bounds__(256) void block_sum(const float* __restrict x, float* __restrict y, int n) {
  const int block = int(blockIdx.x);
  const int thread = int(threadIdx.x);
  __shared__ float tile[256];
  const int element = block * 256 + thread;
  tile[thread] = 0.0f;
  if (element < n) {
    tile[thread] = x[element];
  }
  __syncthreads();
  float sum = 0.0f;
  for (int i = 0; i < 256; i++) {
    sum += tile[i];
  }
  if (element < n) {
    y[element] = sum;
  }
}`;
  assert.ok(text.includes(expected), text);
  assert.ok(
    text.includes("launch(block_sum, dim3((int(n) + 255) / 256), dim3(256), stream, x, y, int(n));"),
    text,
  );
});

test("the same bundle gives the same bytes", () => {
  assert.equal(cuda.emit(stepsBundle()), cuda.emit(stepsBundle()));
});

for (const machine of ["sm_80", "sm_90a"]) {
  test(`nvcc builds it for ${machine} without a warning`, () => {
    const nvcc = requireTool("nvcc");
    if (nvcc === undefined) return;
    const bundles = [stepsBundle(), ...(machine === "sm_80" ? [scalarBundle(), handBuiltBundle()] : [])];
    for (const bundle of bundles) {
      withFolder(cuda.emit(bundle).files, (folder) => {
        const flags = [
          "-std=c++17",
          `-arch=${machine}`,
          "-O1",
          "-fmad=false",
          "-Xcompiler=-Wall,-Wextra",
          "-Werror=all-warnings",
        ];
        runIn(folder, nvcc, ...flags, "-c", "model.cu", "-o", "model.o");
        assert.not.match(
          runIn(folder, "nm", "-g", "--defined-only", "model.o"),
          new RegExp(` T (?!${bundle.name}_|_Z)`),
        );
      });
    }
  });
}

test("the demo is C++ that the host's compiler takes", () => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return;
  withFolder(cuda.emit(stepsBundle()).files, (folder) => {
    runIn(folder, compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "main.cpp");
    runIn(
      folder,
      compiler,
      "-x",
      "c",
      "-std=c99",
      "-Wall",
      "-Wextra",
      "-Wpedantic",
      "-Werror",
      "-fsyntax-only",
      "model.h",
    );
  });
});

test.run();
