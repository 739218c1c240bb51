// Programs as WGSL, run on Dawn: regions and their layout, narrow dtypes, state, chunks, clearing and copying.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { mulDims, symbol } from "../ir/dim.ts";
import type { DType } from "../ir/dtype.ts";
import { add, cast, int, type Kernel, load, scalar, store } from "../ir/kernel.ts";
import type { Slot } from "../ir/program.ts";
import { openDawn } from "./support/dawn.ts";
import { affineKernel, bind, f32, global, launch, nest, params, programOf } from "./support/wgsl-kernels.ts";
import { arenaSlot, bundleOf, ioSlot, loadBundle } from "./support/wgsl-run.ts";

const dawn = await openDawn();
const device = await dawn?.device();
test.after(() => dawn?.close());

const n = symbol("n");

test("narrow slots of the arena beside each other, written by neighbouring threads", async () => {
  if (device === undefined) return;
  const [x, mask, codes, y] = [global("x"), global("mask", "bool"), global("codes", "i16"), global("y")];
  const first: Kernel = {
    name: "first",
    params: [...params("read", x), ...params("write", mask, codes)],
    dims: [],
    body: nest([["thread.x", 37]], (i) => [
      store(mask, [i], scalar("lt", f32(0), load(x, [i]))),
      store(codes, [i], cast(load(x, [i]), "i16")),
    ]),
  };
  const second: Kernel = {
    name: "second",
    params: [...params("read", x, mask, codes), ...params("write", y)],
    dims: [],
    body: nest([["thread.x", 37]], (i) => [
      store(y, [i], scalar("select", load(mask, [i]), cast(load(codes, [i]), "f32"), load(x, [i]))),
    ]),
  };
  const [input, output] = [ioSlot("input", 0, "f32", 37), ioSlot("output", 0, "f32", 37)];
  const maskSlot = arenaSlot("mask", "bool", 37, 1);
  const codeSlot = arenaSlot("codes", "i16", 37, 38);
  const other = ioSlot("output", 1, "bool", 37);
  const program = programOf(
    {
      inputs: [{ name: "x", dtype: "f32", shape: [37] }],
      outputs: [
        { name: "y", dtype: "f32", shape: [37] },
        { name: "mask", dtype: "bool", shape: [37] },
      ],
    },
    112,
    [
      launch(
        first,
        [input, maskSlot, codeSlot].map((slot) => bind(slot)),
      ),
      launch(
        second,
        [input, maskSlot, codeSlot, output].map((slot) => bind(slot)),
      ),
      { kind: "copy", from: bind(maskSlot), to: bind(other), size: 37 },
    ],
  );
  const { run } = await loadBundle(device, bundleOf(program));
  const data = Float32Array.from({ length: 37 }, (_, i) => (i % 2 === 0 ? 40000 : -1.5) * i);
  const [result, flags] = await run("main", [data]);
  assert.equal(
    [...result],
    [...data].map((value) => (value > 0 ? Math.min(Math.trunc(value), 32767) : value)),
  );
  assert.equal(
    [...flags],
    [...data].map((value) => (value > 0 ? 1 : 0)),
  );
});

test("packed weights of every narrow dtype, and state that is kept", async () => {
  if (device === undefined) return;
  const bytes = new Uint8Array([200, 1, 0, 1, 0x00, 0x80, 0xff, 0x7f, 250, 3, 255, 255, 1, 0, 2, 0]);
  const weight = (dtype: DType, offset: number): Slot => ({
    name: dtype,
    dtype,
    size: 2,
    region: { kind: "weights" },
    offset,
  });
  const slots = [
    weight("u8", 0),
    weight("bool", 2),
    weight("i16", 4),
    weight("i8", 8),
    weight("u16", 10),
    weight("i32", 12),
  ];
  const buffers = slots.map(({ dtype }) => global(dtype, dtype));
  const counter = global("counter", "f32");
  const y = global("y");
  const kernel: Kernel = {
    name: "unpack",
    params: [...params("read", ...buffers), ...params("readwrite", counter), ...params("write", y)],
    dims: [],
    body: nest([["thread.x", 1]], () => [
      store(counter, [int(0)], add(load(counter, [int(0)]), f32(1))),
      ...buffers.flatMap((buffer, k) => [
        store(y, [int(2 * k)], cast(load(buffer, [int(0)]), "f32")),
        ...(k === 5 ? [] : [store(y, [int(2 * k + 1)], cast(load(buffer, [int(1)]), "f32"))]),
      ]),
      store(y, [int(11)], load(counter, [int(0)])),
    ]),
  };
  const state: Slot = { name: "counter", dtype: "f32", size: 1, region: { kind: "state" }, offset: 4 };
  const args = [...slots, state, ioSlot("output", 0, "f32", 12)].map((slot) => bind(slot));
  const program = programOf({ outputs: [{ name: "y", dtype: "f32", shape: [12] }] }, 0, [
    launch(kernel, args),
  ]);
  const { run } = await loadBundle(
    device,
    bundleOf(program, {
      weights: { bytes, fields: [] },
      state: { bytes: new Uint8Array(new Float32Array([0, 41]).buffer), fields: [] },
    }),
  );
  const want = [200, 1, 0, 1, -32768, 32767, -6, 3, 65535, 1, 131073];
  assert.equal([...(await run("main", []))[0]], [...want, 42]);
  assert.equal([...(await run("main", []))[0]], [...want, 43]);
});

test("chunks with a ragged tail, offsets that depend on the size, clearing and copying", async () => {
  if (device === undefined) return;
  const input = ioSlot("input", 0, "f32", mulDims(3, n));
  const output = ioSlot("output", 0, "f32", mulDims(6, n));
  const zeros = arenaSlot("zeros", "f32", n, 0);
  const scratch = arenaSlot("scratch", "f32", mulDims(3, symbol("c")), mulDims(4, n));
  const tail: Slot = { ...output, size: n, offset: mulDims(12, n) };
  const program = programOf(
    {
      inputs: [{ name: "x", dtype: "f32", shape: [n, 3] }],
      outputs: [{ name: "y", dtype: "f32", shape: [n, 6] }],
    },
    mulDims(64, n),
    [
      { kind: "clear", slot: output },
      { kind: "clear", slot: zeros },
      {
        kind: "chunks",
        symbol: "c",
        total: n,
        size: 4,
        body: [
          launch(affineKernel(), [bind(input, 3), bind(scratch)], [mulDims(3, symbol("c"))]),
          { kind: "copy", from: bind(scratch), to: bind(output, 3), size: mulDims(3, symbol("c")) },
        ],
      },
      { kind: "copy", from: bind(input), to: bind(tail), size: n },
    ],
  );
  const { run, code } = await loadBundle(device, bundleOf(program));
  assert.equal(code.plan.entries, ["clear", "affine", "copy"]);
  for (const count of [1, 4, 7, 70, 3]) {
    const data = Float32Array.from({ length: 3 * count }, (_, i) => i / 2);
    const [result] = await run("main", [data], { n: count });
    const rest = Array.from({ length: 3 * count }, (_, i) => (i < count ? data[i] : 0));
    assert.equal([...result], [...[...data].map((value) => value * 2 + 1), ...rest]);
  }
});

test.run();
