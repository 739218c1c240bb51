// The interpreter runs what is right and refuses, with names, what is wrong: bounds, unwritten memory, races, divergent barriers.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { symbol } from "../ir/dim.ts";
import type { DType } from "../ir/dtype.ts";
import { CompilerBug } from "../ir/errors.ts";
import { operatorOf } from "../ir/interpret/arithmetic.ts";
import { interpretKernel } from "../ir/interpret.ts";
import {
  type Access,
  add,
  type Bind,
  type Buffer,
  bitcast,
  cast,
  constant,
  type Expr,
  extract,
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
  splat,
  store,
  sub,
} from "../ir/kernel.ts";
import { applyScalar, scalarNames, scalars } from "../ir/scalar.ts";

const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const wrapped = (...arrays: Float32Array[]): { data: Float32Array }[] => arrays.map((data) => ({ data }));
const global = (name: string, ...shape: number[]): Buffer => makeBuffer(name, "f32", shape, "global");
const alloc = (buffer: Buffer): Stmt => ({ kind: "alloc", buffer });
const barrier: Stmt = { kind: "barrier" };
const when = (cond: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt => ({
  kind: "if",
  cond,
  then,
  otherwise,
});

function kernel(params: readonly (readonly [Buffer, Access])[], body: readonly Stmt[]): Kernel {
  return { name: "k", params: params.map(([buffer, access]) => ({ buffer, access })), dims: [], body };
}

/** A loop with its variable handed to the body. */
function loop(name: string, extent: number, bind: Bind, body: (i: Expr) => readonly Stmt[]): Stmt {
  const v = makeVar(name);
  return forLoop(v, int(extent), body(read(v)), bind);
}

function failure(run: () => void): string {
  try {
    run();
  } catch (error) {
    assert.instance(error, CompilerBug);
    return error instanceof Error ? error.message : "";
  }
  throw new Error("nothing was thrown");
}

test("a matrix product in loops, with an accumulator in a register", () => {
  const [a, b, c] = [global("a", 2, 3), global("b", 3, 2), global("c", 2, 2)];
  const sum = makeBuffer("sum", "f32", [], "register");
  const body = loop("i", 2, "serial", (i) => [
    loop("j", 2, "unroll", (j) => [
      alloc(sum),
      store(sum, [], constant(0, "f32")),
      loop("k", 3, "serial", (k) => [
        store(sum, [], add(load(sum, []), mul(load(a, [i, k]), load(b, [k, j])))),
      ]),
      store(c, [i, j], load(sum, [])),
    ]),
  ]);
  const out = new Float32Array(4);
  const product = kernel(
    [
      [a, "read"],
      [b, "read"],
      [c, "write"],
    ],
    [body],
  );
  interpretKernel(product, wrapped(floats(1, 2, 3, 4, 5, 6), floats(1, 0, 0, 1, 1, 1), out));
  assert.equal([...out], [4, 5, 10, 11]);
});

test("vectors: loads, stores, splat, extract, registers of vectors", () => {
  const [x, y] = [global("x", 2, 8), global("y", 2, 8)];
  const tile = makeBuffer("tile", "f32", [2], "register", 4);
  const code = loop("r", 2, "serial", (r) => [
    alloc(tile),
    loop("v", 2, "serial", (v) => [
      store(tile, [v], mul(load(x, [r, mul(v, int(4))], 4), splat(constant(2, "f32"), 4))),
      store(y, [r, mul(v, int(4))], add(load(tile, [v]), splat(extract(load(tile, [v]), 3), 4))),
    ]),
  ]);
  const out = new Float32Array(16);
  interpretKernel(
    kernel(
      [
        [x, "read"],
        [y, "write"],
      ],
      [code],
    ),
    wrapped(
      Float32Array.from({ length: 16 }, (_, i) => i),
      out,
    ),
  );
  assert.equal([...out.slice(0, 8)], [6, 8, 10, 12, 22, 24, 26, 28]);
});

test("f32 rounds after each operation; casts saturate; bitcasts keep bits", () => {
  const out = makeBuffer("out", "f32", [3], "global");
  const third = scalar("div", constant(1, "f32"), constant(3, "f32"));
  const body = [
    store(out, [int(0)], mul(third, constant(3e7, "f32"))),
    store(out, [int(1)], cast(cast(constant(3e9, "f32"), "i32"), "f32")),
    store(out, [int(2)], bitcast(int(0x3fc00000), "f32")),
  ];
  const got = new Float32Array(3);
  interpretKernel(kernel([[out, "write"]], body), wrapped(got));
  assert.equal([...got], [Math.fround(Math.fround(1 / 3) * 3e7), 2147483648, 1.5]);
});

test("the operators written out for speed agree with applyScalar", () => {
  const samples = [0, -0, 1, -1, 2.5, -7.25, 1e30, -3e38, Number.NaN, Infinity, 1e-40];
  const whole = [0, 1, -1, 7, -8, 2147483647, -2147483648, 65537];
  for (const dtype of ["f32", "i32"] satisfies DType[]) {
    const values = dtype === "f32" ? samples.map(Math.fround) : whole;
    for (const name of scalarNames) {
      const { arity } = scalars[name];
      const operator = operatorOf(name, dtype, arity);
      for (const a of values) {
        for (const b of values) {
          const args = [a, b, values[3]].slice(0, arity);
          const [x, y = 0, z = 0] = args;
          const same = Object.is(operator(x, y, z), applyScalar(name, dtype, args));
          assert.ok(same, `${name} of ${dtype}: ${args}`);
        }
      }
    }
  }
});

test("an expression that uses one object many times costs linear time", () => {
  const out = global("out", 1);
  let value: Expr = load(out, [int(0)]);
  for (let i = 0; i < 60; i++) value = scalar("max", value, value);
  const data = floats(3);
  interpretKernel(kernel([[out, "readwrite"]], [store(out, [int(0)], value)]), wrapped(data));
  assert.is(data[0], 3);
});

test("an index that runs from one row into the next is out of bounds", () => {
  const x = global("x", 2, 3);
  const message = failure(() =>
    interpretKernel(
      kernel([[x, "write"]], [loop("i", 4, "serial", (i) => [store(x, [int(0), i], constant(1, "f32"))])]),
      wrapped(new Float32Array(6)),
    ),
  );
  assert.match(message, /k is out of bounds of x; expected an index below \[2,3\]; got \[0,3\]/);
  assert.match(message, /i = 3/);
});

test("a vector must fit into its row", () => {
  const x = global("x", 6);
  const code = [store(x, [int(3)], constant(1, "f32", 4))];
  assert.match(
    failure(() => interpretKernel(kernel([[x, "write"]], code), wrapped(new Float32Array(6)))),
    /expected an index below \[6\], 4 elements; got \[3\]/,
  );
});

test("a load on the side of a select that is not taken is checked too", () => {
  const x = global("x", 2);
  const guarded = scalar("select", constant(0, "bool"), load(x, [int(-1)]), constant(0, "f32"));
  assert.match(
    failure(() =>
      interpretKernel(
        kernel([[x, "readwrite"]], [store(x, [int(0)], guarded)]),
        wrapped(new Float32Array(2)),
      ),
    ),
    /out of bounds of x/,
  );
});

for (const space of ["register", "local", "shared"] satisfies Buffer["space"][]) {
  test(`reading ${space} memory that was never written is an error`, () => {
    const [out, t] = [global("out", 4), makeBuffer("t", "f32", [4], space)];
    const code = [alloc(t), store(t, [int(2)], constant(1, "f32")), store(out, [int(0)], load(t, [int(3)]))];
    assert.match(
      failure(() => interpretKernel(kernel([[out, "write"]], code), wrapped(new Float32Array(4)))),
      /reads an element that was never written, of t; got \[3\] of \[4\]/,
    );
  });
}

test("memory allocated in a loop is poisoned in every iteration", () => {
  const [out, t] = [global("out", 2), makeBuffer("t", "f32", [], "register")];
  const code = loop("i", 2, "serial", (i) => [
    alloc(t),
    when(scalar("eq", i, int(0)), [store(t, [], constant(1, "f32"))]),
    store(out, [i], load(t, [])),
  ]);
  assert.match(
    failure(() => interpretKernel(kernel([[out, "write"]], [code]), wrapped(new Float32Array(2)))),
    /i = 1: .*never written, of t/,
  );
});

test("access modes are kept", () => {
  const x = global("x", 1);
  const run = (access: Access, stmt: Stmt): string =>
    failure(() => interpretKernel(kernel([[x, access]], [stmt]), wrapped(new Float32Array(1))));
  assert.match(run("read", store(x, [int(0)], constant(1, "f32"))), /writes the read-only x/);
  assert.match(run("write", store(x, [int(0)], load(x, [int(0)]))), /reads the write-only x/);
});

/** Each workgroup reverses its 8 elements through shared memory, twice if `again`. */
function reverseKernel(withBarrier: boolean): Kernel {
  const [x, y] = [global("x", 24), global("y", 24)];
  const tile = makeBuffer("tile", "f32", [8], "shared");
  const at = (group: Expr, i: Expr): Expr => add(mul(group, int(8)), i);
  const body = loop("g", 3, "grid.x", (g) => [
    loop("t", 8, "thread.x", (t) => [
      alloc(tile),
      store(tile, [t], load(x, [at(g, t)])),
      ...(withBarrier ? [barrier] : []),
      store(y, [at(g, t)], load(tile, [sub(int(7), t)])),
    ]),
  ]);
  return kernel(
    [
      [x, "read"],
      [y, "write"],
    ],
    [body],
  );
}

test("threads meet at barriers, whatever their order", () => {
  const x = Float32Array.from({ length: 24 }, (_, i) => i);
  for (const seed of [1, 2, 3]) {
    const y = new Float32Array(24);
    interpretKernel(reverseKernel(true), wrapped(x, y), [], { seed });
    assert.equal([...y.slice(8, 16)], [15, 14, 13, 12, 11, 10, 9, 8]);
  }
});

test("without the barrier it is unwritten memory or a race, for every seed", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const message = failure(() =>
      interpretKernel(reverseKernel(false), wrapped(new Float32Array(24), new Float32Array(24)), [], {
        seed,
      }),
    );
    assert.match(message, /never written, of tile|without a barrier, of tile/);
  }
});

