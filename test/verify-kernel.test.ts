// Every invariant of kernels and programs, broken once: the verifier names it. And what is right passes.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Dim, mulDims, symbol } from "../ir/dim.ts";
import { CompilerBug } from "../ir/errors.ts";
import {
  type Access,
  add,
  type Bind,
  type Buffer,
  constant,
  type Expr,
  forLoop,
  int,
  type Kernel,
  load,
  makeBuffer,
  makeVar,
  read,
  type Stmt,
  scalar,
  splat,
  store,
} from "../ir/kernel.ts";
import type { Binding, Program, Region, Slot, Step } from "../ir/program.ts";
import { verifyEmittable, verifyKernel } from "../ir/verify-kernel.ts";
import { verifyProgram } from "../ir/verify-program.ts";

const x = makeBuffer("x", "f32", [4], "global");
const wide = makeBuffer("wide", "f32", [4, 8], "global");
const one = constant(1, "f32");
const i = makeVar("i");
const barrier: Stmt = { kind: "barrier" };
const alloc = (buffer: Buffer): Stmt => ({ kind: "alloc", buffer });
const when = (cond: Expr, then: readonly Stmt[]): Stmt => ({ kind: "if", cond, then, otherwise: [] });
const loop = (bind: Bind, body: readonly Stmt[], extent: Expr = int(4)): Stmt =>
  forLoop(makeVar(bind), extent, body, bind);

function kernel(body: readonly Stmt[], access: Access = "readwrite"): Kernel {
  const params = [x, wide].map((buffer) => ({ buffer, access }));
  return { name: "k", params, dims: [{ symbol: "n", var: makeVar("n") }], body };
}

function fails(run: () => void, expected: RegExp): void {
  try {
    run();
  } catch (error) {
    assert.instance(error, CompilerBug);
    assert.match(String(error), expected);
    return;
  }
  assert.unreachable(`nothing was thrown for ${expected}`);
}

const good = kernel([
  loop("grid.x", [
    loop("thread.x", [
      alloc(makeBuffer("tile", "f32", [8], "shared")),
      { kind: "let", var: i, value: int(1) },
      store(x, [read(i)], add(load(x, [int(0)]), one)),
      barrier,
      store(wide, [int(0), int(4)], splat(one, 4)),
    ]),
  ]),
]);

test("what is right passes", () => {
  verifyKernel(good);
  verifyEmittable({
    ...good,
    params: good.params.slice(0, 1),
    body: [loop("grid.x", [loop("thread.x", [barrier])])],
  });
});

