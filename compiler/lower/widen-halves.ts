/**
 * 16-bit floats live in memory only: a kernel loads them as bits, computes in f32 and rounds where it stores, or where the program casts to
 * them. So no emitter has to know them, sums keep their digits, and every target does the same. After this pass no f16 or bf16 is left.
 */
import type { DType } from "../../ir/dtype.ts";
import { decodeHalf, encodeHalf, isHalf, roundToHalf } from "../../ir/expand/half.ts";
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from "../../ir/half.ts";
import {
  type Buffer,
  bitcast,
  cast,
  constant,
  type Expr,
  type Kernel,
  load,
  type Stmt,
  store,
  type Var,
} from "../../ir/kernel.ts";
import { type Binding, isNested, type Program, type Slot, type Step, withBodies } from "../../ir/program.ts";
import { mapOperands, mapParts, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";

/** How elements of a dtype lie in memory, and what is computed with. */
const storageType = (dtype: DType): DType => (isHalf(dtype) ? "u16" : dtype);
const valueType = (dtype: DType): DType => (isHalf(dtype) ? "f32" : dtype);

/** Ports keep their dtypes: what the caller gives and gets are the same bits. */
export function widenHalves(program: Program): Program {
  const known = new Map<Slot, Slot>();
  const slot = (old: Slot): Slot => {
    const made = known.get(old) ?? { ...old, dtype: storageType(old.dtype) };
    known.set(old, made);
    return isHalf(old.dtype) ? made : old;
  };
  const binding = (old: Binding): Binding => ({ ...old, slot: slot(old.slot) });
  const steps = (list: readonly Step[]): readonly Step[] => list.map(step);
  const step = (old: Step): Step => {
    if (isNested(old)) return withBodies(old, steps);
    if (old.kind === "clear") return { ...old, slot: slot(old.slot) };
    if (old.kind === "copy") return { ...old, from: binding(old.from), to: binding(old.to) };
    return { ...old, kernel: widenKernel(old.kernel), args: old.args.map(binding) };
  };
  return { ...program, steps: steps(program.steps) };
}

const widenKernel = (kernel: Kernel): Kernel => (usesHalves(kernel) ? new Widening().kernel(kernel) : kernel);

function usesHalves({ params, body }: Kernel): boolean {
  let found = params.some(({ buffer }) => isHalf(buffer.dtype));
  visitExprs(body, (expr) => {
    found ||= isHalf(expr.dtype);
  });
  visitStmts(body, (stmt) => {
    if (stmt.kind === "alloc") found ||= isHalf(stmt.buffer.dtype);
  });
  return found;
}

class Widening {
  private readonly buffers = new Map<Buffer, Buffer>();
  private readonly vars = new Map<Var, Var>();
  private readonly done = new Map<Expr, Expr>();

  kernel(kernel: Kernel): Kernel {
    const params = kernel.params.map((param) => ({ ...param, buffer: this.buffer(param.buffer) }));
    return { ...kernel, params, body: this.stmts(kernel.body) };
  }

  private buffer(buffer: Buffer): Buffer {
    if (!isHalf(buffer.dtype)) return buffer;
    const dtype = buffer.space === "register" ? ("f32" as const) : ("u16" as const);
    const made = this.buffers.get(buffer) ?? { ...buffer, dtype };
    this.buffers.set(buffer, made);
    return made;
  }

  private variable(variable: Var): Var {
    if (!isHalf(variable.dtype)) return variable;
    const made = this.vars.get(variable) ?? { ...variable, dtype: "f32" as const };
    this.vars.set(variable, made);
    return made;
  }

  private stmts(body: readonly Stmt[]): readonly Stmt[] {
    return body.map((stmt): Stmt => {
      if (stmt.kind === "alloc") return { kind: "alloc", buffer: this.buffer(stmt.buffer) };
      const rebuilt = mapParts(
        stmt,
        (expr) => this.expr(expr),
        (inner) => this.stmts(inner),
      );
      if (rebuilt.kind === "let") return { ...rebuilt, var: this.variable(rebuilt.var) };
      return rebuilt.kind === "store" ? this.store(rebuilt) : rebuilt;
    });
  }

  private store(stmt: Extract<Stmt, { kind: "store" }>): Stmt {
    const { dtype, space } = stmt.buffer;
    const packs = isHalf(dtype) && space !== "register";
    return store(this.buffer(stmt.buffer), stmt.index, packs ? encodeHalf(dtype, stmt.value) : stmt.value);
  }

  private expr(expr: Expr): Expr {
    const known = this.done.get(expr);
    if (known !== undefined) return known;
    const result = this.widen(
      expr,
      mapOperands(expr, (operand) => this.expr(operand)),
    );
    this.done.set(expr, result);
    return result;
  }

  /** `rebuilt` is the expression over widened operands. */
  private widen(expr: Expr, rebuilt: Expr): Expr {
    switch (rebuilt.kind) {
      case "const":
        return isHalf(expr.dtype)
          ? constant(roundNumber(expr.dtype, rebuilt.value), "f32", expr.lanes)
          : expr;
      case "var":
        return isHalf(expr.dtype) ? { ...rebuilt, dtype: "f32", var: this.variable(rebuilt.var) } : expr;
      case "load": {
        if (!isHalf(expr.dtype)) return rebuilt;
        const value = load(this.buffer(rebuilt.buffer), rebuilt.index);
        return rebuilt.buffer.space === "register" ? value : decodeHalf(expr.dtype, value);
      }
      case "cast": {
        const value = cast(rebuilt.arg, valueType(expr.dtype));
        return isHalf(expr.dtype) && !isExact(expr) ? roundToHalf(expr.dtype, value) : value;
      }
      case "bitcast":
        return this.bitcast(expr, rebuilt.arg);
      default:
        return { ...rebuilt, dtype: valueType(expr.dtype) };
    }
  }

  private bitcast(expr: Expr, arg: Expr): Expr {
    const from = expr.kind === "bitcast" ? expr.arg.dtype : expr.dtype;
    if (from === expr.dtype) return arg;
    const word = isHalf(from) ? encodeHalf(from, arg) : arg;
    if (isHalf(expr.dtype)) return decodeHalf(expr.dtype, bitcast(word, "u16"));
    return word.dtype === expr.dtype ? word : bitcast(word, expr.dtype);
  }
}

/** Whether every value of the operand's type is one of the half's. */
const isExact = (expr: Expr): boolean =>
  expr.kind === "cast" && (expr.arg.dtype === "bool" || expr.arg.dtype === expr.dtype);

const roundNumber = (dtype: DType, value: number): number =>
  dtype === "f16" ? halfToNumber(numberToHalf(value)) : bfloatToNumber(numberToBfloat(value));
