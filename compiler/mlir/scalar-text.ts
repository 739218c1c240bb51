/**
 * Scalar expressions as operations of MLIR's dialects arith and math. MLIR's integers have no sign: it is in the operations. Where MLIR
 * leaves a result open (division by zero, float to integer out of range), what `ir/scalar.ts` says is spelled out.
 */
import { byteWidth, type DType, dtypes, isFloat } from "../../ir/dtype.ts";
import { setElement } from "../../ir/elements.ts";
import { Unsupported } from "../../ir/errors.ts";
import { expandKernel } from "../../ir/expand.ts";
import { constant, type Expr, makeBuffer, makeVar, read, scalar, store } from "../../ir/kernel.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { ScalarName } from "../../ir/scalar.ts";
import { printDense } from "../../ir/text/dense.ts";

/** The element type: integers without a sign. */
export const signless = (dtype: DType): string => dtypes[dtype].mlir.replace(/^ui/, "i");
const isUnsigned = (dtype: DType): boolean => dtypes[dtype].kind === "unsigned" || dtype === "bool";

/** A number as a constant of its dtype is written. */
export function numberText(value: number, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (!isFloat(dtype)) return String(value);
  const scalar: NDArray = { dtype, shape: [], data: dtypes[dtype].allocate(1) };
  setElement(scalar, 0, value);
  return printDense(scalar).slice("dense<".length, -1);
}

/** How expressions get at what they are about: the names of variables and loads in the text. */
export interface Leaves {
  variable(expr: Extract<Expr, { kind: "var" }>): string;
  load(expr: Extract<Expr, { kind: "load" }>, index: (expr: Expr) => string): string;
}

/** Floats and integers: `arith.addf` and `arith.addi`. */
const arithmetic: { readonly [N in ScalarName]?: readonly [float: string | undefined, integer: string] } = {
  add: ["arith.addf", "arith.addi"],
  sub: ["arith.subf", "arith.subi"],
  mul: ["arith.mulf", "arith.muli"],
  and: [undefined, "arith.andi"],
  or: [undefined, "arith.ori"],
  xor: [undefined, "arith.xori"],
};
const signed: { readonly [N in ScalarName]?: readonly [signed: string, unsigned: string] } = {
  min: ["arith.minsi", "arith.minui"],
  max: ["arith.maxsi", "arith.maxui"],
  shr: ["arith.shrsi", "arith.shrui"],
};
const floats: { readonly [N in ScalarName]?: string } = {
  div: "arith.divf", neg: "arith.negf", min: "arith.minimumf", max: "arith.maximumf",
  fma: "math.fma", abs: "math.absf", floor: "math.floor", ceil: "math.ceil", trunc: "math.trunc", round: "math.roundeven",
  sqrt: "math.sqrt", rsqrt: "math.rsqrt", exp: "math.exp", exp2: "math.exp2", expm1: "math.expm1", log: "math.log",
  log2: "math.log2", log10: "math.log10", log1p: "math.log1p", tanh: "math.tanh", erf: "math.erf", pow: "math.powf",
  sin: "math.sin", cos: "math.cos", tan: "math.tan", asin: "math.asin", acos: "math.acos", atan: "math.atan",
  atan2: "math.atan2", sinh: "math.sinh", cosh: "math.cosh", asinh: "math.asinh", acosh: "math.acosh", atanh: "math.atanh",
}; // biome-ignore format: a table
const comparisons: { readonly [N in ScalarName]?: readonly [float: string, integer: string] } = {
  lt: ["olt", "lt"],
  le: ["ole", "le"],
  eq: ["oeq", "eq"],
  ne: ["une", "ne"],
};

/** Writes expressions as lines. An expression that occurs twice is written once. */
export class ScalarText {
  private readonly done = new Map<Expr, string>();
  private readonly emit: (text: string) => string;
  private readonly leaves: Leaves;

  /** `emit` writes a line `%name = text` and gives the name. */
  constructor(emit: (text: string) => string, leaves: Leaves) {
    this.emit = emit;
    this.leaves = leaves;
  }

  write(expr: Expr): string {
    const known = this.done.get(expr);
    if (known !== undefined) return known;
    const name = this.node(expr);
    this.done.set(expr, name);
    return name;
  }

  /** An i32 expression as an index of MLIR's. */
  readonly index = (expr: Expr): string => {
    if (expr.kind === "const") return this.emit(`arith.constant ${expr.value} : index`);
    return this.emit(`arith.index_cast ${this.write(expr)} : i32 to index`);
  };

  private node(expr: Expr): string {
    switch (expr.kind) {
      case "const":
        return this.emit(
          `arith.constant ${numberText(expr.value, expr.dtype)}${expr.dtype === "bool" ? "" : ` : ${signless(expr.dtype)}`}`,
        );
      case "var":
        return this.leaves.variable(expr);
      case "load":
        return this.leaves.load(expr, this.index);
      case "cast":
        return this.cast(expr.arg, expr.dtype);
      case "bitcast":
        return this.bitcast(expr.arg, expr.dtype);
      case "scalar":
        return this.scalar(expr);
      default:
        throw new Unsupported("the bridge to MLIR", "vectors");
    }
  }

