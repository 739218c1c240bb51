// A rewrite by hand: x * 2 becomes x + x.
import { loadMlir, type Operation } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();
using module = context.parse(`
func.func @f(%x: i32) -> i32 {
  %two = arith.constant 2 : i32
  %0 = arith.muli %x, %two : i32
  %1 = arith.muli %0, %two : i32
  return %1 : i32
}`);

const isTwo = (op: Operation): boolean =>
  op.name === "arith.constant" && op.attribute("value")?.toValue() === 2;

module.walk((op) => {
  if (op.name !== "arith.muli") return;
  const [x, factor] = op.operands;
  const { owner } = factor;
  if (!("name" in owner) || !isTwo(owner)) return;
  const sum = context.operation("arith.addi", { operands: [x, x], results: "infer", location: op.location });
  sum.moveBefore(op);
  op.result.replaceAllUsesWith(sum.result);
  op.erase(); // handles on it are dead from here on, and say so when used
});

module.run("builtin.module(canonicalize)"); // the constant is not used any more
console.log(module.print());
