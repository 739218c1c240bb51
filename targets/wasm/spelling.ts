/**
 * What the spelling tables are made of: opcodes that follow the operands, or a procedure where that is not enough. The tables are typed
 * by `BasicScalar`, so an operator without a spelling does not compile.
 */
import type { DType } from "../../ir/dtype.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { Expr } from "../../ir/kernel.ts";
import type { BasicScalar } from "../../ir/scalar.ts";
import type { Code, Local } from "./code.ts";
import type { OpName } from "./opcodes.ts";

/** What a procedure may use: the function under construction and the emitter of expressions. */
export interface Speller {
  readonly code: Code;
  /** Leaves the value of the expression on the stack. */
  emit(expr: Expr): void;
  /** Evaluates into a new local. */
  hold(expr: Expr): Local;
  /** A local that expressions can read. */
  name(local: Local, dtype: DType, lanes: number): Expr;
  /** Whether the i32 expression is known to be at least zero. */
  isNatural(expr: Expr): boolean;
}

export type Procedure = (to: Speller, args: readonly Expr[]) => void;
/** Opcodes come after the operands; the empty list is the identity. */
export type Spelling = readonly OpName[] | Procedure;
export type Spellings = { readonly [N in BasicScalar]: Spelling };

/** The operands, then the spelling. */
export function spell(to: Speller, spelling: Spelling, args: readonly Expr[]): void {
  if (typeof spelling === "function") return spelling(to, args);
  for (const arg of args) to.emit(arg);
  to.code.ops(spelling);
}

/** For operators that the scalar table does not define on a type. */
export const undefinedOn =
  (type: string): Procedure =>
  () => {
    throw new Unsupported("wasm", `this operator on ${type}`, { hint: "Cast the operands to f32 first" });
  };

/** a * b + c, rounded twice. */
export const multiplyAdd =
  (multiply: OpName, add: OpName): Procedure =>
  ({ code, emit }, [a, b, c]) => {
    emit(a);
    emit(b);
    code.op(multiply);
    emit(c);
    code.op(add);
  };
