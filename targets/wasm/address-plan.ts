/**
 * Where addresses are computed. Engines do not strength-reduce address arithmetic, so this does: every load and store becomes one local,
 * a pointer, and a constant offset that costs nothing, and pointers move by addition.
 *
 *  - Accesses whose addresses differ by a constant share a pointer; the differences go into the instructions' offsets. With the
 *    addresses of buffers constant, arrays walked in step share one pointer too.
 *  - A pointer that is linear in a loop's counter is set before the loop and advances at the end of each iteration. Its first value is
 *    another such value, one loop further out, and so on: all of them are only ever added to.
 *  - Anything else is computed where the innermost of its variables gets its value.
 *  - Variables that nothing reads any more, counters and `let`s, are not `needed`: no code is emitted for them.
 *
 * An offset is unsigned and the sum with the pointer does not wrap, so a pointer must not fall below zero: a lower bound of its range
 * decides how much of the constant goes into the pointer (`bias`).
 */
import { byteWidth } from "../../ir/dtype.ts";
import { type Buffer, type Expr, int, type Stmt, type Var } from "../../ir/kernel.ts";
import { operandsOf } from "../../ir/walk-kernel.ts";
import type { IndexAlgebra } from "./index-algebra.ts";
import {
  addPolynomials,
  dependsOn,
  isLinearIn,
  type Polynomial,
  scalePolynomial,
  slopeIn,
  splitTerms,
  type Term,
  termsKey,
} from "./polynomial.ts";

/** A value in a local, a variable or neither, plus a constant. */
export interface Operand {
  readonly base?: Value | Var;
  readonly plus: number;
}

/** An address or a part of one, kept in a local. */
export type Value =
  /** Set where its last variable is bound: the sum of `terms`, and of `rest`, which was known before. */
  | { readonly kind: "sum"; readonly terms: readonly Term[]; readonly rest: Operand }
  /** Set before a loop, advanced at the end of each iteration. */
  | { readonly kind: "induction"; readonly first: Operand; readonly step: Operand };
export type Induction = Extract<Value, { kind: "induction" }>;

/** A load from memory or a store to it. */
export type Access = Extract<Expr, { kind: "load" }> | Extract<Stmt, { kind: "store" }>;

export interface Address {
  readonly pointer: Operand;
  /** Terms that depend on what memory holds, computed on the spot. */
  readonly terms: readonly Term[];
  /** The constant of the instruction. */
  readonly offset: number;
}

/** An access before its pointer is known. */
interface Site {
  readonly access: Access;
  readonly steady: Polynomial;
  readonly terms: readonly Term[];
}

/** Where a buffer begins: a parameter of the function, or nothing, and a constant. */
export interface Origin {
  readonly base?: Var;
  readonly plus: number;
}

export class AddressPlan {
  /** Variables that are read as values. */
  readonly needed = new Set<Var>();
  readonly #algebra: IndexAlgebra;
  readonly #originOf: (buffer: Buffer) => Origin;
  /** When a variable is bound, in the order of execution; what comes from outside is bound at -1. */
  readonly #bound = new Map<Var, number>();
  readonly #lets = new Map<Var, Expr>();
  readonly #loops = new Set<Var>();
  readonly #sites = new Map<Access, Site>();
  readonly #addresses = new Map<Access, Address>();
  readonly #values = new Map<string, Value>();
  readonly #sums = new Map<Var | undefined, Value[]>();
  readonly #inductions = new Map<Var, Induction[]>();

  constructor(body: readonly Stmt[], algebra: IndexAlgebra, originOf: (buffer: Buffer) => Origin) {
    this.#algebra = algebra;
    this.#originOf = originOf;
    this.#bind(body);
    this.#collect(body);
    const groups = new Map<string, Site[]>();
    for (const site of this.#sites.values()) append(groups, termsKey(site.steady), site);
    for (const group of groups.values()) this.#place(group);
  }

  addressOf(access: Access): Address | undefined {
    return this.#addresses.get(access);
  }

  /** What to compute once `v` is bound; without `v`, at the entry of the function. */
  sumsAt(v?: Var): readonly Value[] {
    return this.#sums.get(v) ?? [];
  }

  /** What the loop over `v` advances. */
  inductionsOf(v: Var): readonly Induction[] {
    return this.#inductions.get(v) ?? [];
  }

  #bind(stmts: readonly Stmt[]): void {
    for (const stmt of stmts) {
      if (stmt.kind === "let" || stmt.kind === "for") this.#bound.set(stmt.var, this.#bound.size);
      if (stmt.kind === "let") this.#lets.set(stmt.var, stmt.value);
      else if (stmt.kind === "for") {
        this.#loops.add(stmt.var);
        this.#bind(stmt.body);
      } else if (stmt.kind === "if") {
        this.#bind(stmt.then);
        this.#bind(stmt.otherwise);
      }
    }
  }

  // What is read, as a value or from memory. `let`s count once something reads them.