test("barriers in loops: a tree reduction", () => {
  const [x, y] = [global("x", 8), global("y", 1)];
  const tile = makeBuffer("tile", "f32", [8], "shared");
  const body = loop("t", 8, "thread.x", (t) => [
    alloc(tile),
    store(tile, [t], load(x, [t])),
    loop("s", 3, "serial", (s) => {
      const half = scalar("shr", int(4), s);
      const sum = store(tile, [t], add(load(tile, [t]), load(tile, [add(t, half)])));
      return [barrier, when(scalar("lt", t, half), [sum])];
    }),
    barrier,
    when(scalar("eq", t, int(0)), [store(y, [int(0)], load(tile, [int(0)]))]),
  ]);
  const y0 = new Float32Array(1);
  const k = kernel(
    [
      [x, "read"],
      [y, "write"],
    ],
    [body],
  );
  interpretKernel(k, wrapped(floats(1, 2, 3, 4, 5, 6, 7, 8), y0), [], { seed: 7 });
  assert.is(y0[0], 36);
});

test("a barrier that not all threads reach is divergent", () => {
  const code = loop("t", 4, "thread.x", (t) => [when(scalar("lt", t, int(2)), [barrier])]);
  assert.match(
    failure(() => interpretKernel(kernel([], [code]), [])),
    /divergent barrier.*got threads that ended while others wait/,
  );
  const other: Stmt = { kind: "barrier" };
  const two = loop("t", 4, "thread.x", (t) => [when(scalar("lt", t, int(2)), [barrier], [other])]);
  assert.match(
    failure(() => interpretKernel(kernel([], [two]), [])),
    /got 2 different barriers/,
  );
});

