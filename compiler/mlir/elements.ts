/**
 * Constants of MLIR's as arrays of ours.
 */
import type { Attribute } from "mlir-js";
import { byteWidth, dtypes } from "../../ir/dtype.ts";
import { forEachIndex, getElement } from "../../ir/elements.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import type { Memory } from "./memory.ts";

/** The array of a dense or resource attribute; undefined for others, and for sizes that are not constant. */
export function arrayOf(
  attribute: Attribute | undefined,
  { dtype, shape }: Pick<Memory, "dtype" | "shape">,
): NDArray | undefined {
  if (attribute?.kind !== "dense" && attribute?.kind !== "resource") return undefined;
  const sizes = shape.filter((dim): dim is number => typeof dim === "number");
  if (sizes.length !== shape.length) return undefined;
  const count = sizeOf(sizes);
  const { bytes } = attribute;
  const width = byteWidth(dtype);
  const data = dtypes[dtype].allocate(count);
  if (dtype === "bool" && bytes.length !== count) {
    // Bits, the lowest first; all alike where one stands for all.
    for (let i = 0; i < count; i++)
      data[i] = attribute.isSplat ? Number(bytes[0] !== 0) : (bytes[i >> 3] >> (i & 7)) & 1;
  } else if (attribute.isSplat) {
    const [element] = dtypes[dtype].view(bytes.slice(0, width).buffer, 0, 1);
    for (let i = 0; i < count; i++) data[i] = dtype === "bool" ? Number(element !== 0) : element;
  } else {
    if (bytes.length !== count * width) return undefined;
    data.set(dtypes[dtype].view(bytes.slice().buffer, 0, count) as never);
    if (dtype === "bool") for (let i = 0; i < count; i++) data[i] = Number(data[i] !== 0);
  }
  return { dtype, shape: sizes, data };
}

/** Every element with its index. */
export function elementsOf(
  attribute: Attribute | undefined,
  memory: Memory,
): readonly { readonly index: readonly number[]; readonly value: number }[] | undefined {
  const array = arrayOf(attribute, memory);
  if (array === undefined) return undefined;
  const elements: { index: readonly number[]; value: number }[] = [];
  forEachIndex(array.shape, (index, flat) =>
    elements.push({ index: [...index], value: getElement(array, flat) }),
  );
  return elements;
}
