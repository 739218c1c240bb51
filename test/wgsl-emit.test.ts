// The text that the WGSL emitter writes: a small kernel in full, what becomes of names, and what is refused.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { symbol } from "../ir/dim.ts";
import { Unsupported } from "../ir/errors.ts";
import {
  cast,
  type Expr,
  int,
  type Kernel,
  load,
  makeBuffer,
  mul,
  scalar,
  store,
  sub,
} from "../ir/kernel.ts";
import type { Slot } from "../ir/program.ts";
import { wgsl } from "../targets/wgsl/wgsl.ts";
import { openDawn } from "./support/dawn.ts";
import {
  affineKernel,
  alloc,
  barrier,
  bind,
  f32,
  global,
  launch,
  nest,
  params,
  programOf,
} from "./support/wgsl-kernels.ts";
import { bundleOf, ioSlot, loadBundle, runKernel } from "./support/wgsl-run.ts";

const dawn = await openDawn();
const device = await dawn?.device();
test.after(() => dawn?.close());

const n = symbol("n");

test("the text of a kernel", () => {
  const program = programOf(
    { inputs: [{ name: "x", dtype: "f32", shape: [n] }], outputs: [{ name: "y", dtype: "f32", shape: [n] }] },
    0,
    [launch(affineKernel(), [bind(ioSlot("input", 0, "f32", n)), bind(ioSlot("output", 0, "f32", n))], [n])],
  );
  const { source, plan } = wgsl.emit(bundleOf(program));
  assert.fixture(
    source,
    `@group(0) @binding(0) var<uniform> params: array<vec4i, 16>;
@group(0) @binding(3) var<storage, read_write> arena: array<f32>;

@compute @workgroup_size(32)
fn affine(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_id) local_id: vec3u) {
  const x = 0;
  let y = params[0].x;
  let n = params[0].y;
  let block = i32(group_id.x + group_id.y * group_count.x);
  if (block >= (n + 31) / 32) { return; }
  let grid_x = block;
  let thread_x = i32(local_id.x);
  let i = grid_x * 32 + thread_x;
  if (i < n) {
    arena[y + i] = arena[x + i] * 2.0 + 1.0;
  }
}
`,
  );
  assert.equal(plan.programs[0].steps, [
    { entry: 0, groups: [["/", ["+", "n", 31], 32]], params: ["n", "n"] },
  ]);
});

test("one entry point for equal kernels, whose bases differ", () => {
  const half = (offset: number): Slot => ({ ...ioSlot("output", 0, "f32", 8), offset });
  const program = programOf(
    {
      inputs: [{ name: "x", dtype: "f32", shape: [8] }],
      outputs: [{ name: "y", dtype: "f32", shape: [16] }],
    },
    0,
    [0, 32].map((offset) =>
      launch(affineKernel(), [bind(ioSlot("input", 0, "f32", 8)), bind(half(offset))], [8]),
    ),
  );
  const { plan, source } = wgsl.emit(bundleOf(program));
  assert.equal(plan.entries, ["affine"]);
  assert.equal(plan.programs[0].steps, [
    { entry: 0, groups: [1], params: [8] },
    { entry: 0, groups: [1], params: [16] },
  ]);
  assert.match(source, "const n = 8;");
});

test("dtypes without a WGSL type are refused with advice", () => {
  const kernel = { ...affineKernel() };
  const program = programOf(
    { inputs: [{ name: "x", dtype: "f64", shape: [4] }], outputs: [{ name: "y", dtype: "f32", shape: [4] }] },
    0,
    [launch(kernel, [bind(ioSlot("input", 0, "f64", 4)), bind(ioSlot("output", 0, "f32", 4))], [4])],
  );
  assert.throws(
    () => wgsl.emit(bundleOf(program)),
    (error: unknown) => error instanceof Unsupported && /f64.*Cast to f32/.test(error.message),
  );
});

test("names of variables are safe, whatever they are", async () => {
  if (device === undefined) return;
  const hostile =
    `arena params main fn var let const true vec4f array<f32> f32 max select block group thread params[0] "); } evil( /* //
    __proto__ constructor 日本 0start a__b _ fallthrough ptr workgroupBarrier is_nan max_nan inf copy clear wgsl x x x`.split(
      /\s+/,
    );
  const buffers = hostile.map((name) => global(name, "f32", 1));
  const y = global("y\nfn", "f32");
  const kernel: Kernel = {
    name: "main(){}\n@compute",
    params: [...params("read", ...buffers), ...params("write", y)],
    dims: [],
    body: nest([["thread.x", 1]], () => [
      store(
        y,
        [int(0)],
        buffers.reduce<Expr>((sum, buffer) => scalar("max", sum, load(buffer, [int(0)])), f32(0)),
      ),
    ]),
  };
  const [result] = await runKernel(device, kernel, [
    ...buffers.map((_, k) => new Float32Array([k])),
    new Float32Array(1),
  ]);
  assert.is(result[0], buffers.length - 1);
});

test("entry points and workgroup arrays of equal name are told apart", async () => {
  if (device === undefined) return;
  const tiled = (factor: number): Kernel => {
    const tile = makeBuffer("tile", "f32", [4], "shared");
    const y = global("y");
    const body = nest([["thread.x", 4]], (i) => [
      alloc(tile),
      store(tile, [i], mul(cast(i, "f32"), f32(factor))),
      barrier,
      store(y, [i], load(tile, [sub(int(3), i)])),
    ]);
    return { name: "tile", params: params("write", y), dims: [], body };
  };
  const outputs = [0, 1].map((at) => ({ name: `y${at}`, dtype: "f32" as const, shape: [4] }));
  const steps = [2, 3].map((factor, at) => launch(tiled(factor), [bind(ioSlot("output", at, "f32", 4))]));
  const { run, code } = await loadBundle(device, bundleOf(programOf({ outputs }, 0, steps)));
  assert.equal(code.plan.entries, ["tile", "tile1"]);
  assert.equal(
    (await run("main", [])).map((array) => [...array]),
    [
      [6, 4, 2, 0],
      [9, 6, 3, 0],
    ],
  );
});

test.run();
