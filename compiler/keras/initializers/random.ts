/**
 * Initializers that draw from a given distribution.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../../ir/ndarray.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { generate, normalStream, truncatedNormalStream, uniformStream } from "../random.ts";
import { RandomInitializer, type Shape } from "./initializer.ts";

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
    const { minval, maxval, seed } = readOptions(
      [options],
      { minval: -0.05, maxval: 0.05, seed: null as number | null },
      { owner: "RandomUniform", positional: [] },
    );
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
  protected override stream(_size: number): (index: number) => number {
    return truncatedNormalStream(this.key);
  }
}

/** Orthonormal rows or columns (Saxe et al., 2013), times `gain`: a random normal matrix after Gram and Schmidt. */
export class Orthogonal extends RandomInitializer {
  static readonly className = "Orthogonal";
  private readonly gain: number;
  constructor(options: Options<{ gain?: number; seed?: number | null }> = {}) {
    const { gain, seed } = readOptions(
      [options],
      { gain: 1, seed: null as number | null },
      { owner: "Orthogonal", positional: [] },
    );
    super(seed);
    this.gain = gain;
  }
  override create(shape: Shape, dtype: DType): NDArray {
    if (shape.length < 2)
      throw new ModelError(
        "The tensor to initialize must be at least two-dimensional. " +
          `Received: shape=(${shape.join(", ")}) of rank ${shape.length}.`,
        { where: "Orthogonal" },
      );
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
