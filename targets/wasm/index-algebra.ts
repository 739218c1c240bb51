/**
 * From i32 expressions to polynomials and to ranges of values. It knows what each variable of a kernel stands for: a size, a loop counter,
 * a value bound by `let` (seen through where it is itself affine), or a constant, where specialization or a loop of one iteration made it so.
 */
import type { Expr, For, Kernel, Stmt, Var } from "../../ir/kernel.ts";
import {
  type Atom,
  addPolynomials,
  atomPolynomial,
  constantPolynomial,
  multiplyPolynomials,
  type Polynomial,
  scalePolynomial,
} from "./polynomial.ts";

/** Inclusive bounds; infinite where nothing is known. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const ANY: Range = { low: -Infinity, high: Infinity };
const NATURAL: Range = { low: 0, high: Infinity };
// An infinite extent times a zero coefficient is no iteration at all.
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);
const hull = (...values: number[]): Range => ({ low: Math.min(...values), high: Math.max(...values) });
const product = (a: Range, b: Range): Range =>
  hull(times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high));
const sum = (a: Range, b: Range): Range => ({ low: a.low + b.low, high: a.high + b.high });
const floorBy = (a: Range, divisor: number): Range => ({
  low: Math.floor(a.low / divisor),
  high: Math.floor(a.high / divisor),
});

const narrowRanges: { readonly [dtype: string]: Range } = {
  bool: { low: 0, high: 1 },
  u8: { low: 0, high: 255 },
  i8: { low: -128, high: 127 },
  u16: { low: 0, high: 65535 },
  i16: { low: -32768, high: 32767 },
};

export class IndexAlgebra {
  readonly #constants = new Map<Var, number>();
  readonly #loops = new Map<Var, For>();
  readonly #lets = new Map<Var, Expr>();
  readonly #floors = new Map<Var, number>();
  readonly #numbers = new Map<unknown, number>();
  readonly #polynomials = new Map<Var | Expr, Polynomial>();
  readonly #ranges = new Map<Var, Range>();

  /** `constants`: sizes that are the same in every launch. `floors`: other variables from outside, and the least they can be. */
  constructor(kernel: Kernel, constants: ReadonlyMap<Var, number>, floors: ReadonlyMap<Var, number>) {
    for (const [v, value] of constants) this.#constants.set(v, value);
    for (const { var: size } of kernel.dims) this.#floors.set(size, 0);
    for (const [v, floor] of floors) this.#floors.set(v, floor);
    this.#note(kernel.body);
  }

  /** The value of a variable that is the same whenever it is read. */
  constantOf(v: Var): number | undefined {
    return this.#constants.get(v);
  }

  /** The trip count of a loop when it is a constant. */
  tripCount(loop: For): number | undefined {
    const { constant, terms } = this.polynomial(loop.extent);
    return terms.length === 0 ? Math.max(0, constant) : undefined;
  }

  polynomial(expr: Expr): Polynomial {
    if (expr.kind === "const") return constantPolynomial(expr.value);
    if (expr.kind === "var") return this.#ofVar(expr.var);
    const known = this.#polynomials.get(expr);
    if (known !== undefined) return known;
    const polynomial = this.#compute(expr);
    this.#polynomials.set(expr, polynomial);
    return polynomial;
  }

  #compute(expr: Expr): Polynomial {
    if (expr.kind !== "scalar" || expr.dtype !== "i32") return this.#opaque(expr);
    const [a, b, c] = expr.args;
    switch (expr.name) {
      case "add":
        return addPolynomials(this.polynomial(a), this.polynomial(b));
      case "sub":
        return addPolynomials(this.polynomial(a), scalePolynomial(this.polynomial(b), -1));
      case "neg":
        return scalePolynomial(this.polynomial(a), -1);
      case "mul":
        return multiplyPolynomials(this.polynomial(a), this.polynomial(b));
      case "fma":
        return addPolynomials(
          multiplyPolynomials(this.polynomial(a), this.polynomial(b)),
          this.polynomial(c),
        );
      case "shl":
        if (b.kind === "const" && b.value >= 0 && b.value < 32)
          return scalePolynomial(this.polynomial(a), 2 ** b.value);
    }
    return this.#opaque(expr);
  }

  rangeOf(expr: Expr): Range {
    if (expr.kind === "const") return hull(expr.value);
    if (expr.kind === "var") return this.#rangeOfVar(expr.var);
    if (expr.kind === "cast")
      return expr.dtype === "i32" && expr.arg.dtype in narrowRanges ? this.rangeOf(expr.arg) : ANY;
    if (expr.kind !== "scalar") return narrowRanges[expr.dtype] ?? ANY;
    if (expr.dtype === "bool") return narrowRanges.bool;
    return expr.dtype === "i32" ? this.#rangeOfScalar(expr.name, expr.args) : ANY;
  }

  rangeOfPolynomial({ constant, terms }: Polynomial): Range {
    return terms.reduce((total, { coefficient, factors }) => {
      const factor = factors.reduce(
        (range, { expr }) => product(range, this.rangeOf(expr)),
        hull(coefficient),
      );
      return sum(total, factor);
    }, hull(constant));
  }

  #note(stmts: readonly Stmt[]): void {
    for (const stmt of stmts) {
      if (stmt.kind === "let") this.#lets.set(stmt.var, stmt.value);
      else if (stmt.kind === "if") {
        this.#note(stmt.then);
        this.#note(stmt.otherwise);
      } else if (stmt.kind === "for") {
        this.#loops.set(stmt.var, stmt);
        if (this.tripCount(stmt) === 1) this.#constants.set(stmt.var, 0);
        this.#note(stmt.body);
      }
    }
  }

  #ofVar(v: Var): Polynomial {
    const constant = this.#constants.get(v);
    if (constant !== undefined) return constantPolynomial(constant);
    const known = this.#polynomials.get(v);
    if (known !== undefined) return known;
    const polynomial =
      this.#throughLet(v) ?? atomPolynomial(this.#atom({ kind: "var", dtype: v.dtype, lanes: 1, var: v }));
    this.#polynomials.set(v, polynomial);
    return polynomial;
  }

  /** The value of a `let` where it is a polynomial in variables: address arithmetic then sees constants and steps behind it. */
  #throughLet(v: Var): Polynomial | undefined {
    const value = this.#lets.get(v);
    if (value === undefined || v.dtype !== "i32" || v.lanes !== 1) return undefined;
    const polynomial = this.polynomial(value);
    const transparent = polynomial.terms.every(({ factors }) =>
      factors.every(({ expr }) => expr.kind === "var"),
    );
    return transparent ? polynomial : undefined;
  }

  #opaque(expr: Expr): Polynomial {
    return atomPolynomial(this.#atom(expr));
  }

  #atom(expr: Expr): Atom {
    const vars = new Set<Var>();
    const pure = this.#collect(expr, vars);
    return { key: this.#key(expr), expr, vars, pure };
  }

  /** Adds the variables below; false where a load is among them. */
  #collect(expr: Expr, vars: Set<Var>): boolean {
    if (expr.kind === "var" && !this.#constants.has(expr.var)) vars.add(expr.var);
    if (expr.kind === "scalar") return expr.args.map((arg) => this.#collect(arg, vars)).every((pure) => pure);
    if (expr.kind === "const" || expr.kind === "var") return true;
    return expr.kind !== "load" && this.#collect(expr.arg, vars);
  }

  /** Spells an expression so that equal ones are equal; each load is one of a kind. */
  #key(expr: Expr): string {
    switch (expr.kind) {
      case "const":
        return `${expr.value}`;
      case "var":
        return `v${this.#number(expr.var)}`;
      case "load":
        return `load${this.#number(expr)}`;
      case "scalar":
        return `${expr.name}(${expr.args.map((arg) => this.#key(arg)).join()})`;
      default:
        return `${expr.kind}:${expr.dtype}(${this.#key(expr.arg)})`;
    }
  }

  #number(thing: unknown): number {
    const known = this.#numbers.get(thing);
    if (known !== undefined) return known;
    this.#numbers.set(thing, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  #rangeOfVar(v: Var): Range {
    const known = this.#ranges.get(v);
    if (known !== undefined) return known;
    const range = this.#findRange(v);
    this.#ranges.set(v, range);
    return range;
  }

  #findRange(v: Var): Range {
    const constant = this.#constants.get(v);
    if (constant !== undefined) return hull(constant);
    const loop = this.#loops.get(v);
    if (loop !== undefined) return { low: 0, high: Math.max(0, this.rangeOf(loop.extent).high - 1) };
    const value = this.#lets.get(v);
    if (value !== undefined) return this.rangeOf(value);
    return { low: this.#floors.get(v) ?? -Infinity, high: Infinity };
  }

  #rangeOfScalar(name: string, args: readonly Expr[]): Range {
    const [a, b] = args.map((arg) => this.rangeOf(arg));
    const divisor = args[1]?.kind === "const" && args[1].value > 0 ? args[1].value : undefined;
    switch (name) {
      case "add":
        return sum(a, b);
      case "sub":
        return { low: a.low - b.high, high: a.high - b.low };
      case "mul":
        return product(a, b);
      case "min":
        return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
      case "max":
        return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
      case "select":
        return {
          low: Math.min(b.low, this.rangeOf(args[2]).low),
          high: Math.max(b.high, this.rangeOf(args[2]).high),
        };
      case "floordiv":
        return divisor === undefined ? ANY : floorBy(a, divisor);
      case "div":
        return divisor === undefined || a.low < 0 ? ANY : floorBy(a, divisor);
      case "mod":
        return divisor === undefined ? ANY : { low: 0, high: divisor - 1 };
      case "and":
        return a.low >= 0 && b.low >= 0 ? NATURAL : ANY;
      case "shr":
        return a.low >= 0 ? NATURAL : ANY;
      default:
        return ANY;
    }
  }
}
