// Builds a function operation by operation, without any text.
import { loadMlir } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();
using module = context.module(context.fileLocation("made-up.py", 1, 1));

const i32 = context.type("i32");
const func = context.operation("func.func", {
  attributes: {
    sym_name: context.string("add3"),
    function_type: context.attribute("(i32, i32, i32) -> i32"),
  },
  regions: 1,
});
const body = module.body.append(func).regions[0].addBlock([i32, i32, i32]);
const [a, b, c] = body.args;
const first = body.append(context.operation("arith.addi", { operands: [a, b], results: "infer" }));
const second = body.append(
  context.operation("arith.addi", { operands: [first.result, c], results: "infer" }),
);
body.append(context.operation("func.return", { operands: [second.result] }));

module.verify();
console.log(module.print());