  private scalar(expr: Extract<Expr, { kind: "scalar" }>): string {
    const { name, args } = expr;
    const { dtype } = name === "select" ? args[1] : args[0];
    if (isFloat(dtype)) return this.float(expr, dtype);
    const type = signless(dtype);
    const pair = signed[name];
    const plain = arithmetic[name]?.[1] ?? pair?.[isUnsigned(dtype) ? 1 : 0];
    if (plain !== undefined && name !== "shr") return this.apply(plain, args, type);
    const comparison = comparisons[name];
    if (comparison !== undefined) return this.compare(args, comparison[1], dtype);
    return this.integer(expr, dtype);
  }

  private apply(operation: string, args: readonly Expr[], type: string): string {
    return this.emit(`${operation} ${args.map((arg) => this.write(arg)).join(", ")} : ${type}`);
  }

  private compare(args: readonly Expr[], predicate: string, dtype: DType): string {
    const sign = predicate === "lt" || predicate === "le" ? (isUnsigned(dtype) ? "u" : "s") : "";
    return this.apply(`arith.cmpi ${sign}${predicate},`, args, signless(dtype));
  }

  private float(expr: Extract<Expr, { kind: "scalar" }>, dtype: DType): string {
    const { name, args } = expr;
    const type = signless(dtype);
    const [a, b] = args;
    const number = (value: number): Expr => constant(value, dtype);
    const plain = arithmetic[name]?.[0] ?? floats[name];
    if (plain !== undefined) return this.apply(plain, args, type);
    const comparison = comparisons[name];
    if (comparison !== undefined) return this.apply(`arith.cmpf ${comparison[0]},`, args, type);
    switch (name) {
      case "select":
        return this.apply("arith.select", args, type);
      case "relu":
        return this.write(scalar("max", a, number(0)));
      case "sigmoid":
        return this.write(
          scalar("div", number(1), scalar("add", number(1), scalar("exp", scalar("neg", a)))),
        );
      case "sign":
        return this.write(signOf(a, number));
      case "floordiv":
        return this.write(unlessZero(b, scalar("floor", scalar("div", a, b))));
      case "mod":
        return this.remainder(a, b, dtype);
      default:
        return this.expand(expr);
    }
  }

  /** The remainder of rounding down has the sign of the divisor; that of arith.remf, which is exact, the sign of the dividend. */
  private remainder(a: Expr, b: Expr, dtype: DType): string {
    const type = signless(dtype);
    const zero = constant(0, dtype);
    const rest = makeVar("rest", dtype);
    const name = this.apply("arith.remf", [a, b], type);
    const inner = new ScalarText(this.emit, {
      ...this.leaves,
      variable: (expr) => (expr.var === rest ? name : this.leaves.variable(expr)),
    });
    const differs = scalar("ne", scalar("lt", read(rest), zero), scalar("lt", b, zero));
    const moved = scalar("and", scalar("ne", read(rest), zero), differs);
    return inner.write(unlessZero(b, scalar("select", moved, scalar("add", read(rest), b), read(rest))));
  }

  /** What MLIR has no operation for, in basic scalars. */
  private expand(expr: Extract<Expr, { kind: "scalar" }>): string {
    const params = expr.args.map((arg, i) => makeVar(`a${i}`, arg.dtype));
    const names = new Map(params.map((param, i) => [param, this.write(expr.args[i])]));
    const result = makeBuffer("result", expr.dtype, [], "global");
    const body = [store(result, [], scalar(expr.name, ...params.map(read)))];
    const expanded = expandKernel({ name: expr.name, params: [], dims: [], body });
    const inner = new ScalarText(this.emit, {
      variable: ({ var: variable }) => names.get(variable) ?? "",
      load: () => "",
    });
    let last = "";
    for (const step of expanded.body) {
      if (step.kind === "let") names.set(step.var, inner.write(step.value));
      else if (step.kind === "store") last = inner.write(step.value);
    }
    return last;
  }

  private integer({ name, args }: Extract<Expr, { kind: "scalar" }>, dtype: DType): string {
    const type = signless(dtype);
    const number = (value: number): Expr => constant(value, dtype);
    const [a, b] = args;
    switch (name) {
      case "select":
        return this.apply("arith.select", args, type);
      case "neg":
        return this.write(scalar("sub", number(0), a));
      case "abs":
        return isUnsigned(dtype) ? this.write(a) : this.apply("math.absi", args, type);
      case "not":
        return this.write(scalar("xor", a, number(dtype === "bool" ? 1 : -1)));
      case "fma":
        return this.write(scalar("add", scalar("mul", a, b), args[2]));
      case "sign":
        return this.write(signOf(a, number));
      case "shl":
      case "shr": {
        const operation = name === "shl" ? "arith.shli" : (signed.shr?.[isUnsigned(dtype) ? 1 : 0] ?? "");
        return this.apply(operation, [a, scalar("and", b, number(8 * byteWidth(dtype) - 1))], type);
      }
      case "div":
        return this.divide(isUnsigned(dtype) ? "arith.divui" : "arith.divsi", a, b, dtype);
      case "floordiv":
        return this.divide(isUnsigned(dtype) ? "arith.divui" : "arith.floordivsi", a, b, dtype);
      case "mod":
        if (isUnsigned(dtype)) return this.divide("arith.remui", a, b, dtype);
        return this.write(unlessZero(b, scalar("sub", a, scalar("mul", b, scalar("floordiv", a, b)))));
      default:
        throw new Unsupported("the bridge to MLIR", `${name} of ${dtype}`);
    }
  }

