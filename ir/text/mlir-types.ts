/**
 * Tensor types in MLIR's text. Symbolic dimensions are `?`, with all dimensions spelled in the encoding slot:
 * `tensor<?x28xf32, #kt.dims<"10*n, 28">>`. Signed integers are signless there (`i32`), unsigned ones `ui8`, bool is `i1`.
 */
import { type Dim, isStaticShape, parseDim, printDim, productOf } from "../dim.ts";
import { type DType, dtypeNames, dtypes } from "../dtype.ts";
import type { TensorType } from "../type.ts";
import { quote, type Reader } from "./reader.ts";

export function printTensorType({ dtype, shape }: TensorType): string {
  const dims = shape.map((dim) => `${typeof dim === "number" ? dim : "?"}x`).join("");
  const encoding = isStaticShape(shape) ? "" : `, #kt.dims<${quote(shape.map(printDim).join(", "))}>`;
  return `tensor<${dims}${dtypes[dtype].mlir}${encoding}>`;
}

const byMlirName: ReadonlyMap<string, DType> = new Map(
  dtypeNames.map((dtype) => [dtypes[dtype].mlir, dtype]),
);

/** Reads a tensor type; throws ModelError with line and column. */
export function readTensorType(reader: Reader): TensorType {
  const at = reader.at;
  reader.need("tensor");
  reader.need("<");
  const sizes =
    reader
      .match(/(?:(?:\?|\d+)x)+/y)
      ?.split("x")
      .slice(0, -1) ?? [];
  const element = reader.identifier("an element type");
  const dtype = byMlirName.get(element) ?? reader.problem(`unknown element type ${element}`, at);
  const shape = reader.take(",")
    ? readEncoding(reader, sizes)
    : sizes.map((size) => readSize(reader, size, at));
  reader.need(">");
  // The number of elements stays exact; a shape that cannot lie in memory is refused here rather than where it is used.
  if (!shape.every((dim) => typeof dim !== "number" || Number.isSafeInteger(dim)))
    reader.problem("a dimension too large", at);
  const size = productOf(shape.filter((dim) => typeof dim === "number" && dim > 0));
  if (typeof size === "number" && !Number.isSafeInteger(size)) reader.problem("a tensor too large", at);
  return { dtype, shape };
}

function readSize(reader: Reader, size: string, at: number): number {
  return size === "?" ? reader.problem("a dimension ? without #kt.dims", at) : Number(size);
}

/** `#kt.dims<"n, 28">`, which must agree with the sizes before it. */
function readEncoding(reader: Reader, sizes: readonly string[]): readonly Dim[] {
  reader.need("#kt.dims");
  reader.need("<");
  const at = reader.at;
  const text = reader.string("dimensions");
  const dims = reader.locate(at, () => (text === "" ? [] : text.split(",").map(readDimension)));
  const agrees = (dim: Dim, i: number): boolean => sizes[i] === (typeof dim === "number" ? String(dim) : "?");
  if (dims.length !== sizes.length || !dims.every(agrees)) {
    reader.problem(`dimensions "${text}" do not agree with ${sizes.join("x")}`, at);
  }
  reader.need(">");
  return dims;
}

function readDimension(text: string): Dim {
  return parseDim(text.trim());
}

/** `(t, t) -> t`. */
export interface FunctionType {
  readonly inputs: readonly TensorType[];
  readonly results: readonly TensorType[];
}

export function printFunctionType({ inputs, results }: FunctionType): string {
  const list = (types: readonly TensorType[]): string => `(${types.map(printTensorType).join(", ")})`;
  return `${list(inputs)} -> ${results.length === 1 ? printTensorType(results[0]) : list(results)}`;
}

export function readFunctionType(reader: Reader): FunctionType {
  reader.need("(");
  const inputs = reader.list(")", () => readTensorType(reader));
  reader.need("->");
  const results = reader.take("(")
    ? reader.list(")", () => readTensorType(reader))
    : [readTensorType(reader)];
  return { inputs, results };
}
