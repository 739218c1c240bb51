/**
 * The text of one function of MLIR's as it grows: lines, names of values, sizes of symbolic dimensions.
 */

import { type Dim, isStatic, printDim, type Shape, symbolsOf } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { sizeOf } from "../../ir/ndarray.ts";
import { printAttr, type Resources } from "../../ir/text/mlir-attrs.ts";
import type { TensorType } from "../../ir/type.ts";
import { signless } from "./scalar-text.ts";

const dims = (shape: Shape): string => shape.map((dim) => `${isStatic(dim) ? dim : "?"}x`).join("");
/** `tensor<?x10xf32>`: without sign or the names of symbols. */
export const tensorText = ({ dtype, shape }: TensorType): string =>
  `tensor<${dims(shape)}${signless(dtype)}>`;
export const memrefText = ({ dtype, shape }: TensorType): string =>
  `memref<${dims(shape)}${signless(dtype)}>`;

export class FuncText {
  private readonly lines: string[] = [];
  private readonly sizes = new Map<string, string>();
  private depth = 1;
  private count = 0;
  private readonly resources: Resources;

  constructor(resources: Resources) {
    this.resources = resources;
  }

  fresh(): string {
    return `%${this.count++}`;
  }

  line(text: string): void {
    this.lines.push("  ".repeat(this.depth + 1) + text);
  }

  /** A line that defines a value; gives its name. */
  readonly emit = (text: string): string => {
    const name = this.fresh();
    this.line(`${name} = ${text}`);
    return name;
  };

  /** A line that opens a region, what is in it, and the line that closes it. */
  nest(open: string, inside: () => void, close = "}"): void {
    this.line(open);
    this.indented(inside, close);
  }

  /** What is in a region that is open, and the line that closes it. */
  indented(inside: () => void, close = "}"): void {
    this.depth++;
    inside();
    this.depth--;
    this.line(close);
  }

  /** Notes how a symbol is found: as the size of an argument's axis. */
  bind(dim: Dim, argument: string, type: TensorType, axis: number): void {
    if (isStatic(dim)) return;
    const open = symbolsOf([dim]).filter((symbol) => !this.sizes.has(symbol));
    if (open.length !== 1) return;
    const [symbol] = open;
    const own = dim.terms.filter((term) => term.symbols.includes(symbol));
    if (own.length !== 1 || own[0].symbols.length !== 1) return;
    const rest = dim.terms.filter((term) => term !== own[0]);
    const constant = this.emit(`arith.constant ${axis} : index`);
    let size = this.emit(`tensor.dim ${argument}, ${constant} : ${tensorText(type)}`);
    if (rest.length > 0) size = this.emit(`arith.subi ${size}, ${this.size({ terms: rest })} : index`);
    if (own[0].coefficient !== 1) {
      const by = this.emit(`arith.constant ${own[0].coefficient} : index`);
      size = this.emit(`arith.divui ${size}, ${by} : index`);
    }
    this.sizes.set(symbol, size);
  }

  /** A dimension as a value of type index. */
  size(dim: Dim): string {
    if (isStatic(dim)) return this.emit(`arith.constant ${dim} : index`);
    const key = printDim(dim);
    const known = this.sizes.get(key);
    if (known !== undefined) return known;
    const terms = dim.terms.map(({ coefficient, symbols }) => {
      const factors = symbols.map((symbol) => this.symbol(symbol));
      if (coefficient !== 1 || factors.length === 0) factors.push(this.size(coefficient));
      return factors.reduce((a, b) => this.emit(`arith.muli ${a}, ${b} : index`));
    });
    return terms.reduce((a, b) => this.emit(`arith.addi ${a}, ${b} : index`));
  }

  private symbol(name: string): string {
    const known = this.sizes.get(name);
    if (known !== undefined) return known;
    throw new ModelError(`no argument tells the size ${name}`, {
      hint: "Give a model an input of that size",
    });
  }

  /** The values for the `?` of a shape, between commas. */
  dynamicSizes(shape: Shape): string {
    return shape.flatMap((dim) => (isStatic(dim) ? [] : [this.size(dim)])).join(", ");
  }

  /** A tensor without contents. */
  empty(type: TensorType): string {
    return this.emit(`tensor.empty(${this.dynamicSizes(type.shape)}) : ${tensorText(type)}`);
  }

  /** A constant; a large one is a resource at the end of the module. */
  constant(array: NDArray): string {
    const text = printAttr(signlessArray(array), this.resources);
    return this.emit(`arith.constant ${text.replace(/\bui(\d+)>$/, "i$1>")}`);
  }

  print(): string {
    return this.lines.map((line) => `${line}\n`).join("");
  }
}

/** Unsigned numbers as the signed ones of the same bits, which is what a type without a sign prints. */
function signlessArray(array: NDArray): NDArray {
  const { dtype, data, shape } = array;
  const bytes = byteWidth(dtype);
  const isSmall = sizeOf(shape) * bytes <= 1024;
  if (!isSmall) return array;
  if (data instanceof Uint8Array && dtype === "u8") return { dtype: "i8", shape, data: new Int8Array(data) };
  if (data instanceof Uint16Array && dtype === "u16")
    return { dtype: "i16", shape, data: new Int16Array(data) };
  if (data instanceof Uint32Array) return { dtype: "i32", shape, data: new Int32Array(data) };
  if (data instanceof BigUint64Array) return { dtype: "i64", shape, data: new BigInt64Array(data) };
  return array;
}