test("two threads, or two workgroups, on one element of global memory", () => {
  const x = global("x", 4);
  const same = (bind: Bind): Stmt => loop("t", 2, bind, () => [store(x, [int(1)], constant(1, "f32"))]);
  const run = (stmt: Stmt): string =>
    failure(() => interpretKernel(kernel([[x, "readwrite"]], [stmt]), wrapped(new Float32Array(4))));
  assert.match(
    run(same("thread.x")),
    /writes what is written by thread \d of group 0 without a barrier, of x; got \[1\]/,
  );
  assert.match(run(same("grid.x")), /writes what is written by thread 0 of group \d without a barrier, of x/);
  // Barriers do not order workgroups.
  const neighbours = loop("g", 2, "grid.x", (g) => [
    loop("t", 2, "thread.x", (t) => [
      store(x, [add(mul(g, int(2)), t)], constant(1, "f32")),
      barrier,
      store(x, [add(mul(g, int(2)), t)], load(x, [sub(int(3), add(mul(g, int(2)), t))])),
    ]),
  ]);
  assert.match(run(neighbours), /of x/);
});

test("reads by many threads are no conflict, a later write by one of them is", () => {
  const [x, y] = [global("x", 1), global("y", 4)];
  const sharedRead = loop("t", 4, "thread.x", (t) => [store(y, [t], load(x, [int(0)]))]);
  const out = new Float32Array(4);
  const params = [
    [x, "readwrite"],
    [y, "write"],
  ] as const;
  interpretKernel(kernel(params, [sharedRead]), wrapped(floats(5), out));
  assert.equal([...out], [5, 5, 5, 5]);
  const overwrite = loop("t", 4, "thread.x", (t) => [
    store(y, [t], load(x, [int(0)])),
    when(scalar("eq", t, int(0)), [store(x, [int(0)], constant(1, "f32"))]),
  ]);
  assert.match(
    failure(() => interpretKernel(kernel(params, [overwrite]), wrapped(floats(5), out))),
    /by .* without a barrier, of x/,
  );
});

