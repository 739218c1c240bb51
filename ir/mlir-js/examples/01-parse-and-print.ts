// Reads MLIR and prints it: as its dialects write it, in generic form, and with locations.
import { loadMlir } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();
using module = context.parse(
  `func.func @square(%x: i32) -> i32 {
  %0 = arith.muli %x, %x : i32
  return %0 : i32
}`,
  { file: "square.mlir" },
);

console.log(module.print());
console.log(module.print({ generic: true }));
console.log(module.print({ locations: true }));
