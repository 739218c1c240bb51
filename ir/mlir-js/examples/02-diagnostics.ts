// What is wrong, and where, as data: for an editor's squiggles, say.
import { loadMlir, ParseError, VerifyError } from "mlir-js";

const mlir = await loadMlir({ variant: "core" });
using context = mlir.createContext();

try {
  context.parse("func.func @f() -> i32 {\n  return %x : i32\n}", { file: "typo.mlir" });
} catch (error) {
  if (!(error instanceof ParseError)) throw error;
  for (const { severity, file, line, column, message } of error.diagnostics)
    console.log(`${file}:${line}:${column} ${severity}: ${message}`);
}

// Without `verify`, text that is well-formed is read even where it breaks the rules of a dialect.
using module = context.parse("func.func @f(%x: i32) -> i64 {\n  return %x : i32\n}", { verify: false });
try {
  module.verify();
} catch (error) {
  if (!(error instanceof VerifyError)) throw error;
  console.log(error.message);
}
