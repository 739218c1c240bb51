/**
 * `Hashing` and `HashedCrossing`: texts and integers, and combinations of them, to bins by a hash. On the host: hashes are of texts.
 */

import { ModelError, Unsupported } from "../../../../ir/errors.ts";
import type { NDArray } from "../../../../ir/ndarray.ts";
import { type ArrayLike, isArrayLike, toArray } from "../../../arrays.ts";
import { type Tensor, TensorMethods, toTensor } from "../../../tensor.ts";
import type { Options } from "../../options.ts";
import { session } from "../../session.ts";
import type { KerasShape, ShapeNest } from "../../shapes.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireOneOf, requirePositive } from "../require.ts";
import { refuseSparse } from "./discretization.ts";
import { encodeCategories, encodedShape, type OutputMode } from "./encode.ts";
import { combineHashes, fingerprint, hashBucket } from "./fingerprint.ts";
import { flatStrings, isStrings, shapeOfStrings } from "./strings.ts";

export interface HashingOptions extends LayerOptions {
  numBins?: number;
  /** Default "int". */
  outputMode?: OutputMode;
  sparse?: boolean;
}

type Defaults = { readonly numBins: number; readonly outputMode: OutputMode; readonly sparse: boolean };

/** What is hashed: texts, or integers. */
interface Items {
  readonly shape: readonly number[];
  readonly values: readonly (string | bigint)[];
}

function itemsOf(value: unknown, where: string): Items {
  if (isStrings(value)) return { shape: shapeOfStrings(value), values: flatStrings(value) };
  if (
    value instanceof TensorMethods &&
    value.value.engine.kind !== "eager" &&
    value.value.engine.kind !== "tape"
  )
    throw new Unsupported(where, "hashing inside of compiled functions", {
      hint: "Apply the layer to the data, before the model: hashes are of texts, on the host",
    });
  const array = value instanceof TensorMethods ? value.value.arraySync() : requireArray(value, where);
  return { shape: array.shape, values: [...array.data].map((item) => BigInt(Math.trunc(Number(item)))) };
}

function requireArray(value: unknown, where: string): NDArray {
  if (isArrayLike(value)) return toArray(value as ArrayLike, "i32");
  throw new ModelError("nothing to hash", {
    where,
    expected: "texts or integers",
    got: JSON.stringify(value),
  });
}

/** A layer that makes bins on the host, and encodes them in tensors. */
abstract class HashingLayer<O extends Defaults> extends ConfiguredLayer<O, Tensor> {
  constructor(args: readonly unknown[], defaults: O, modes: readonly OutputMode[]) {
    super(args, defaults);
    requireOneOf(this.options.outputMode, modes, "outputMode", this.where);
    this.built = true;
  }

  protected override settle(options: Settled<O>): Settled<O> {
    requirePositive(options.numBins, "numBins", this.where);
    refuseSparse(options.sparse as boolean, this.where);
    return options;
  }

  protected get bins(): number {
    return this.options.numBins as number;
  }
  protected get mode(): OutputMode {
    return this.options.outputMode as OutputMode;
  }

  override invoke([inputs]: readonly unknown[]): Tensor {
    return this.call(inputs as never);
  }

  abstract override call(inputs: never): Tensor;

  protected encode(shape: readonly number[], bins: readonly number[]): Tensor {
    const indices = toTensor({ dtype: "i32", shape, data: Int32Array.from(bins) }, session.engine());
    return encodeCategories(indices, this.mode, this.bins, this.mode === "int" ? "i32" : "f32");
  }

  override computeOutputShape(inputShape: ShapeNest): KerasShape {
    const [first] = [inputShape].flat(1) as readonly unknown[];
    const shape = (Array.isArray(first) ? first : inputShape) as KerasShape;
    return encodedShape(shape, this.mode, this.bins);
  }
}

const hashingDefaults = {
  numBins: required<number>(),
  maskValue: optional<string | number>(),
  salt: optional<number | readonly number[]>(),
  outputMode: "int" as OutputMode,
  sparse: false,
};

export interface HashingLayerOptions extends HashingOptions {
  /** What goes into bin 0, and nothing else does; default null. */
  maskValue?: string | number | null;
  /** Makes a keyed hash of it: one number, or two; default null. */
  salt?: number | readonly number[] | null;
}

/** The bin of each text or integer. Example: `layers.Hashing(3)([["A"], ["B"]])`. */
export class Hashing extends HashingLayer<typeof hashingDefaults> {
  static readonly className = "Hashing";

  constructor(
    ...args: [numBins: number | Options<HashingLayerOptions>, options?: Options<HashingLayerOptions>]
  ) {
    super(args, hashingDefaults, ["int", "one_hot", "multi_hot", "count"]);
  }

  override call(inputs: unknown): Tensor {
    const { shape, values } = itemsOf(inputs, this.where);
    return this.encode(
      shape,
      values.map((value) => this.binOf(value)),
    );
  }

  private binOf(value: string | bigint): number {
    const { maskValue, salt } = this.options;
    if (maskValue === null) return hashBucket(String(value), this.bins, salt);
    return String(value) === String(maskValue) ? 0 : 1 + hashBucket(String(value), this.bins - 1, salt);
  }
}

const crossingDefaults = { numBins: required<number>(), outputMode: "int" as OutputMode, sparse: false };

/** The bin of each combination of features: `layers.HashedCrossing(5)([["A", "B"], [101, 102]])`. */
export class HashedCrossing extends HashingLayer<typeof crossingDefaults> {
  static readonly className = "HashedCrossing";

  constructor(...args: [numBins: number | Options<HashingOptions>, options?: Options<HashingOptions>]) {
    super(args, crossingDefaults, ["int", "one_hot"]);
  }

  override call(inputs: readonly unknown[]): Tensor {
    if (!Array.isArray(inputs) || inputs.length < 2)
      throw new ModelError("`HashedCrossing` takes a list of at least two inputs", {
        where: this.where,
        got: JSON.stringify(inputs),
      });
    const features = inputs.map((input) => itemsOf(input, this.where));
    const [{ shape, values }] = features;
    if (features.some((feature) => String(feature.shape) !== String(shape)))
      throw new ModelError("all features must have one shape", {
        where: this.where,
        got: features.map((feature) => `[${feature.shape}]`).join(" and "),
      });
    return this.encode(
      shape,
      values.map((_, i) => {
        const hashes = features.map(({ values: items }) => hashOf(items[i]));
        return Number(combineHashes(hashes) % BigInt(this.bins));
      }),
    );
  }
}

/** Integers are their own hash. */
const hashOf = (item: string | bigint): bigint => (typeof item === "string" ? fingerprint(item) : item);
