/**
 * Replaces loops bound to `unroll` by their iterations, one after the other.
 */
import { CompilerBug } from "../../ir/errors.ts";
import { int, type Stmt } from "../../ir/kernel.ts";
import { freshen, mapStmts, substitute } from "../../ir/walk-kernel.ts";

export function unroll(stmts: readonly Stmt[]): readonly Stmt[] {
  return mapStmts(stmts, {
    stmt: (stmt) => {
      if (stmt.kind !== "for" || stmt.bind !== "unroll") return stmt;
      if (stmt.extent.kind !== "const")
        throw new CompilerBug("unroll", "an unrolled loop needs a constant extent");
      return Array.from({ length: stmt.extent.value }, (_, i) => {
        const body = substitute(stmt.body, new Map([[stmt.var, int(i)]]));
        return i === 0 ? body : freshen(body);
      }).flat();
    },
  });
}