  #collect(stmts: readonly Stmt[]): void {
    for (const stmt of stmts) {
      if (stmt.kind === "for") {
        const trips = this.#algebra.tripCount(stmt);
        if (trips === undefined) this.#read(stmt.extent);
        if (trips !== 0) this.#collect(stmt.body);
      } else if (stmt.kind === "store") {
        this.#note(stmt);
        this.#read(stmt.value);
      } else if (stmt.kind === "if") {
        this.#read(stmt.cond);
        this.#collect(stmt.then);
        this.#collect(stmt.otherwise);
      }
    }
  }

  #read(expr: Expr): void {
    if (expr.kind === "var") this.#need(expr.var);
    else if (expr.kind === "load") this.#note(expr);
    else for (const operand of operandsOf(expr)) this.#read(operand);
  }

  #need(v: Var): void {
    if (this.needed.has(v)) return;
    this.needed.add(v);
    const value = this.#lets.get(v);
    if (value !== undefined) this.#read(value);
  }

  /** Notes a site, and what its address reads: all atoms but counters, which pointers may make superfluous. */
  #note(access: Access): void {
    if (access.buffer.space === "register" || this.#sites.has(access)) return;
    const [steady, terms] = splitTerms(this.#byteAddress(access), ({ factors }) =>
      factors.every(({ pure }) => pure),
    );
    this.#sites.set(access, { access, steady, terms });
    for (const { factors } of steady.terms) {
      for (const { expr } of factors) if (expr.kind !== "var" || !this.#loops.has(expr.var)) this.#read(expr);
    }
    this.#readAll(terms);
  }

  #readAll(terms: readonly Term[]): void {
    for (const { factors } of terms) for (const { expr } of factors) this.#read(expr);
  }

  #byteAddress({ buffer, index }: Access): Polynomial {
    const width = byteWidth(buffer.dtype) * buffer.lanes;
    const offset = scalePolynomial(this.#algebra.polynomial(index[0] ?? int(0)), width);
    const { base, plus } = this.#originOf(buffer);
    const begin = this.#algebra.polynomial(base === undefined ? int(0) : readVar(base));
    return addPolynomials(offset, { ...begin, constant: begin.constant + plus });
  }

  // Pointers.

  /** Accesses whose addresses differ by constants. */
  #place(sites: readonly Site[]): void {
    const { low } = this.#algebra.rangeOfPolynomial({ constant: 0, terms: sites[0].steady.terms });
    const least = Math.min(...sites.map(({ steady }) => steady.constant));
    const bias = Math.min(Math.max(0, -low), least);
    for (const site of sites)
      this.#addresses.set(site.access, this.#address(site, low + bias >= 0 ? bias : undefined));
  }

  /** With a bias the pointer is never negative; without one it is the address itself. */
  #address({ steady, terms }: Site, bias: number | undefined): Address {
    const { constant } = steady;
    if (terms.length > 0) {
      const { low } = this.#algebra.rangeOfPolynomial({ constant: 0, terms });
      const plus = bias === undefined || low < 0 ? constant : bias;
      return {
        pointer: { ...this.#operand({ ...steady, constant: 0 }), plus },
        terms,
        offset: constant - plus,
      };
    }
    if (steady.terms.length === 0) return { pointer: { plus: 0 }, terms, offset: constant };
    const biased = { ...steady, constant: bias ?? constant };
    return { pointer: this.#pointer(biased), terms, offset: constant - biased.constant };
  }

  /** A polynomial in a local of its own, its constant included. */
  #pointer(p: Polynomial): Operand {
    return p.constant === 0 ? this.#operand(p) : { base: this.#value(p), plus: 0 };
  }

  /** A polynomial; the constant is added where it is used, so that values that differ by it are one. */
  #operand(p: Polynomial): Operand {
    const { constant: plus, terms } = p;
    if (terms.length === 0) return { plus };
    const { coefficient, factors } = terms[0];
    const { expr } = factors[0];
    if (terms.length === 1 && coefficient === 1 && factors.length === 1 && expr.kind === "var") {
      this.#need(expr.var);
      return { base: expr.var, plus };
    }
    return { base: this.#value({ constant: 0, terms }), plus };
  }

  #value(p: Polynomial): Value {
    const key = `${p.constant}+${termsKey(p)}`;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const last = this.#lastBound(p.terms);
    const value =
      last !== undefined && this.#loops.has(last) && isLinearIn(p, last)
        ? this.#induction(p, last)
        : this.#sum(p, last);
    this.#values.set(key, value);
    return value;
  }

  #induction(p: Polynomial, v: Var): Value {
    const [first] = splitTerms(p, (term) => !dependsOn(term, v));
    const value: Induction = {
      kind: "induction",
      first: this.#operand(first),
      step: this.#operand(slopeIn(p, v)),
    };
    append(this.#inductions, v, value);
    return value;
  }

  #sum(p: Polynomial, last: Var | undefined): Value {
    const isLoop = last !== undefined && this.#loops.has(last);
    const [rest, terms] = splitTerms(p, (term) => {
      if (last === undefined) return false;
      return isLoop ? isLinearIn({ constant: 0, terms: [term] }, last) : !dependsOn(term, last);
    });
    this.#readAll(terms);
    const value: Value = { kind: "sum", terms, rest: this.#operand(rest) };
    append(this.#sums, last, value);
    return value;
  }

  /** The variable that is bound last of those the terms depend on; undefined when all come from outside. */
  #lastBound(terms: readonly Term[]): Var | undefined {
    let last: Var | undefined;
    for (const { factors } of terms) {
      for (const v of factors.flatMap(({ vars }) => [...vars])) {
        if (this.#boundAt(v) > this.#boundAt(last)) last = v;
      }
    }
    return last;
  }

  #boundAt(v: Var | undefined): number {
    return v === undefined ? -1 : (this.#bound.get(v) ?? -1);
  }
}

const readVar = (v: Var): Expr => ({ kind: "var", dtype: v.dtype, lanes: v.lanes, var: v });

function append<K, T>(lists: Map<K, T[]>, key: K, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
