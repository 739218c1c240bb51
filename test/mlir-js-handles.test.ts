// mlir-js: handles and their lives, building and changing the IR.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { DeadHandleError, loadMlir, UsageError, VerifyError } from "../ir/mlir-js/src/index.ts";
import { add3, contextTests, failure, operationNamed } from "./support/mlir-js.ts";

const mlir = await loadMlir({ variant: "core" });
const withContext = contextTests(mlir);

// ---- handles ----

withContext("there is one handle per operation, block, type and attribute", (context) => {
  const module = context.parse(add3);
  const op = operationNamed(module, "arith.addi");
  assert.is(op, operationNamed(module, "arith.addi"));
  assert.is(op.result.uses[0].operation.operands[0], op.result);
  assert.is(op.block, op.parent?.regions[0].blocks[0]);
  assert.is(op.result.type, context.type("i32"));
  assert.is(op.next?.previous, op);
});

withContext("a pass kills the handles inside, not the module's", (context) => {
  const module = context.parse(add3);
  const op = operationNamed(module, "arith.addi");
  const { result } = op;
  module.run("builtin.module(canonicalize)");
  failure(() => op.name, DeadHandleError);
  failure(() => result.type, DeadHandleError);
  assert.is(op.isAlive, false);
  assert.not.match(module.print(), /constant/);
});

withContext("handles of a dead context throw", (context) => {
  const module = context.parse(add3);
  const op = operationNamed(module, "arith.addi");
  const type = context.type("i32");
  context.dispose();
  context.dispose();
  for (const use of [() => module.print(), () => op.operands, () => String(type), () => context.parse("")])
    failure(use, DeadHandleError);
});

withContext("a disposed module takes its handles along", (context) => {
  const module = context.parse(add3);
  const op = operationNamed(module, "arith.addi");
  module.dispose();
  module.dispose();
  failure(() => op.name, DeadHandleError);
  context.parse(add3);
});

test("contexts do not mix", () => {
  const [one, two] = [mlir.createContext(), mlir.createContext()];
  const module = one.parse(add3);
  failure(() => operationNamed(module, "arith.addi").setAttribute("x", two.string("x")), UsageError);
  failure(() => one.operation("a.b", { results: [two.type("i32")] }), UsageError);
  failure(() => two.passManager("builtin.module(cse)").run(module.operation), UsageError);
  one.dispose();
  two.dispose();
});

// ---- changing ----

withContext("operations are built, and verified", (context) => {
  const module = context.module();
  const i32 = context.type("i32");
  const attributes = { sym_name: context.string("twice"), function_type: context.attribute("(i32) -> i32") };
  const func = module.body.append(context.operation("func.func", { attributes, regions: 1 }));
  const body = func.regions[0].addBlock([i32]);
  const sum = context.operation("arith.addi", { operands: [body.args[0], body.args[0]], results: "infer" });
  body.append(sum);
  failure(() => module.verify(), VerifyError); // the block does not end yet
  body.append(context.operation("func.return", { operands: [sum.result] }));
  module.verify();
  assert.is(context.parse(module.print()).print(), module.print());
  failure(
    () => context.operation("func.return", { results: "infer", operands: sum.operands }).result,
    UsageError,
  );
});

withContext("operands, uses and attributes change", (context) => {
  const module = context.parse(add3);
  const [first] = [operationNamed(module, "arith.addi")];
  const second = first.result.uses[0].operation;
  const [a] = first.operands;
  first.result.replaceAllUsesWith(a);
  assert.is(second.operands[0], a);
  first.erase();
  failure(() => first.name, DeadHandleError);
  second.setOperand(0, second.operands[1]);
  assert.is(second.operands[0], second.operands[1]);
  second.setAttribute("kt.seen", context.integer(3));
  assert.is(second.attribute("kt.seen")?.integer, 3n);
  second.setAttribute("kt.seen", undefined);
  assert.is(second.attribute("kt.seen"), undefined);
  module.verify();
});

withContext("an operation that is used, or itself around the place, is refused", (context) => {
  const module = context.parse(add3);
  const first = operationNamed(module, "arith.addi");
  const func = operationNamed(module, "func.func");
  failure(() => first.erase(), UsageError);
  failure(() => first.block?.append(func), UsageError);
  failure(() => func.moveBefore(first), UsageError);
  failure(() => first.setOperand(2, first.operands[0]), UsageError);
  failure(() => first.block?.eraseArgument(0), UsageError);
  failure(() => first.block?.eraseArgument(7), UsageError);
  module.verify();
});

withContext("moving, detaching, cloning", (context) => {
  const module = context.parse(add3);
  const func = operationNamed(module, "func.func");
  const copy = func.clone();
  copy.setAttribute("sym_name", context.string("copy"));
  copy.moveBefore(func);
  module.verify();
  assert.is(module.body.operations.length, 2);
  func.detach();
  assert.is(func.block, undefined);
  assert.is(module.body.operations.length, 1);
  const inner = func.regions[0].blocks[0].operations[0];
  module.dispose();
  assert.is(inner.parent, func); // what was taken out lives on
  context.module().body.append(func);
  assert.match(func.print(), /@add3/);
});

withContext("blocks and their arguments", (context) => {
  const module = context.parse(add3);
  const block = operationNamed(module, "func.func").regions[0].blocks[0];
  const extra = block.addArgument(context.type("f32"));
  assert.is(extra.index, 2);
  block.eraseArgument(2);
  failure(() => extra.type, DeadHandleError);
  const other = block.region.addBlock([context.type("i32")]);
  other.append(context.operation("func.return", { operands: [other.args[0]] }));
  const [inside] = other.operations;
  assert.is(block.region.blocks.length, 2);
  other.erase();
  failure(() => inside.name, DeadHandleError);
  failure(() => block.region.blocks[0].operations && other.args, DeadHandleError);
  module.verify();
});

withContext("a walk survives what it erases", (context) => {
  const module = context.parse(add3);
  const seen: string[] = [];
  module.walk((op) => {
    seen.push(op.name);
    if (op.name === "func.func") op.erase();
  });
  assert.equal(seen, ["builtin.module", "func.func"]);
  const after: string[] = [];
  context.parse(add3).walk((op) => after.push(op.name), "post");
  assert.equal(after.slice(-2), ["func.func", "builtin.module"]);
});

test.run();
