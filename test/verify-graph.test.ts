// The verifier of the graph IR: each case breaks one invariant, by the number it has in ir/verify-graph.ts, and is found out.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { symbol } from "../ir/dim.ts";
import { CompilerBug } from "../ir/errors.ts";
import {
  type ArgRole,
  type Block,
  type BlockArg,
  type Func,
  type Module,
  makeOp,
  type Op,
  type ResultRole,
} from "../ir/graph.ts";
import { opTable } from "../ir/ops/index.ts";
import { tensorType } from "../ir/type.ts";
import { verifyModule } from "../ir/verify-graph.ts";

const f32 = tensorType("f32", [3]);
const arg = (type = f32): BlockArg => ({ kind: "arg", type });

/** A function with these parts, and roles that fit unless given. */
function funcOf(body: Block, roles: Partial<Func> = {}): Module {
  const args = body.args.map((_, i): ArgRole => ({ kind: "input", name: `x${i}` }));
  const results = body.returns.map((_, i): ResultRole => ({ kind: "output", name: `y${i}` }));
  return { funcs: [{ name: "f", body, args, results, ...roles }] };
}

/** One op on an argument, returned. */
function opBody(make: (x: BlockArg) => Op): Block {
  const x = arg();
  const op = make(x);
  return { args: [x], ops: [op], returns: [op.results[0]] };
}

const sound = opBody((x) => makeOp("neg", [x], [f32]));
const stateArg: ArgRole = { kind: "state", path: "w" };
const later = makeOp("neg", [sound.args[0]], [f32]);
const early = makeOp("neg", [later.results[0]], [f32]);
const region: Block = { args: [arg()], ops: [], returns: [sound.args[0]] };

const broken: readonly (readonly [what: string, module: Module, message: RegExp])[] = [
  [
    "1: two functions of one name",
    { funcs: [...funcOf(sound).funcs, ...funcOf(sound).funcs] },
    /module: test: the same function name twice; got f/,
  ],
  [
    "2: a role too few",
    funcOf(sound, { results: [] }),
    /@f: test: roles do not match results; expected 1; got 0/,
  ],
  [
    "2: a name twice",
    funcOf({ ...sound, args: [sound.args[0], arg()] }, { args: [stateArg, stateArg] }),
    /the same argument twice; got path w/,
  ],
  [
    "3: a state result without argument",
    funcOf(sound, { results: [{ kind: "state", path: "w" }] }),
    /a state result without a state argument; got w/,
  ],
  [
    "3: a state of another type",
    funcOf(
      { ...sound, args: [sound.args[0], arg(tensorType("f32", []))] },
      {
        args: [{ kind: "input", name: "x" }, stateArg],
        results: [{ kind: "state", path: "w" }],
      },
    ),
    /state "w" changes its type; expected f32\[\]; got f32\[3\]/,
  ],
  [
    "4: used before it is made",
    funcOf({ args: sound.args, ops: [early, later], returns: [] }),
    /neg\(f32\[3\]\): test: operand 0 is not defined before its use/,
  ],
  ["4: a return from nowhere", funcOf({ ...sound, ops: [] }), /a return is not a value of its block/],
  [
    "4: a region that reads what is around it",
    funcOf(opBody((x) => makeOp("fused", [x], [f32], { axes: [0] }, [region]))),
    /fused.*: a return is not a value of its block/,
  ],
  [
    "5: an argument twice",
    funcOf({ ...sound, args: [sound.args[0], sound.args[0]] }),
    /a block argument occurs twice/,
  ],
  ["5: an op twice", funcOf({ ...sound, ops: [sound.ops[0], sound.ops[0]] }), /an op occurs twice/],
  [
    "5: a result of another op",
    funcOf(opBody((x) => ({ ...makeOp("neg", [x], [f32]) }))),
    /a result of another op/,
  ],
  [
    "6: an unknown op",
    funcOf(opBody((x) => makeOp("negate", [x], [f32]))),
    /negate\(f32\[3\]\): test: no such op/,
  ],
  [
    "6: an operand too many",
    funcOf(opBody((x) => makeOp("neg", [x, x], [f32]))),
    /wrong number of operands; expected 1 to 1; got 2/,
  ],
  [
    "6: a region where none belongs",
    funcOf(opBody((x) => makeOp("neg", [x], [f32], {}, [sound]))),
    /an op without meaning for regions has some/,
  ],
  [
    "7: an unknown attribute",
    funcOf(opBody((x) => makeOp("neg", [x], [f32], { axis: 0 }))),
    /unknown attribute; expected ; got axis/,
  ],
  [
    "7: a missing attribute",
    funcOf(opBody((x) => makeOp("reverse", [x], [f32]))),
    /missing attribute; expected axes/,
  ],
  [
    "8: another type",
    funcOf(opBody((x) => makeOp("lt", [x, x], [f32]))),
    /result types are not the inferred ones; expected bool\[3\]; got f32\[3\]/,
  ],
  [
    "8: operands that do not fit",
    funcOf(opBody((x) => makeOp("transpose", [x], [f32], { permutation: [1] }))),
    /operands or attributes do not fit: not a permutation/,
  ],
  [
    "9: a symbol that no argument settles",
    funcOf(
      opBody(() =>
        makeOp("iota", [], [tensorType("i32", [symbol("m")])], { shape: ["m"], axis: 0, dtype: "i32" }),
      ),
    ),
    /no argument gives this symbol a value; got m/,
  ],
];

/** The message of the CompilerBug that verification throws. */
function bugIn(module: Module): string {
  try {
    verifyModule(module, opTable, "test");
  } catch (error) {
    if (error instanceof CompilerBug) return error.message;
    throw error;
  }
  return "no complaint";
}

test("a sound function has none broken", () => assert.is(bugIn(funcOf(sound)), "no complaint"));

for (const [what, module, message] of broken) {
  test(`verify finds ${what}`, () => {
    assert.match(bugIn(module), message);
  });
}

test("the loc of an op that is wrong is told", () => {
  const module = funcOf(opBody((x) => makeOp("neg", [x], [tensorType("f32", [])], {}, [], "net/dense")));
  assert.match(bugIn(module), /@f: neg\(f32\[3\]\) at "net\/dense": test: result types/);
});

test.run();
