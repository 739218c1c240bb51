/**
 * Expressions of one function: operands first, then the spelling its type has in the tables. Addresses come from the plan.
 */
import { CompilerBug } from "../../ir/errors.ts";
import { type Buffer, constant, type Expr, makeVar, read, scalar, splat, type Var } from "../../ir/kernel.ts";
import { type BasicScalar, scalars } from "../../ir/scalar.ts";
import type { Access, AddressPlan, Operand, Value } from "./address-plan.ts";
import { emitBitcast, emitCast } from "./casts.ts";
import type { Code, Local } from "./code.ts";
import type { IndexAlgebra } from "./index-algebra.ts";
import { alignmentOf, emitConstant, machineOf, valueType, vectorMoves, wrapNarrow } from "./machine.ts";
import type { Term } from "./polynomial.ts";
import { scalarSpellings } from "./scalar-ops.ts";
import { type Speller, spell } from "./spelling.ts";
import type { VectorSpellings } from "./vector-ops.ts";

type Kind<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;

export class Expressions implements Speller {
  readonly code: Code;
  readonly #algebra: IndexAlgebra;
  readonly #plan: AddressPlan;
  /** Variables, register buffers and planned values, each in its local. */
  readonly #locals = new Map<Var | Buffer | Value, Local>();

  readonly #vectors: VectorSpellings;

  constructor(code: Code, algebra: IndexAlgebra, plan: AddressPlan, vectors: VectorSpellings) {
    this.#vectors = vectors;
    this.code = code;
    this.#algebra = algebra;
    this.#plan = plan;
  }

  /** Says which local holds a parameter. */
  bind(v: Var, local: Local): void {
    this.#locals.set(v, local);
  }

  localOf(thing: Var | Buffer): Local {
    return this.#localOf(thing, () => valueType(thing.dtype, thing.lanes));
  }

  localOfValue(value: Value): Local {
    return this.#localOf(value, () => "i32");
  }

  /** Leaves the value of the expression on the stack. */
  readonly emit = (expr: Expr): void => {
    switch (expr.kind) {
      case "const":
        return emitConstant(this.code, expr.dtype, expr.lanes, expr.value);
      case "var":
        return this.#var(expr.var);
      case "load":
        return expr.buffer.space === "register" ? this.code.get(this.localOf(expr.buffer)) : this.#load(expr);
      case "scalar":
        return this.#scalar(expr);
      case "cast":
        this.emit(expr.arg);
        return emitCast(this.code, expr.arg.dtype, expr.dtype, expr.lanes);
      case "bitcast":
        this.emit(expr.arg);
        return emitBitcast(this.code, expr.arg, expr.dtype);
      case "splat":
        return this.#splat(expr);
      case "extract":
        return this.#extract(expr);
      default:
        return expr satisfies never;
    }
  };

  readonly hold = (expr: Expr): Local => {
    if (expr.kind === "var" && this.#algebra.constantOf(expr.var) === undefined)
      return this.localOf(expr.var);
    const local = this.code.local(valueType(expr.dtype, expr.lanes));
    this.emit(expr);
    this.code.set(local);
    return local;
  };

  readonly name = (local: Local, dtype: Expr["dtype"], lanes: number): Expr => {
    const v = makeVar("held", dtype, lanes);
    this.bind(v, local);
    return read(v);
  };

  readonly isNatural = (expr: Expr): boolean => this.#algebra.rangeOf(expr).low >= 0;

  /** Leaves the pointer of an access on the stack and returns the constant offset of the instruction. */
  address(access: Access): number {
    const address = this.#plan.addressOf(access);
    if (address === undefined) throw new CompilerBug("wasm emitter", `no address for ${access.buffer.name}`);
    this.operand(address.pointer);
    this.addTerms(address.terms);
    return address.offset;
  }

  operand({ base, plus }: Operand): void {
    if (base === undefined) return this.code.i32(plus);
    if ("kind" in base) this.code.get(this.localOfValue(base));
    else this.#var(base);
    if (plus === 0) return;
    this.code.i32(plus);
    this.code.op("i32.add");
  }

  /** Adds terms to what is on the stack. */
  addTerms(terms: readonly Term[]): void {
    for (const { coefficient, factors } of terms) {
      factors.forEach(({ expr }, at) => {
        this.emit(expr);
        if (at > 0) this.code.op("i32.mul");
      });
      this.#multiply(coefficient);
      this.code.op("i32.add");
    }
  }

  #multiply(by: number): void {
    if (by === 1) return;
    const shift = Math.log2(by);
    this.code.i32(Number.isInteger(shift) ? shift : by);
    this.code.op(Number.isInteger(shift) ? "i32.shl" : "i32.mul");
  }

