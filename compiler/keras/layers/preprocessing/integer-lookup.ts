/**
 * `IntegerLookup`: integers to their index in a vocabulary of integers. Part of compiled functions.
 */

import type { DType } from "../../../../ir/dtype.ts";
import { ModelError } from "../../../../ir/errors.ts";
import type { NDArray } from "../../../../ir/ndarray.ts";
import { type ArrayLike, toArray } from "../../../arrays.ts";
import { cast, elementwise, select, type Tensor, toTensor } from "../../../tensor.ts";
import { gather } from "../../ops/picking.ts";
import { searchsorted } from "../../ops/sorting.ts";
import type { Options } from "../../options.ts";
import { optional } from "../configured-layer.ts";
import { IndexLookup, type LookupOptions, lookupDefaults } from "./index-lookup.ts";

const defaults = {
  maxTokens: optional<number>(),
  numOovIndices: 1,
  maskToken: optional<number>(),
  oovToken: -1,
  vocabulary: optional<readonly number[]>(),
  vocabularyDtype: "int64",
  ...lookupDefaults,
};

/** Example: `layers.IntegerLookup({ vocabulary: [12, 36, 1138] })([[36, 7]])` is [[2, 0]]. */
export class IntegerLookup extends IndexLookup<number, typeof defaults> {
  static readonly className = "IntegerLookup";

  constructor(
    ...args: [
      maxTokens?: number | null | Options<LookupOptions<number>>,
      options?: Options<LookupOptions<number>>,
    ]
  ) {
    super(args, defaults);
  }

  override get inputDType(): DType {
    return "i32";
  }

  protected override vocabularyChanged(): void {}
  protected override compareTokens(a: number, b: number): number {
    return a - b;
  }
  protected override samplesOf(batch: unknown): readonly (readonly number[])[] {
    const { shape, data } = toArray(batch as ArrayLike, "i32");
    const numbers = [...data].map(Number);
    const size = shape.length > 1 ? numbers.length / shape[0] : numbers.length;
    return Array.from({ length: Math.ceil(numbers.length / size) }, (_, i) =>
      numbers.slice(i * size, (i + 1) * size),
    );
  }

  override call(x: Tensor): Tensor {
    if (this.options.invert) return this.invert(cast(x, "i32"));
    const { numOovIndices, maskToken } = this.options;
    const isWide = x.dtype === "i64" || x.dtype === "u64";
    const keys = isWide ? x : cast(x, "i32");
    const known = this.find(keys);
    const unknown = elementwise("add", [
      cast(elementwise("mod", [keys, constant(keys, [Math.max(numOovIndices, 1)], [])]), "i32"),
      this.oovStart,
    ]);
    const found = select(elementwise("le", [0, known]), known, numOovIndices === 0 ? -1 : unknown);
    if (maskToken === null) return this.encode(found);
    const isMask = elementwise("eq", [keys, constant(keys, [maskToken], [])]);
    return this.encode(select(isMask, this.mode === "int" ? 0 : -1, found));
  }

  /** The index of each integer, -1 for those that are not in the vocabulary: a binary search. */
  private find(keys: Tensor): Tensor {
    const order = this.vocabularyTokens().map((token, i) => ({ token, index: i + this.tokenStart }));
    order.sort((a, b) => a.token - b.token);
    const count = order.length;
    const sorted = constant(
      keys,
      order.map(({ token }) => token),
      [count],
    );
    const places = elementwise("min", [cast(searchsorted(sorted, keys), "i32"), count - 1]);
    const indices = toTensor(numbers(order.map(({ index }) => index)), keys.engine);
    const isKnown = elementwise("eq", [gather(sorted, places, 0), keys]);
    return select(isKnown, gather(indices, places, 0), -1);
  }

  private invert(indices: Tensor): Tensor {
    const { oovToken } = this.options;
    const all = [...this.getVocabulary(), oovToken];
    const isKnown = elementwise("and", [
      elementwise("le", [0, indices]),
      elementwise("lt", [indices, all.length - 1]),
    ]);
    return gather(toTensor(numbers(all), indices.engine), select(isKnown, indices, all.length - 1), 0);
  }

  private vocabularyTokens(): readonly number[] {
    if (this.tokens !== null) return this.tokens;
    throw new ModelError("the layer has no vocabulary yet", {
      where: this.where,
      hint: "Pass one, or adapt(data)",
    });
  }
}

const numbers = (values: readonly number[]): NDArray => ({
  dtype: "i32",
  shape: [values.length],
  data: Int32Array.from(values),
});

/** Integers of the dtype of `like`. */
function constant(like: Tensor, values: readonly number[], shape: readonly number[]): Tensor {
  const wide = like.dtype === "i64" || like.dtype === "u64";
  const array: NDArray = wide
    ? { dtype: "i64", shape, data: BigInt64Array.from(values, BigInt) }
    : { dtype: "i32", shape, data: Int32Array.from(values) };
  return cast(toTensor(array, like.engine), like.dtype);
}