test("conflicts are found by address: two parameters of one memory", () => {
  const [x, y] = [global("x", 4), global("y", 4)];
  const memory = new Float32Array(5);
  const shift = loop("t", 4, "thread.x", (t) => [store(y, [t], load(x, [t]))]);
  const k = kernel(
    [
      [x, "read"],
      [y, "write"],
    ],
    [shift],
  );
  assert.match(
    failure(() => interpretKernel(k, wrapped(memory.subarray(0, 4), memory.subarray(1, 5)))),
    /without a barrier/,
  );
  interpretKernel(k, wrapped(memory.subarray(0, 4), memory.subarray(0, 4)));
});

test("arguments must fit their parameters", () => {
  const x = makeBuffer("x", "f32", [symbol("n"), 2], "global");
  const v = makeVar("n");
  const k: Kernel = {
    name: "k",
    params: [{ buffer: x, access: "read" }],
    dims: [{ symbol: "n", var: v }],
    body: [],
  };
  interpretKernel(k, wrapped(new Float32Array(6)), [3]);
  assert.match(
    failure(() => interpretKernel(k, wrapped(new Float32Array(5)), [3])),
    /argument x does not fit; expected 6 elements of f32; got 5 in a Float32Array/,
  );
  assert.match(
    failure(() => interpretKernel(k, [{ data: new Int32Array(6) }], [3])),
    /got 6 in a Int32Array/,
  );
  assert.match(
    failure(() => interpretKernel(k, wrapped(new Float32Array(6)))),
    /needs the values of its dims/,
  );
});

test.run();
