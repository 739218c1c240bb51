/**
 * What ops with regions have in common: attributes, the check that a region takes and gives what its op says, and arrays cut along an axis.
 */
import { ModelError } from "../errors.ts";
import type { Attrs, Block } from "../graph.ts";
import type { NDArray } from "../ndarray.ts";
import { sizeOf } from "../ndarray.ts";
import { equalTypes, printType, type TensorType } from "../type.ts";

/** The attributes of a counted loop. */
export interface ScanAttrs extends Attrs {
  /** How many operands are carries: the first ones. */
  readonly carries: number;
  /** The axis of each stacked operand; these follow the carries. All that remain are captures. */
  readonly inputs: readonly number[];
  readonly length: number | string;
  /** The axis of each stacked result; these follow the last carries. */
  readonly outputs: readonly number[];
  readonly reverse: boolean;
}

const list = (types: readonly TensorType[]): string => `(${types.map(printType).join(", ")})`;

export const returnTypes = (block: Block): readonly TensorType[] => block.returns.map(({ type }) => type);

/** Throws ModelError where there are not `count` regions. */
export function checkRegionCount(regions: readonly Block[], count: number): void {
  if (regions.length !== count)
    throw new ModelError("wrong number of regions", { expected: `${count}`, got: `${regions.length}` });
}

/** Throws ModelError where a region does not take arguments of these types. */
export function checkArguments(region: Block, types: readonly TensorType[], what: string): void {
  checkTypes(region.args.map(({ type }) => type), types, `${what} takes other arguments`); // biome-ignore format: one line
}

/** Throws ModelError where types differ from those expected. */
export function checkTypes(
  given: readonly TensorType[],
  expected: readonly TensorType[],
  message: string,
): void {
  if (given.length === expected.length && given.every((type, i) => equalTypes(type, expected[i]))) return;
  throw new ModelError(message, { expected: list(expected), got: list(given) });
}

/** Throws ModelError where an operand of the loop is missing. */
export function checkCount(operands: number, least: number): void {
  if (operands < least)
    throw new ModelError("a loop has too few operands", {
      expected: `at least ${least}`,
      got: `${operands}`,
    });
}

/** Elements before the axis, and from one step of the axis on. */
function cut(shape: readonly number[], axis: number): { readonly outer: number; readonly inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), inner: sizeOf(shape.slice(axis + 1)) };
}

/** Slice number `at` along an axis, which disappears. */
export function sliceOf(array: NDArray, axis: number, at: number): NDArray {
  const { outer, inner } = cut(array.shape, axis);
  const shape = array.shape.filter((_, i) => i !== axis);
  const data = array.data.slice(0, outer * inner);
  for (let i = 0; i < outer; i++) {
    const start = (i * array.shape[axis] + at) * inner;
    data.set(array.data.subarray(start, start + inner) as never, i * inner);
  }
  return { dtype: array.dtype, shape, data };
}

/** Writes a slice into an array. */
export function setSlice(array: NDArray, axis: number, at: number, slice: NDArray): void {
  const { outer, inner } = cut(array.shape, axis);
  for (let i = 0; i < outer; i++) {
    const part = slice.data.subarray(i * inner, (i + 1) * inner);
    array.data.set(part as never, (i * array.shape[axis] + at) * inner);
  }
}
