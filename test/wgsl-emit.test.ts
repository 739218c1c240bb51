// The WGSL emitter: the text of a small kernel, and kernels in normal form run on Dawn: grids and threads, shared memory and
// barriers, register tiles, narrow dtypes, chunks, clearing and copying, more workgroups than an axis takes, hostile names.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { mulDims, symbol } from "../ir/dim.ts";
import type { DType } from "../ir/dtype.ts";
import { Unsupported } from "../ir/errors.ts";
import {
  type Access,
  add,
  type Bind,
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
  type Stmt,
  scalar,
  store,
  sub,
} from "../ir/kernel.ts";
import type { Binding, Program, Slot, Step } from "../ir/program.ts";
import { wgsl } from "../targets/wgsl/wgsl.ts";
import { openDawn } from "./support/dawn.ts";
import { arenaSlot, bundleOf, ioSlot, loadBundle, runKernel, when } from "./support/wgsl-run.ts";

const dawn = await openDawn();
const device = await dawn?.device();
test.after(() => dawn?.close());

const n = symbol("n");

// ---- small builders ----

const global = (name: string, dtype: DType = "f32", size = 0): Buffer =>
  makeBuffer(name, dtype, [size], "global");
const params = (access: Access, ...buffers: readonly Buffer[]): Kernel["params"] =>
  buffers.map((buffer) => ({ buffer, access }));
const alloc = (buffer: Buffer): Stmt => ({ kind: "alloc", buffer });
const barrier: Stmt = { kind: "barrier" };
const f32 = (value: number): Expr => constant(value, "f32");

/** Nested loops, outermost first, around what `body` makes of their variables. */
function nest(
  loops: readonly (readonly [Bind, Expr | number])[],
  body: (...at: Expr[]) => readonly Stmt[],
): Stmt[] {
  const vars = loops.map(([bind]) => makeVar(bind.replace(".", "_")));
  return loops.reduceRight<Stmt[]>(
    (inner, [bind, extent], k) => [
      forLoop(vars[k], typeof extent === "number" ? int(extent) : extent, inner, bind),
    ],
    [...body(...vars.map(read))],
  );
}

const bind = (slot: Slot, advance = 0): Binding => ({ slot, advance });
const launch = (
  kernel: Kernel,
  args: readonly Binding[],
  dims: Extract<Step, { kind: "launch" }>["dims"] = [],
): Step => ({
  kind: "launch",
  kernel,
  args,
  dims,
});

function programOf(
  ports: { readonly inputs?: Program["inputs"]; readonly outputs?: Program["outputs"] },
  arenaBytes: Program["arenaBytes"],
  steps: readonly Step[],
): Program {
  const { inputs = [], outputs = [] } = ports;
  return { name: "main", symbols: ["n"], inputs, outputs, arenaBytes, steps };
}

/** y[i] = x[i] * 2 + 1, over a symbolic size. */
function affineKernel(): Kernel {
  const [x, y] = [global("x"), global("y")];
  const size = makeVar("n");
  const i = makeVar("i");
  const groups = scalar("floordiv", add(read(size), int(31)), int(32));
  const body = nest(
    [
      ["grid.x", groups],
      ["thread.x", 32],
    ],
    (group, thread) => [
      { kind: "let", var: i, value: add(mul(group, int(32)), thread) },
      when(
        scalar("lt", read(i), read(size)),
        store(y, [read(i)], add(mul(load(x, [read(i)]), f32(2)), f32(1))),
      ),
    ],
  );
  return {
    name: "affine",
    params: [...params("read", x), ...params("write", y)],
    dims: [{ symbol: "n", var: size }],
    body,
  };
}