  /** Divisions that MLIR leaves open: by zero gives 0, the smallest integer by -1 wraps to itself. */
  private divide(operation: string, a: Expr, b: Expr, dtype: DType): string {
    const type = signless(dtype);
    if (b.kind === "const" && b.value !== 0 && b.value !== -1) return this.apply(operation, [a, b], type);
    const [zero, one] = [constant(0, dtype), constant(1, dtype)];
    const isZero = scalar("eq", b, zero);
    if (isUnsigned(dtype)) {
      const quotient = this.apply(operation, [a, scalar("select", isZero, one, b)], type);
      return this.emit(`arith.select ${this.write(isZero)}, ${this.write(zero)}, ${quotient} : ${type}`);
    }
    const isMinusOne = scalar("eq", b, constant(-1, dtype));
    const divisor = scalar("select", scalar("or", isZero, isMinusOne), one, b);
    const quotient = this.apply(operation, [a, divisor], type);
    const negated = this.write(scalar("select", isMinusOne, scalar("sub", zero, a), zero));
    const isSpecial = this.write(scalar("or", isZero, isMinusOne));
    return this.emit(`arith.select ${isSpecial}, ${negated}, ${quotient} : ${type}`);
  }

  private cast(arg: Expr, to: DType): string {
    const from = arg.dtype;
    if (to === "bool") return this.write(scalar("ne", arg, constant(0, from)));
    const between = `${signless(from)} to ${signless(to)}`;
    const convert = (operation: string): string => this.emit(`${operation} ${this.write(arg)} : ${between}`);
    if (isFloat(from) && isFloat(to)) {
      if (byteWidth(from) === byteWidth(to)) throw new Unsupported("the bridge to MLIR", `${from} to ${to}`);
      return convert(byteWidth(from) < byteWidth(to) ? "arith.extf" : "arith.truncf");
    }
    if (isFloat(to)) return convert(isUnsigned(from) ? "arith.uitofp" : "arith.sitofp");
    if (isFloat(from)) return this.saturate(arg, to);
    if (signless(from) === signless(to)) return this.write(arg);
    if (byteWidth(from) > byteWidth(to)) return convert("arith.trunci");
    return convert(isUnsigned(from) ? "arith.extui" : "arith.extsi");
  }

  /** Float to integer truncates and saturates; NaN gives 0. The bounds are powers of two, so they are exact. */
  private saturate(arg: Expr, to: DType): string {
    const bits = 8 * byteWidth(to);
    const unsigned = isUnsigned(to);
    const low = unsigned ? -1 : -(2 ** (bits - 1));
    const high = unsigned ? 2 ** bits : 2 ** (bits - 1);
    const number = (value: number): Expr => constant(value, arg.dtype);
    // What truncates to the smallest value lies above `low`, for unsigned integers above -1.
    const above = unsigned ? scalar("lt", number(low), arg) : scalar("le", number(low), arg);
    const inRange = scalar("and", above, scalar("lt", arg, number(high)));
    const safe = this.write(scalar("select", inRange, arg, number(0)));
    const operation = unsigned ? "arith.fptoui" : "arith.fptosi";
    const inside = this.emit(`${operation} ${safe} : ${signless(arg.dtype)} to ${signless(to)}`);
    const [least, most] = unsigned
      ? ["0", "-1"]
      : [String(-(2n ** BigInt(bits - 1))), String(2n ** BigInt(bits - 1) - 1n)];
    const type = signless(to);
    const bound = (text: string): string => this.emit(`arith.constant ${text} : ${type}`);
    const capped = this.emit(
      `arith.select ${this.write(scalar("le", number(high), arg))}, ${bound(most)}, ${inside} : ${type}`,
    );
    const isBelow = unsigned ? scalar("le", arg, number(low)) : scalar("lt", arg, number(low));
    return this.emit(`arith.select ${this.write(isBelow)}, ${bound(least)}, ${capped} : ${type}`);
  }

  private bitcast(arg: Expr, to: DType): string {
    if (signless(arg.dtype) === signless(to)) return this.write(arg);
    return this.emit(`arith.bitcast ${this.write(arg)} : ${signless(arg.dtype)} to ${signless(to)}`);
  }
}

const signOf = (a: Expr, number: (value: number) => Expr): Expr =>
  scalar(
    "select",
    scalar("lt", a, number(0)),
    number(-1),
    scalar("select", scalar("lt", number(0), a), number(1), a),
  );

const unlessZero = (divisor: Expr, value: Expr): Expr =>
  scalar("select", scalar("eq", divisor, constant(0, divisor.dtype)), constant(0, divisor.dtype), value);
