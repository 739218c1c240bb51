// Programs in the interpreter: chunks, state, aliasing in the arena, and what is refused about memory.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { symbol } from "../ir/dim.ts";
import { CompilerBug } from "../ir/errors.ts";
import { interpretProgram } from "../ir/interpret.ts";
import { add, constant, forLoop, type Kernel, load, makeBuffer, makeVar, read, store } from "../ir/kernel.ts";
import type { NDArray } from "../ir/ndarray.ts";
import type { Binding, Program, Region, Slot, Step } from "../ir/program.ts";

const floats = (...values: number[]): Float32Array => Float32Array.from(values);

function failure(run: () => void): string {
  try {
    run();
  } catch (error) {
    assert.instance(error, CompilerBug);
    return error instanceof Error ? error.message : "";
  }
  throw new Error("nothing was thrown");
}

const n = symbol("n");
const arena: Region = { kind: "arena" };
const slot = (name: string, size: Slot["size"], region: Region, offset: Slot["offset"] = 0): Slot => ({
  name,
  dtype: "f32",
  size,
  region,
  offset,
});
const at = (s: Slot, advance = 0): Binding => ({ slot: s, advance });
const array = (...values: number[]): NDArray => ({
  dtype: "f32",
  shape: [values.length],
  data: floats(...values),
});
const stores = (
  weights: readonly number[] = [],
  state: readonly number[] = [],
): { weights: Uint8Array; state: Uint8Array } => ({
  weights: new Uint8Array(floats(...weights).buffer),
  state: new Uint8Array(floats(...state).buffer),
});

/** to[i] = from[i] + by, over `count` elements. */
function addKernel(name: string, by: number): Kernel {
  const count = symbol("c");
  const [from, to] = ["from", "to"].map((buffer) => makeBuffer(buffer, "f32", [count], "global"));
  const size = makeVar("c");
  const i = makeVar("i");
  return {
    name,
    params: [
      { buffer: from, access: "read" },
      { buffer: to, access: "write" },
    ],
    dims: [{ symbol: "c", var: size }],
    body: [forLoop(i, read(size), [store(to, [read(i)], add(load(from, [read(i)]), constant(by, "f32")))])],
  };
}

function program(steps: readonly Step[], arenaBytes: Program["arenaBytes"] = 0): Program {
  const port = (name: string) => ({ name, dtype: "f32", shape: [n] }) as const;
  return { name: "p", symbols: ["n"], inputs: [port("x")], outputs: [port("y")], arenaBytes, steps };
}
const [input, output] = [
  slot("x", n, { kind: "input", index: 0 }),
  slot("y", n, { kind: "output", index: 0 }),
];
const launch = (k: Kernel, from: Binding, to: Binding, size = n): Step => ({
  kind: "launch",
  kernel: k,
  args: [from, to],
  dims: [size],
});

test("a program runs its steps over chunks with a ragged end, through an arena of one chunk", () => {
  const c = symbol("c");
  const scratch = slot("scratch", c, arena);
  const chunks: Step = {
    kind: "chunks",
    symbol: "c",
    total: n,
    size: 2,
    body: [
      launch(addKernel("one", 1), at(input, 1), at(scratch), c),
      launch(addKernel("ten", 10), at(scratch), at(output, 1), c),
    ],
  };
  const [y] = interpretProgram(program([chunks], 8), stores(), [array(1, 2, 3, 4, 5)], new Map([["n", 5]]));
  assert.equal([...y.data], [12, 13, 14, 15, 16]);
});

test("state is updated in place, copies and clears move bytes", () => {
  const state = slot("s", 2, { kind: "state" }, 4);
  const steps: Step[] = [
    launch(addKernel("one", 1), at(input), at(state)),
    { kind: "copy", from: at(state), to: at(output), size: n },
    { kind: "clear", slot: slot("first", 1, { kind: "state" }) },
  ];
  const bytes = stores([], [9, 8, 7]);
  const [y] = interpretProgram(program(steps), bytes, [array(1, 2)], new Map([["n", 2]]));
  assert.equal([...y.data], [2, 3]);
  assert.equal([...new Float32Array(bytes.state.buffer)], [0, 2, 3]);
});

test("slots alias: what one wrote another reads, what nobody wrote is an error", () => {
  const [a, b] = [slot("a", n, arena), slot("b", n, arena, 4)];
  const ok = [launch(addKernel("one", 1), at(input), at(a)), launch(addKernel("ten", 10), at(a), at(output))];
  const [y] = interpretProgram(program(ok, 12), stores(), [array(1, 2)], new Map([["n", 2]]));
  assert.equal([...y.data], [12, 13]);
  const shifted = [ok[0], launch(addKernel("ten", 10), at(b), at(output))];
  assert.match(
    failure(() => interpretProgram(program(shifted, 12), stores(), [array(1, 2)], new Map([["n", 2]]))),
    /ten reads an element that was never written, of from; got \[1\] of \[2\]/,
  );
});

test("programs keep to their regions and write all of their outputs", () => {
  const bindings = new Map([["n", 2]]);
  const run = (steps: readonly Step[], arenaBytes = 0): string =>
    failure(() => interpretProgram(program(steps, arenaBytes), stores([1]), [array(1, 2)], bindings));
  assert.match(run([]), /p never writes element 0 of output y/);
  assert.match(
    run([launch(addKernel("k", 1), at(input), at(slot("t", n, arena)))], 4),
    /t leaves its region \(bytes\); expected 4; got 8/,
  );
  assert.match(
    run([launch(addKernel("k", 1), at(input), at(slot("t", 1, arena)))], 8),
    /t leaves its slot \(elements\)/,
  );
  assert.match(run([launch(addKernel("k", 1), at(input), at(input))]), /p writes x in read-only x/);
  assert.match(run([{ kind: "clear", slot: slot("w", 1, { kind: "weights" }) }]), /read-only weights/);
  assert.match(
    run([launch(addKernel("k", 1), at(input), at(slot("o", n, { kind: "output", index: 3 })))]),
    /p has no such output/,
  );
  assert.match(
    failure(() => interpretProgram(program([]), stores(), [array(1, 2, 3)], bindings)),
    /input x does not fit; expected f32\[2\]; got f32\[3\]/,
  );
});

test.run();