  #var(v: Var): void {
    const constant = this.#algebra.constantOf(v);
    if (constant === undefined) this.code.get(this.localOf(v));
    else this.code.i32(constant);
  }

  #load(expr: Kind<"load">): void {
    const offset = this.address(expr);
    const align = alignmentOf(expr.dtype);
    if (expr.lanes === 1) return this.code.memory(machineOf(expr.dtype).load, align, offset);
    const [load, ...widen] = vectorMoves(expr.dtype, expr.lanes).load;
    this.code.memory(load, align, offset);
    this.code.ops(widen);
  }

  #scalar(expr: Kind<"scalar">): void {
    const { args, dtype, lanes } = expr;
    const { basic, result } = scalars[expr.name];
    if (!basic) throw new CompilerBug("wasm emitter", `${expr.name} was not expanded`);
    const { repr } = machineOf((result === "second" ? args[1] : args[0]).dtype);
    const spellings = (lanes === 1 ? scalarSpellings : this.#vectors)[repr];
    spell(this, spellings[expr.name as BasicScalar], isShift(expr.name) ? withinWidth(args) : args);
    if (result === "same") wrapNarrow(this.code, dtype, lanes);
  }

  #splat({ arg, dtype, lanes }: Kind<"splat">): void {
    const { type, repr } = machineOf(dtype);
    vectorMoves(dtype, lanes);
    if (arg.kind === "const") return emitConstant(this.code, dtype, lanes, arg.value);
    if (arg.kind === "load" && arg.buffer.space !== "register" && ["f32", "i32", "u32"].includes(dtype)) {
      return this.code.memory("v128.load32_splat", alignmentOf(dtype), this.address(arg));
    }
    if (repr === "bool") this.code.i32(0);
    this.emit(arg);
    if (repr === "bool") this.code.op("i32.sub");
    this.code.op(type === "f32" ? "f32x4.splat" : "i32x4.splat");
  }

  #extract({ arg, lane, dtype }: Kind<"extract">): void {
    this.emit(arg);
    this.code.op(dtype === "f32" ? "f32x4.extract_lane" : "i32x4.extract_lane", lane);
    if (dtype !== "bool") return;
    this.code.i32(1);
    this.code.op("i32.and");
  }

  #localOf(thing: Var | Buffer | Value, type: () => ReturnType<typeof valueType>): Local {
    const known = this.#locals.get(thing);
    if (known !== undefined) return known;
    const local = this.code.local(type());
    this.#locals.set(thing, local);
    return local;
  }
}

const isShift = (name: string): boolean => name === "shl" || name === "shr";

/** The machine takes counts modulo 32, or 64; values narrower than that have fewer bits. */
function withinWidth([value, count]: readonly Expr[]): readonly Expr[] {
  const bits = machineOf(value.dtype).narrow?.bits;
  if (bits === undefined) return [value, count];
  const most = (lanes: number): Expr => constant(bits - 1, count.dtype, lanes);
  if (count.kind === "const") return [value, constant(count.value & (bits - 1), count.dtype, count.lanes)];
  if (count.kind === "splat") return [value, splat(scalar("and", count.arg, most(1)), count.lanes)];
  return [value, scalar("and", count, most(count.lanes))];
}
