/**
 * `keras.initializers`: first values of weights. An initializer is a function of a shape; those that draw random numbers take `seed`, and give
 * the same values for the same seed on every machine.
 */
import { type DType, isFloat } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import { type ArrayLike, castArray, isArrayLike, toArray } from "../arrays.ts";
import { Callable, factory } from "./callable.ts";
import { type ClassTable, resolve } from "./config.ts";
import { type JsonObject, type Options, readOptions } from "./options.ts";
import { dtypeOf } from "./ops/movement.ts";
import { generate, type Key, normalStream, truncatedNormalStream, uniformStream } from "./random.ts";
import { session } from "./session.ts";

type Shape = readonly number[];

/** Calling an initializer: `initializer([3, 4])`, or with `{ dtype: "float32" }`. */
export interface Initializer {
  (shape: Shape, options?: { dtype?: string }): NDArray;
}

export abstract class Initializer extends Callable {
  static readonly module = "keras.initializers";

  override invoke([shape, options]: readonly unknown[]): NDArray {
    const { dtype } = (options ?? {}) as { dtype?: string };
    return this.create(shape as Shape, dtype === undefined ? session.floatx : dtypeOf(dtype));
  }

  abstract create(shape: Shape, dtype: DType): NDArray;
  abstract getConfig(): JsonObject;
}

/** An initializer that draws; `seed` null means another one each time. */
abstract class RandomInitializer extends Initializer {
  readonly seed: number | null;
  /** As in Keras, one initializer draws the same values whenever it is called. */
  protected readonly key: Key;

  constructor(seed: number | null) {
    super();
    this.seed = seed;
    this.key = seed === null ? session.nextKey() : [seed >>> 0, 0];
  }
}

export class Zeros extends Initializer {
  static readonly className = "Zeros";
  override create(shape: Shape, dtype: DType): NDArray {
    return generate(shape, dtype, () => 0);
  }
  override getConfig(): JsonObject {
    return {};
  }
}

export class Ones extends Initializer {
  static readonly className = "Ones";
  override create(shape: Shape, dtype: DType): NDArray {
    return generate(shape, dtype, () => 1);
  }
  override getConfig(): JsonObject {
    return {};
  }
}

/** `value` everywhere. */
export class Constant extends Initializer {
  static readonly className = "Constant";
  readonly constant: number;
  constructor(...args: [value?: number | Options<{ value?: number }>]) {
    super();
    this.constant = readOptions(args, { value: 0 }, { owner: "Constant", positional: ["value"] }).value;
  }
  override create(shape: Shape, dtype: DType): NDArray {
    return generate(shape, dtype, () => this.constant);
  }
  override getConfig(): JsonObject {
    return { value: this.constant };
  }
}

interface UniformOptions {
  /** Default -0.05. */
  minval?: number;
  /** Default 0.05. */
  maxval?: number;
  seed?: number | null;
}

export class RandomUniform extends RandomInitializer {
  static readonly className = "RandomUniform";
  private readonly range: readonly [number, number];
  constructor(options: Options<UniformOptions> = {}) {
    const { minval, maxval, seed } = readOptions([options], { minval: -0.05, maxval: 0.05, seed: null as number | null }, { owner: "RandomUniform", positional: [] });
    super(seed);
    this.range = [minval, maxval];
  }
  override create(shape: Shape, dtype: DType): NDArray {
    const draw = uniformStream(this.key);
    const [low, high] = this.range;
    return generate(shape, dtype, (i) => low + (high - low) * draw(i));
  }
  override getConfig(): JsonObject {
    return { minval: this.range[0], maxval: this.range[1], seed: this.seed };
  }
}

interface NormalOptions {
  /** Default 0. */
  mean?: number;
  /** Default 0.05. */
  stddev?: number;
  seed?: number | null;
}

/** Reads the options of both normal initializers. */
const readNormal = (options: Options<NormalOptions>, owner: string) =>
  readOptions([options], { mean: 0, stddev: 0.05, seed: null as number | null }, { owner, positional: [] });

export class RandomNormal extends RandomInitializer {
  static readonly className: string = "RandomNormal";
  protected readonly mean: number;
  protected readonly stddev: number;
  constructor(options: Options<NormalOptions> = {}) {
    const { mean, stddev, seed } = readNormal(options, "RandomNormal");
    super(seed);
    this.mean = mean;
    this.stddev = stddev;
  }
  override create(shape: Shape, dtype: DType): NDArray {
    const draw = this.stream(sizeOf(shape));
    return generate(shape, dtype, (i) => this.mean + this.stddev * draw(i));
  }
  protected stream(_size: number): (index: number) => number {
    return normalStream(this.key);
  }
  override getConfig(): JsonObject {
    return { mean: this.mean, stddev: this.stddev, seed: this.seed };
  }
}

