// Kernels in normal form as WGSL, run on Dawn: grids and threads, more workgroups than an axis takes, shared memory and barriers,
// register tiles and local arrays.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { symbol } from "../ir/dim.ts";
import {
  add,
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
import { openDawn } from "./support/dawn.ts";
import {
  alloc,
  barrier,
  bind,
  f32,
  global,
  launch,
  nest,
  params,
  programOf,
  when,
} from "./support/wgsl-kernels.ts";
import { bundleOf, ioSlot, loadBundle, runKernel } from "./support/wgsl-run.ts";

const dawn = await openDawn();
const device = await dawn?.device();
test.after(() => dawn?.close());

const n = symbol("n");

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

test.run();
