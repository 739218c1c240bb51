// A dialect of one's own, declared in IRDL: from then on MLIR verifies its operations.
import { formatDiagnostic, loadMlir, ParseError } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();
context.loadIrdl(`
irdl.dialect @shop {
  irdl.operation @sell {
    %f32 = irdl.is f32
    %any = irdl.any
    irdl.operands(%f32, %any)
    irdl.results(%f32)
  }
}`);
console.log(context.operations("shop"));

using good = context.parse(`
func.func @f(%price: f32, %what: i8) -> f32 {
  %0 = "shop.sell"(%price, %what) : (f32, i8) -> f32
  return %0 : f32
}`);
console.log(good.print());

try {
  context.parse('func.func @f(%x: i32) {\n  "shop.sell"(%x) : (i32) -> ()\n  return\n}', {
    file: "bad.mlir",
  });
} catch (error) {
  if (!(error instanceof ParseError)) throw error;
  console.log(error.diagnostics.map(formatDiagnostic).join("\n"));
}
