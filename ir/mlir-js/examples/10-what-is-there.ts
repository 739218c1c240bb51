// What can be used: dialects, their operations, passes with their options. And what breaking it does.
import { AbortError, loadMlir } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();
for (const dialect of context.dialects)
  console.log(`${dialect}: ${context.operations(dialect).length} operations`);
for (const { name, description, options } of mlir.passes)
  console.log(`${name} (${options.map((option) => option.name).join(", ")}): ${description}`);

// Nesting without end exhausts the stack. The contexts of this load are lost; the next one works.
const deep = 20_000;
try {
  context.parse(`${"module {\n".repeat(deep)}${"}\n".repeat(deep)}`);
} catch (error) {
  if (!(error instanceof AbortError)) throw error;
  console.log(`${error.name}: ${error.message}`);
}
using fresh = mlir.createContext();
console.log(fresh.parse("module {}").print());