/** Normal numbers within two standard deviations. */
export class TruncatedNormal extends RandomNormal {
  static override readonly className = "TruncatedNormal";
  protected override stream(size: number): (index: number) => number {
    return truncatedNormalStream(this.key, size);
  }
}

type Mode = "fan_in" | "fan_out" | "fan_avg";
type Distribution = "truncated_normal" | "untruncated_normal" | "uniform";

interface VarianceScalingOptions {
  /** Default 1. */
  scale?: number;
  /** Default "fan_in". */
  mode?: Mode;
  /** Default "truncated_normal". */
  distribution?: Distribution;
  seed?: number | null;
}

/** Numbers with variance scale / fan, where fan is the number of inputs or outputs of a unit, or the mean of both. */
export class VarianceScaling extends RandomInitializer {
  static readonly className: string = "VarianceScaling";
  private readonly scale: number;
  private readonly mode: Mode;
  private readonly distribution: Distribution;

  constructor(options: Options<VarianceScalingOptions> = {}) {
    const defaults = { scale: 1, mode: "fan_in" as Mode, distribution: "truncated_normal" as Distribution, seed: null as number | null };
    const read = readOptions([options], defaults, { owner: "VarianceScaling", positional: [], also: ["inputAxes", "outputAxes"] });
    super(read.seed);
    if (!(read.scale > 0)) throw new ModelError("scale must be positive", { where: "VarianceScaling", got: String(read.scale) });
    this.scale = read.scale;
    this.mode = read.mode;
    this.distribution = read.distribution;
  }

  override create(shape: Shape, dtype: DType): NDArray {
    const [fanIn, fanOut] = fans(shape);
    const fan = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[this.mode];
    const variance = this.scale / Math.max(1, fan);
    const draw = this.stream(sizeOf(shape), variance);
    return generate(shape, dtype, draw);
  }

  private stream(size: number, variance: number): (index: number) => number {
    if (this.distribution === "uniform") {
      const [draw, limit] = [uniformStream(this.key), Math.sqrt(3 * variance)];
      return (i) => limit * (2 * draw(i) - 1);
    }
    if (this.distribution === "untruncated_normal") {
      const draw = normalStream(this.key);
      return (i) => Math.sqrt(variance) * draw(i);
    }
    // The standard deviation of a normal distribution cut at two of its own: what is left must have the wanted variance.
    const [draw, stddev] = [truncatedNormalStream(this.key, size), Math.sqrt(variance) / 0.879625661034239];
    return (i) => stddev * draw(i);
  }

  override getConfig(): JsonObject {
    return { scale: this.scale, mode: this.mode, distribution: this.distribution, seed: this.seed, input_axes: null, output_axes: null };
  }
}

/** How many inputs and outputs a unit has: the last two axes, times the taps of a kernel. */
export function fans(shape: Shape): [number, number] {
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0], shape[0]];
  const taps = sizeOf(shape.slice(0, -2));
  return [shape[shape.length - 2] * taps, shape[shape.length - 1] * taps];
}

type SeedOption = Options<{ seed?: number | null; inputAxes?: null; outputAxes?: null }>;

/** A named case of `VarianceScaling`; only the seed is written to files. */
abstract class NamedScaling extends VarianceScaling {
  constructor(options: SeedOption, fixed: VarianceScalingOptions) {
    super({ ...options, ...fixed });
  }
  override getConfig(): JsonObject {
    return { seed: this.seed, input_axes: null, output_axes: null };
  }
}

/** Glorot and Bengio, 2010: uniform in sqrt(6 / (fanIn + fanOut)). */
export class GlorotUniform extends NamedScaling {
  static override readonly className = "GlorotUniform";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1, mode: "fan_avg", distribution: "uniform" });
  }
}
export class GlorotNormal extends NamedScaling {
  static override readonly className = "GlorotNormal";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1, mode: "fan_avg" });
  }
}
/** He et al., 2015: variance 2 / fanIn. */
export class HeNormal extends NamedScaling {
  static override readonly className = "HeNormal";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 2 });
  }
}
export class HeUniform extends NamedScaling {
  static override readonly className = "HeUniform";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 2, distribution: "uniform" });
  }
}
/** LeCun et al., "Efficient backprop", 1998: variance 1 / fanIn. */
export class LecunNormal extends NamedScaling {
  static override readonly className = "LecunNormal";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1 });
  }
}
export class LecunUniform extends NamedScaling {
  static override readonly className = "LecunUniform";
  constructor(options: SeedOption = {}) {
    super(options, { scale: 1, distribution: "uniform" });
  }
}

