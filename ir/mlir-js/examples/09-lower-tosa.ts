// From tensors to loops: tosa to linalg to memory to scf, by MLIR's own passes. Needs the full variant.
import { loadMlir } from "mlir-js";

const mlir = await loadMlir();
using context = mlir.createContext();
using module = context.parse(`
func.func @main(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tosa.add %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tosa.tanh %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}`);

const steps = [
  "func.func(tosa-to-linalg)",
  "func.func(linalg-fuse-elementwise-ops,canonicalize,cse)",
  "one-shot-bufferize{bufferize-function-boundaries}",
  "func.func(convert-linalg-to-loops,canonicalize)",
];
for (const step of steps) {
  module.run(`builtin.module(${step})`);
  console.log(`// ${step}\n${module.print()}`);
}
