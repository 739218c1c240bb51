// Addresses in WASM under random index arithmetic: nested loops, negative steps, division and remainder, values through `let`, pointers or
// constant bases. Every kernel must give the bits of the interpreter.

import { test } from "uvu";
import {
  type Buffer,
  type Expr,
  int,
  type Kernel,
  load,
  makeVar,
  read,
  type Stmt,
  scalar,
  store,
} from "../ir/kernel.ts";
import type { Slot, Step } from "../ir/program.ts";
import {
  bundleOf,
  globalBuffer,
  input,
  kernelOf,
  launch,
  loopOf,
  output,
  programOf,
  slotOf,
  whole,
} from "./support/wasm-kernels.ts";
import { assertAgrees, numbers } from "./support/wasm-run.ts";

const SIZE = 97;

type Random = (below: number) => number;

/** Numerical Recipes' linear congruential generator; the upper bits. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Index arithmetic over the variables in scope, of any sign and size. */
function arithmetic(random: Random, vars: readonly Expr[], depth: number): Expr {
  const leaf = (): Expr =>
    vars.length === 0 || random(4) === 0 ? int(random(9) - 4) : vars[random(vars.length)];
  if (depth === 0) return leaf();
  const operand = (): Expr => arithmetic(random, vars, depth - 1);
  const make: readonly (() => Expr)[] = [
    () => scalar("add", operand(), operand()),
    () => scalar("add", operand(), operand()),
    () => scalar("sub", operand(), operand()),
    () => scalar("mul", operand(), int(random(7) - 2)),
    () => scalar("mul", operand(), leaf()),
    () => scalar("neg", operand()),
    () => scalar("shl", operand(), int(random(3))),
    () => scalar("fma", operand(), int(random(5)), operand()),
    () => scalar("floordiv", operand(), int(1 + random(6))),
    () => scalar("mod", operand(), int(1 + random(6))),
  ];
  return make[random(make.length)]();
}

/** Most indices are sums of few terms, where constants and steps are found; a clamp keeps them all in bounds. */
function indices(random: Random, vars: readonly Expr[]): Expr {
  const any = arithmetic(random, vars, 3);
  if (random(3) > 0) return scalar("mod", any, int(SIZE));
  return scalar("min", scalar("max", any, int(0)), int(SIZE - 1));
}

/** An index without clamps that stays in bounds: reversed or not, a sum over loops with small steps. */
function plain(random: Random, vars: readonly { readonly value: Expr; readonly extent: number }[]): Expr {
  let [sum, room]: [Expr, number] = [int(0), SIZE - 1];
  for (const { value, extent } of vars) {
    const step = random(Math.floor(room / Math.max(1, extent - 1)) + 1) % 9;
    room -= step * (extent - 1);
    const forward = scalar("mul", value, int(step));
    const backward = scalar("sub", int(step * (extent - 1)), forward);
    sum = scalar("add", sum, random(2) === 0 ? forward : backward);
  }
  return scalar("add", sum, int(random(room + 1)));
}

interface Counter {
  readonly value: Expr;
  readonly extent: number;
}

function statements(
  random: Random,
  [x, y]: readonly Buffer[],
  counters: readonly Counter[],
  size: Expr,
  depth: number,
): Stmt[] {
  const vars = [...counters.map(({ value }) => value), size];
  const named = makeVar("named");
  const inScope = [...vars, read(named)];
  const index = (): Expr => (random(2) === 0 ? plain(random, counters) : indices(random, inScope));
  const [to, base] = [index(), plain(random, counters)];
  const near = scalar("mod", scalar("add", base, int(random(5))), int(SIZE));
  const value = [base, near, index()].map((at) => load(x, [at])).reduce((a, b) => scalar("add", a, b));
  const body: Stmt[] = [
    { kind: "let", var: named, value: arithmetic(random, vars, 2) },
    store(y, [to], scalar("add", load(y, [to]), value)),
  ];
  if (depth === 0) return body;
  const extent = 1 + random(5);
  const dynamic = random(3) === 0;
  const inner = loopOf("i", dynamic ? size : extent, (i) =>
    statements(random, [x, y], [...counters, { value: i, extent: dynamic ? 3 : extent }], size, depth - 1),
  );
  return random(2) === 0 ? [...body, inner] : [inner, ...body];
}

function randomKernel(random: Random): Kernel {
  const [x, y] = [globalBuffer("x", SIZE), globalBuffer("y", SIZE)];
  const size = makeVar("n");
  const body = statements(random, [x, y], [], read(size), 1 + random(3));
  return kernelOf(
    "random",
    [
      ["read", x],
      ["readwrite", y],
    ],
    body,
    [{ symbol: "n", var: size }],
  );
}

/** The arrays come through pointers, or lie at constant addresses, or one each. */
function run(seed: number): void {
  const random = randomOf(seed);
  const [from, to] = [input(0, SIZE), output(0, SIZE)];
  const [a, b] = [0, 1].map((i) => slotOf(`m${i}`, { kind: "arena" }, SIZE, 4 * SIZE * i));
  const copied = (source: Slot, target: Slot): Step => ({
    kind: "copy",
    from: whole(source),
    to: whole(target),
    size: SIZE,
  });
  const [x, y] = [random(2) === 0 ? from : a, random(2) === 0 ? to : b];
  const before = [...(x === a ? [copied(from, a)] : []), { kind: "clear", slot: y } as const];
  // Launches that disagree on the size make it a parameter.
  const [kernel, sizes] = [randomKernel(random), random(2) === 0 ? [3] : [3, 2]];
  const launches = sizes.map((size) => launch(kernel, [x, y], [size]));
  const steps = [...before, ...launches, ...(y === b ? [copied(b, to)] : [])];
  // Values are whole numbers: sums are exact in any order.
  const data = numbers(SIZE, seed).map((value) => Math.round(100 * value));
  assertAgrees(bundleOf([programOf(`seed${seed}`, [from], [to], steps, { arenaBytes: 8 * SIZE })]), [data]);
}

const rounds = 60;
for (let part = 0; part < 5; part++) {
  test(`random kernels ${part * rounds} to ${(part + 1) * rounds - 1}`, () => {
    for (let seed = part * rounds; seed < (part + 1) * rounds; seed++) run(seed);
  });
}

test.run();
