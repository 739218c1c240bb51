// mlir-js under attack: endless nesting, many sessions, mutated text, random changes. The process lives, and the next context works.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  AbortError,
  type Context,
  loadMlir,
  MlirError,
  type Module,
  type Operation,
} from "../ir/mlir-js/src/index.ts";
import { add3, failure } from "./support/mlir-js.ts";
import { type Random, seeded } from "./support/seeded.ts";

const mlir = await loadMlir({ variant: "core" });

test("nesting without end is an AbortError, and the next context works", async () => {
  const own = await loadMlir({ variant: "core" });
  const context = own.createContext();
  const kept = context.parse(add3);
  const deep = `${"module {\n".repeat(20_000)}${"}\n".repeat(20_000)}`;
  failure(() => context.parse(deep), AbortError);
  failure(() => kept.print(), AbortError);
  context.dispose();
  assert.match(own.createContext().parse(add3).print(), /arith.addi/);
});

test("10,000 sessions do not grow the memory", async () => {
  const own = await loadMlir({ variant: "core" });
  const session = (): void => {
    const context = own.createContext();
    const module = context.parse(add3);
    module.run("builtin.module(canonicalize,cse)");
    module.print();
    context.dispose();
  };
  for (let i = 0; i < 200; i++) session();
  const before = own.memoryBytes;
  for (let i = 0; i < 10_000; i++) session();
  assert.is(own.memoryBytes, before);
});

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

test("what is collected is destroyed", async () => {
  const own = await loadMlir({ variant: "core" });
  const context = own.createContext();
  const big = `func.func @f(%x: i32) {\n${"  arith.addi %x, %x : i32\n".repeat(2000)}  return\n}`;
  let most = 0;
  for (let i = 0; i < 200; i++) {
    context.parse(big);
    if (i === 40) most = own.memoryBytes;
    if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    if (i % 10 === 0) collect();
  }
  assert.ok(own.memoryBytes <= most, `${most} grew to ${own.memoryBytes}`);
  context.dispose();
});

const seeds = [
  add3,
  `func.func private @g(i32) -> i32
func.func @f(%c: i1, %x: i32) -> i32 {
  cf.cond_br %c, ^a(%x : i32), ^b
^a(%y: i32):
  %0 = func.call @g(%y) : (i32) -> i32
  return %0 : i32
^b:
  return %x : i32
}`,
  `module attributes {kt.a = [1, "x", dense<[1.0, 2.0]> : tensor<2xf32>], kt.m = affine_map<(d0) -> (d0 floordiv 2)>} {
  module @inner {
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {kt.b} {
      %0 = arith.addf %x, %x fastmath<fast> : tensor<?x4xf32> loc(fused["a", "b.mlir":1:2])
      return %0 : tensor<?x4xf32>
    }
  }
}`,
];

/** Characters and words that are likely to hurt. */
const scraps = [
  "",
  "%",
  "<",
  ">",
  "(",
  ")",
  "{",
  "}",
  "-1",
  "99999999999999999999",
  "tensor<",
  "x?",
  '"',
  "^a",
  "@f",
  "!",
  "#",
  "\0",
  "é",
  ": i32",
];

test("mutated text never kills the process", () => {
  const random = seeded(7);
  let accepted = 0;
  for (let i = 0; i < 3000; i++) {
    let text = random.pick(seeds);
    for (let n = 1 + random.integer(0, 2); n > 0; n--) {
      const at = random.integer(0, text.length - 1);
      text = text.slice(0, at) + random.pick(scraps) + text.slice(at + random.integer(0, 3));
    }
    const context = mlir.createContext({ allowUnregistered: random.chance(0.5) });
    try {
      const module = context.parse(text, { verify: random.chance(0.8) });
      module.print({ generic: random.chance(0.5) });
      module.run("builtin.module(canonicalize,cse,inline,symbol-dce)", { verifyEach: random.chance(0.5) });
      accepted++;
    } catch (error) {
      assert.instance(error, MlirError, String(error));
    } finally {
      context.dispose();
    }
  }
  assert.ok(accepted > 20, `${accepted} of 3000 were still MLIR`);
  assert.match(mlir.createContext().parse(add3).print(), /arith.addi/);
});

/** One change to the IR, wherever it leads. */
function change(context: Context, module: Module, random: Random): void {
  const ops: Operation[] = [];
  module.walk((op) => ops.push(op));
  const [op, other] = [random.pick(ops), random.pick(ops)];
  const values = ops.flatMap((item) => [...item.results]);
  const changes: readonly (() => unknown)[] = [
    () => op.erase(),
    () => op.moveBefore(other),
    () => op.moveAfter(other),
    () => op.detach(),
    () => other.regions[0].blocks[0].append(op.clone()),
    () => op.setOperand(0, random.pick(values)),
    () =>
      op.setAttribute(
        random.pick(["value", "sym_name", "predicate", "overflowFlags"]),
        random.pick([undefined, context.string("x")]),
      ),
    () => random.pick(values).replaceAllUsesWith(random.pick(values)),
    () => op.regions[0].addBlock([context.type("f32")]),
    () => op.regions[0].blocks[0].erase(),
    () => op.regions[0].blocks[0].eraseArgument(0),
    () => {
      random.pick(values).type = context.type(random.pick(["i1", "index", "tensor<2xf32>"]));
    },
  ];
  random.pick(changes)();
}

test("random changes never kill the process", () => {
  const random = seeded(11);
  for (let i = 0; i < 300; i++) {
    const context = mlir.createContext();
    const module = context.parse(seeds[i % seeds.length]);
    for (let step = 0; step < 12; step++) {
      try {
        change(context, module, random);
      } catch (error) {
        // Picking a first block or region where there is none is a TypeError of this test's own.
        assert.ok(error instanceof MlirError || error instanceof TypeError, String(error));
      }
    }
    try {
      module.print();
      module.verify();
      module.run("builtin.module(canonicalize)");
    } catch (error) {
      assert.instance(error, MlirError, String(error));
    }
    context.dispose();
  }
  assert.match(mlir.createContext().parse(add3).print(), /arith.addi/);
});

test.run();