const tile = makeBuffer("tile", "f32", [], "register");
const broken: readonly (readonly [what: string, body: readonly Stmt[], message: RegExp, access?: Access])[] =
  [
    [
      "an unbound variable",
      [store(x, [read(i)], one)],
      /k: verify: variable i is not in scope|variable i is not in scope/,
    ],
    [
      "a variable out of its loop",
      [forLoop(i, int(2), []), store(x, [read(i)], one)],
      /variable i is not in scope/,
    ],
    ["a variable bound twice", [forLoop(i, int(2), []), forLoop(i, int(2), [])], /variable i is bound twice/],
    ["a buffer nobody declared", [store(tile, [], one)], /buffer tile is not in scope/],
    ["a buffer allocated twice", [alloc(tile), alloc(tile)], /buffer tile is declared twice/],
    ["a global allocation", [alloc(makeBuffer("g", "f32", [], "global"))], /g is allocated in global memory/],
    ["an index too few", [store(wide, [int(0)], one)], /wrong rank of an index into wide; expected 2; got 1/],
    [
      "an index of floats",
      [store(x, [one], one)],
      /an index into x has the wrong type; expected i32x1; got f32x1/,
    ],
    [
      "lanes of a scalar register",
      [alloc(tile), store(tile, [], splat(one, 4))],
      /wrong lanes of an access to tile/,
    ],
    ["a write to read-only", [store(x, [int(0)], one)], /x is read-only/, "read"],
    ["a read of write-only", [store(x, [int(0)], load(x, [int(0)]))], /x is write-only/, "write"],
    [
      "another dtype stored",
      [store(x, [int(0)], int(1))],
      /a store to x has the wrong type; expected f32x1; got i32x1/,
    ],
    [
      "mixed dtypes",
      [store(x, [int(0)], scalar("add", one, int(1)))],
      /add mixes dtypes; got f32x1 from \(f32x1, i32x1\)/,
    ],
    ["too few operands", [store(x, [int(0)], scalar("add", one))], /add takes 2 operands/],
    ["a constant out of range", [store(x, [int(0.5)], one)], /a constant is no value of its type/],
    ["a condition of integers", [when(int(1), [])], /a condition has the wrong type; expected boolx1/],
    ["an extent of floats", [forLoop(i, one, [])], /the extent of i has the wrong type/],
    [
      "a symbol that is no dim",
      [alloc(makeBuffer("t", "f32", [symbol("m")], "local"))],
      /uses a symbol that is no dim; got m/,
    ],
    ["a barrier for one", [barrier], /a barrier outside of thread loops/],
    [
      "a grid in a thread loop",
      [loop("thread.x", [loop("grid.x", [])])],
      /grid.x stands inside a thread loop/,
    ],
    ["a bind inside itself", [loop("grid.x", [loop("grid.x", [])])], /grid.x occurs inside itself/],
    [
      "a register for all threads",
      [alloc(tile), loop("thread.x", [store(tile, [], one)])],
      /register buffer tile is allocated outside of the thread.x loop/,
    ],
    [
      "a vector that is no vector",
      [store(x, [int(0)], { ...one, kind: "splat", lanes: 4, arg: splat(one, 2) })],
      /splat of what is no scalar/,
    ],
  ];

for (const [what, body, message, access] of broken) {
  test(`${what} is found`, () => fails(() => verifyKernel(kernel(body, access), "verify"), message));
}

test("the normal form of emitters", () => {
  const flat = (body: readonly Stmt[]): Kernel => ({
    ...kernel(body),
    params: [{ buffer: x, access: "readwrite" }],
  });
  const limits = { lanes: 4, grid: { threads: 64, sharedBytes: 128 } };
  const check = (body: readonly Stmt[], message: RegExp): void =>
    fails(() => verifyEmittable(flat(body), limits), message);
  fails(() => verifyEmittable(kernel([])), /global buffer wide is not flat; expected rank 1; got 2/);
  check([alloc(makeBuffer("r", "f32", [4], "register"))], /register buffer r is not flat; expected rank 0/);
  check([alloc(makeBuffer("t", "f32", [symbol("n")], "local"))], /local buffer t has a symbolic size/);
  check(
    [alloc(makeBuffer("t", "f32", [64], "shared"))],
    /too much shared memory; expected at most 128 bytes; got 256/,
  );
  check([loop("unroll", [])], /a unroll loop \(unroll\) below the nest/);
  check([loop("serial", [loop("thread.x", [])])], /a thread.x loop .* below the nest/);
  check([loop("thread.x", [], int(65))], /too many threads in a workgroup; expected at most 64; got 65/);
  check([store(x, [int(0)], scalar("exp", one))], /exp is not expanded/);
  check([store(x, [int(0)], splat(one, 2))], /lanes the target does not have; expected 1 or 4; got 2/);
  check([loop("thread.x", [], scalar("min", int(2), int(3)))], /the extent of thread.x is not constant/);
});

// Programs.

const n = symbol("n");
const slot = (name: string, size: Dim, region: Region = { kind: "arena" }, offset: Dim = 0): Slot => ({
  name,
  dtype: "f32",
  size,
  region,
  offset,
});
const at = (s: Slot, advance = 0): Binding => ({ slot: s, advance });

function copyKernel(): Kernel {
  const c = symbol("c");
  const [from, to] = ["from", "to"].map((name) => makeBuffer(name, "f32", [c], "global"));
  return {
    name: "copy",
    params: [
      { buffer: from, access: "read" },
      { buffer: to, access: "write" },
    ],
    dims: [{ symbol: "c", var: makeVar("c") }],
    body: [],
  };
}