/** Orthonormal rows or columns (Saxe et al., 2013), times `gain`: a random normal matrix after Gram and Schmidt. */
export class Orthogonal extends RandomInitializer {
  static readonly className = "Orthogonal";
  private readonly gain: number;
  constructor(options: Options<{ gain?: number; seed?: number | null }> = {}) {
    const { gain, seed } = readOptions([options], { gain: 1, seed: null as number | null }, { owner: "Orthogonal", positional: [] });
    super(seed);
    this.gain = gain;
  }
  override create(shape: Shape, dtype: DType): NDArray {
    if (shape.length < 2) throw new ModelError("needs at least two axes", { where: "Orthogonal", got: `[${shape}]` });
    const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]];
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const basis = orthonormal(count, length, normalStream(this.key));
    return generate(shape, dtype, (i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      return this.gain * (rows >= columns ? basis[column][row] : basis[row][column]);
    });
  }
  override getConfig(): JsonObject {
    return { seed: this.seed, gain: this.gain };
  }
}

/** `count` random vectors of unit length at right angles to each other. */
function orthonormal(count: number, length: number, draw: (index: number) => number): Float64Array[] {
  const basis: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const vector = Float64Array.from({ length }, (_, i) => draw(k * length + i));
    for (const other of basis) {
      const along = vector.reduce((sum, value, i) => sum + value * other[i], 0);
      vector.forEach((value, i) => {
        vector[i] = value - along * other[i];
      });
    }
    const size = Math.hypot(...vector);
    basis.push(vector.map((value) => value / size));
  }
  return basis;
}

/** Ones on the diagonal, times `gain`. */
export class Identity extends Initializer {
  static readonly className = "Identity";
  private readonly gain: number;
  constructor(...args: [gain?: number | Options<{ gain?: number }>]) {
    super();
    this.gain = readOptions(args, { gain: 1 }, { owner: "Identity", positional: ["gain"] }).gain;
  }
  override create(shape: Shape, dtype: DType): NDArray {
    if (shape.length !== 2) throw new ModelError("needs a matrix", { where: "Identity", got: `[${shape}]` });
    return generate(shape, dtype, (i) => (Math.floor(i / shape[1]) === i % shape[1] ? this.gain : 0));
  }
  override getConfig(): JsonObject {
    return { gain: this.gain };
  }
}

const classes: ClassTable<Initializer> = {
  Zeros,
  Ones,
  Constant,
  RandomUniform,
  RandomNormal,
  TruncatedNormal,
  VarianceScaling,
  GlorotUniform,
  GlorotNormal,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  Orthogonal,
  Identity,
};

const aliases = {
  zero: "Zeros",
  one: "Ones",
  uniform: "RandomUniform",
  normal: "RandomNormal",
  IdentityInitializer: "Identity",
  OrthogonalInitializer: "Orthogonal",
  xavier_uniform: "GlorotUniform",
};

/** A function of the user: shape and dtype to values. */
export type InitializerFunction = (shape: Shape, options: { dtype: string }) => ArrayLike;
/** What options take: a name, an initializer, a function. */
export type InitializerLike = string | Initializer | InitializerFunction | JsonObject;

/** The initializer that an identifier means. Throws ModelError for unknown names. */
export function get(identifier: unknown): Initializer | InitializerFunction {
  if (typeof identifier === "function" && !(identifier instanceof Initializer)) return identifier as InitializerFunction;
  const isInstance = (value: unknown): value is Initializer => value instanceof Initializer;
  return resolve(identifier, { kind: "initializer", classes, aliases, isInstance });
}

/** The values that an initializer gives for a weight. */
export function initialize(initializer: Initializer | InitializerFunction, shape: Shape, dtype: DType): NDArray {
  if (initializer instanceof Initializer) return initializer.create(shape, dtype);
  const value = initializer(shape, { dtype: isFloat(dtype) ? "float32" : dtype });
  if (!isArrayLike(value)) throw new ModelError("an initializer must return numbers", { got: String(value) });
  const array = castArray(toArray(value, dtype), dtype);
  return array.shape.length === shape.length ? array : { ...array, shape };
}

/** `keras.initializers`. */
export const initializers = {
  Zeros: factory(Zeros),
  Ones: factory(Ones),
  Constant: factory(Constant),
  RandomUniform: factory(RandomUniform),
  RandomNormal: factory(RandomNormal),
  TruncatedNormal: factory(TruncatedNormal),
  VarianceScaling: factory(VarianceScaling),
  GlorotUniform: factory(GlorotUniform),
  GlorotNormal: factory(GlorotNormal),
  HeNormal: factory(HeNormal),
  HeUniform: factory(HeUniform),
  LecunNormal: factory(LecunNormal),
  LecunUniform: factory(LecunUniform),
  Orthogonal: factory(Orthogonal),
  Identity: factory(Identity),
  get,
};
