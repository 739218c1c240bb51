// Walks over a module and counts what is in it.
import { loadMlir } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();
using module = context.parse(`
func.func @f(%a: f32, %b: f32) -> f32 {
  %0 = arith.mulf %a, %b : f32
  %1 = arith.addf %0, %a : f32
  %2 = arith.mulf %1, %b : f32
  return %2 : f32
}`);

const counts = new Map<string, number>();
module.walk((op) => counts.set(op.name, (counts.get(op.name) ?? 0) + 1));
for (const [name, count] of counts) console.log(`${name} ${count}`);

// Parents come before what is inside them, or after: and "stop" ends the walk.
module.walk((op) => {
  console.log(`first multiplication: ${op.name === "arith.mulf" ? op : "…"}`);
  return op.name === "arith.mulf" ? "stop" : undefined;
});