const launch = (from: Binding, to: Binding, size: Dim = n): Step => ({
  kind: "launch",
  kernel: copyKernel(),
  args: [from, to],
  dims: [size],
});
const input = slot("x", n, { kind: "input", index: 0 });
const output = slot("y", n, { kind: "output", index: 0 });

function program(steps: readonly Step[], arenaBytes: Dim = mulDims(16, n)): Program {
  const port = (name: string) => ({ name, dtype: "f32", shape: [n] }) as const;
  return { name: "p", symbols: ["n"], inputs: [port("x")], outputs: [port("y")], arenaBytes, steps };
}

test("a program in order passes, in chunks too", () => {
  const [a, b] = [slot("a", n), slot("b", n, { kind: "arena" }, mulDims(4, n))];
  verifyProgram(
    program([
      launch(at(input), at(a)),
      launch(at(a), at(b)),
      launch(at(b), at(b)),
      launch(at(b), at(output)),
    ]),
  );
  const c = symbol("c");
  const scratch = slot("scratch", 2);
  const whole = slot("whole", n, { kind: "arena" }, 8);
  const body = [launch(at(input, 1), at(scratch), c), launch(at(scratch), at(whole, 1), c)];
  verifyProgram(
    program([{ kind: "chunks", symbol: "c", total: n, size: 2, body }, launch(at(whole), at(output))]),
  );
});

const brokenPrograms: readonly (readonly [what: string, steps: readonly Step[], message: RegExp])[] = [
  [
    "too few arguments",
    [{ kind: "launch", kernel: copyKernel(), args: [at(input)], dims: [n] }],
    /copy has the wrong number of arguments/,
  ],
  [
    "too few dims",
    [{ kind: "launch", kernel: copyKernel(), args: [at(input), at(output)], dims: [] }],
    /wrong number of dims/,
  ],
  [
    "another dtype",
    [launch(at({ ...input, dtype: "i32" }), at(output))],
    /from is bound to another dtype; expected f32; got i32/,
  ],
  ["an input written", [launch(at(input), at(input))], /x is written but lies in input/],
  [
    "an unknown symbol",
    [launch(at(input), at(output), symbol("m"))],
    /unknown symbol; expected \[n\]; got m/,
  ],
  [
    "a slot too small",
    [launch(at(input), at(slot("a", 4)))],
    /slot a is too small for its use \(elements\) \(n = 5\)/,
  ],
  [
    "a slot outside its region",
    [launch(at(input), at(slot("a", n, { kind: "arena" }, mulDims(16, n))))],
    /slot a leaves its region/,
  ],
  [
    "a port that does not exist",
    [launch(at(slot("x", n, { kind: "input", index: 1 })), at(output))],
    /port that does not exist/,
  ],
  ["a misaligned slot", [launch(at(input), at(slot("a", n, { kind: "arena" }, 2)))], /slot a is not aligned/],
  ["a read before the write", [launch(at(slot("a", n)), at(output))], /slot a is read before it is written/],
  [
    "a slot laid over a living one",
    [
      launch(at(input), at(slot("a", n))),
      launch(at(input), at(slot("b", n, { kind: "arena" }, 4))),
      launch(at(slot("a", n)), at(output)),
    ],
    /slot a is read after b was laid over it/,
  ],
  [
    "a launch that writes over part of its argument",
    [launch(at(input), at(slot("a", n))), launch(at(slot("a", n)), at(slot("b", n, { kind: "arena" }, 4)))],
    /copy writes b over part of its argument a/,
  ],
];

for (const [what, steps, message] of brokenPrograms) {
  test(`a program with ${what} is found`, () => fails(() => verifyProgram(program(steps)), message));
}

test("a store too short for its slots is found", () => {
  const weights = slot("w", 4, { kind: "weights" });
  const steps: Step[] = [{ kind: "copy", from: at(weights), to: at(slot("a", 4)), size: 4 }];
  const roomy = program(steps, 16);
  verifyProgram(roomy, { weights: 16, state: 0 });
  fails(
    () => verifyProgram(roomy, { weights: 12, state: 0 }),
    /slot w leaves its region .*expected at most 12 bytes; got 16/,
  );
});

test.run();