// ---- the text ----

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
fn affine(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  const x = 0;
  let y = params[0].x;
  let n = params[0].y;
  let block = i32(group.x + group.y * groups.x);
  if (block >= (n + 31) / 32) { return; }
  let grid_x = block;
  let thread_x = i32(thread.x);
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

// ---- grids, threads, memory ----

test("a grid of three axes with threads of three", async () => {
  if (device === undefined) return;
  const [gx, gy, gz, tx, ty, tz] = [3, 4, 2, 4, 2, 2];
  const y = global("y", "i32");
  const body = nest(
    [
      ["grid.x", gx],
      ["grid.y", gy],
      ["grid.z", gz],
      ["thread.x", tx],
      ["thread.y", ty],
      ["thread.z", tz],
    ],
    (...at) => {
      const extents = [gx, gy, gz, tx, ty, tz];
      const flat = at.reduce((sum, position, k) => add(mul(sum, int(extents[k])), position));
      return [store(y, [flat], flat)];
    },
  );
  const size = gx * gy * gz * tx * ty * tz;
  const [result] = await runKernel(device, { name: "grid", params: params("write", y), dims: [], body }, [
    new Int32Array(size),
  ]);
  assert.equal(
    result,
    Int32Array.from({ length: size }, (_, i) => i),
  );
});

test("more workgroups than an axis takes, constant and symbolic, over one axis and three", async () => {
  if (device === undefined) return;
  const y = global("y", "i32");
  const one: Kernel = {
    name: "wide",
    params: params("write", y),
    dims: [],
    body: nest([["grid.x", 70001]], (i) => [store(y, [i], add(i, int(1)))]),
  };
  const [wide] = await runKernel(device, one, [new Int32Array(70001)]);
  assert.ok(wide.every((value, i) => Number(value) === i + 1));

  const size = makeVar("n");
  const three: Kernel = {
    name: "cube",
    params: params("write", y),
    dims: [{ symbol: "n", var: size }],
    body: nest(
      [
        ["grid.x", 7],
        ["grid.y", read(size)],
        ["grid.z", 5],
      ],
      (a, b, c) => {
        const flat = add(mul(add(mul(c, read(size)), b), int(7)), a);
        return [store(y, [flat], add(mul(c, int(1000000)), add(mul(b, int(10)), a)))];
      },
    ),
  };
  const count = 2003;
  const [cube] = await runKernel(device, three, [new Int32Array(35 * count)], [count]);
  for (const [a, b, c] of [
    [0, 0, 0],
    [6, 2002, 4],
    [3, 1001, 2],
    [6, 0, 4],
  ]) {
    assert.is(cube[(c * count + b) * 7 + a], c * 1000000 + b * 10 + a);
  }
});

for (const symbolic of [false, true]) {
  test(`a reduction in shared memory, with barriers, over a ${symbolic ? "symbolic" : "constant"} grid`, async () => {
    if (device === undefined) return;
    const [x, y] = [global("x"), global("y")];
    const tile = makeBuffer("tile", "f32", [64], "shared");
    const size = makeVar("n");
    const body = nest(
      [
        ["grid.x", symbolic ? read(size) : 5],
        ["thread.x", 64],
      ],
      (group, thread) => [
        alloc(tile),
        store(tile, [thread], load(x, [add(mul(group, int(64)), thread)])),
        barrier,
        ...[32, 16, 8, 4, 2, 1].flatMap((stride): Stmt[] => [
          when(
            scalar("lt", thread, int(stride)),
            store(tile, [thread], add(load(tile, [thread]), load(tile, [add(thread, int(stride))]))),
          ),
          barrier,
        ]),
        when(scalar("eq", thread, int(0)), store(y, [group], load(tile, [int(0)]))),
      ],
    );
    const args = [...params("read", x), ...params("write", y)];
    const kernel: Kernel = { name: "sum", params: args, dims: [{ symbol: "n", var: size }], body };
    const port = { dtype: "f32" as const };
    const program = programOf(
      { inputs: [{ ...port, name: "x", shape: [n, 64] }], outputs: [{ ...port, name: "y", shape: [n] }] },
      0,
      [launch(kernel, [bind(ioSlot("input", 0, "f32", n)), bind(ioSlot("output", 0, "f32", n))], [n])],
    );
    const { run } = await loadBundle(device, bundleOf(program));
    const data = Float32Array.from({ length: 320 }, (_, i) => (i * 7) % 13);
    const [sums] = await run("main", [data], { n: 5 });
    const want = Array.from({ length: 5 }, (_, k) => data.slice(64 * k, 64 * k + 64).reduce((a, b) => a + b));
    assert.equal([...sums], want);
  });
}

test("threads of a workgroup see what others wrote to storage, after a barrier", async () => {
  if (device === undefined) return;
  const x = global("x", "i32");
  const swap = makeBuffer("swap", "i32", [], "register");
  const body = nest([["thread.x", 128]], (thread) => [
    store(x, [thread], mul(thread, int(3))),
    barrier,
    alloc(swap),
    store(swap, [], load(x, [sub(int(127), thread)])),
    barrier,
    store(x, [thread], load(swap, [])),
  ]);
  const kernel: Kernel = { name: "reverse", params: params("readwrite", x), dims: [], body };
  const [reversed] = await runKernel(device, kernel, [new Int32Array(128)]);
  assert.equal(
    reversed,
    Int32Array.from({ length: 128 }, (_, i) => (127 - i) * 3),
  );
});

test("a register tile and a local array", async () => {
  if (device === undefined) return;
  const [m, k, columns] = [8, 16, 12];
  const [a, b, c] = [global("a"), global("b"), global("c")];
  const row = makeBuffer("row", "f32", [k], "local");
  const tile = [0, 1, 2, 3].map((at) => makeBuffer(`acc${at >> 1}${at & 1}`, "f32", [], "register"));
  const p = makeVar("p");
  const q = makeVar("q");
  const body = nest(
    [
      ["grid.x", columns / 2],
      ["thread.x", m / 2],
    ],
    (group, thread) => {
      const at = (half: number): readonly [Expr, Expr] => [
        add(mul(thread, int(2)), int(half >> 1)),
        add(mul(group, int(2)), int(half & 1)),
      ];
      return [
        alloc(row),
        forLoop(q, int(k), [store(row, [read(q)], load(a, [add(mul(at(0)[0], int(k)), read(q))]))]),
        ...tile.map(alloc),
        ...tile.map((acc) => store(acc, [], f32(0))),
        forLoop(
          p,
          int(k),
          tile.map((acc, half) => {
            const [i, j] = at(half);
            const left = half < 2 ? load(row, [read(p)]) : load(a, [add(mul(i, int(k)), read(p))]);
            return store(
              acc,
              [],
              add(load(acc, []), mul(left, load(b, [add(mul(read(p), int(columns)), j)]))),
            );
          }),
        ),
        ...tile.map((acc, half) =>
          store(c, [add(mul(at(half)[0], int(columns)), at(half)[1])], load(acc, [])),
        ),
      ];
    },
  );
  const kernel: Kernel = {
    name: "matmul",
    params: [...params("read", a, b), ...params("write", c)],
    dims: [],
    body,
  };
  const left = Float32Array.from({ length: m * k }, (_, i) => (i % 5) - 2);
  const right = Float32Array.from({ length: k * columns }, (_, i) => (i % 7) - 3);
  const [product] = await runKernel(device, kernel, [left, right, new Float32Array(m * columns)]);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let r = 0; r < k; r++) sum += left[i * k + r] * right[r * columns + j];
      assert.is(product[i * columns + j], sum);
    }
  }
});

// ---- programs ----

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

// ---- names ----

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
