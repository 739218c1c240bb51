// Runs passes: by a pipeline in MLIR's notation, on one module or on several.
import { loadMlir } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();
using manager = context.passManager("builtin.module(inline,func.func(canonicalize,cse),symbol-dce)");

const text = (n: number): string => `
func.func private @twice(%x: i32) -> i32 {
  %0 = arith.addi %x, %x : i32
  return %0 : i32
}
func.func @main() -> i32 {
  %n = arith.constant ${n} : i32
  %0 = call @twice(%n) : (i32) -> i32
  return %0 : i32
}`;

for (const n of [21, 4]) {
  using module = context.parse(text(n));
  manager.run(module.operation);
  console.log(module.print());
}
