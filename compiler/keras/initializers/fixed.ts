/**
 * Initializers that draw nothing.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { type JsonObject, type Options, readOptions } from "../options.ts";
import { generate } from "../random.ts";
import { Initializer, type Shape } from "./initializer.ts";

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

type Side = "real" | "imag";
type Window = "hann" | "hamming" | "blackman" | "bartlett" | "boxcar";

interface StftOptions {
  /** Default "real". */
  side?: Side;
  /** Default "hann"; null for none. */
  window?: Window | readonly number[] | null;
  /** The norm that the window is divided by: its energy ("density", default), its sum ("spectrum"), or null for none. */
  scaling?: "density" | "spectrum" | null;
  /** Whether the window is that of a periodic signal; default false, symmetric. */
  periodic?: boolean;
}

/** Cosine sums a0 - a1 cos(x) + a2 cos(2x) (Harris, 1978); bartlett is a triangle. */
const windows: { readonly [name in Window]: (x: number) => number } = {
  boxcar: () => 1,
  hann: (x) => 0.5 - 0.5 * Math.cos(2 * Math.PI * x),
  hamming: (x) => 0.54 - 0.46 * Math.cos(2 * Math.PI * x),
  blackman: (x) => 0.42 - 0.5 * Math.cos(2 * Math.PI * x) + 0.08 * Math.cos(4 * Math.PI * x),
  bartlett: (x) => 1 - Math.abs(2 * x - 1),
};

/** The kernel [frame, channels, frequencies] of a convolution that is the real or imaginary side of a short-time Fourier transform. */
export class STFT extends Initializer {
  static readonly className = "STFT";
  private readonly options: Required<StftOptions>;
  constructor(options: Options<StftOptions> = {}) {
    super();
    const defaults = {
      side: "real" as Side,
      window: "hann" as Required<StftOptions>["window"],
      scaling: "density" as Required<StftOptions>["scaling"],
      periodic: false,
    };
    this.options = readOptions([options], defaults, { owner: "STFT", positional: [] });
    const { side, scaling, window } = this.options;
    const fail = (text: string): never => {
      throw new ModelError(text, { where: "STFT" });
    };
    if (side !== "real" && side !== "imag") fail(`side should be 'real' or 'imag', not ${side}`);
    if (scaling !== null && scaling !== "density" && scaling !== "spectrum")
      fail(`Scaling is invalid, it must be \`None\`, 'density' or 'spectrum'. Received scaling=${scaling}`);
    if (typeof window === "string" && !Object.hasOwn(windows, window))
      fail(`Unknown window type. Received: window=${window}`);
  }

  private windowOf(length: number): readonly number[] | null {
    const { window, periodic } = this.options;
    if (window === null) return null;
    if (typeof window !== "string") {
      if (window.length === length) return window;
      throw new ModelError(
        "The shape of `window` must be equal to [frame_length]. " +
          `Received: window shape=[${window.length}]`,
        { where: "STFT" },
      );
    }
    const steps = periodic ? length : length - 1;
    return Array.from({ length }, (_, i) => (length === 1 ? 1 : windows[window](i / steps)));
  }

  override create(shape: Shape, dtype: DType): NDArray {
    const [length, channels, frequencies] = shape;
    const window = this.windowOf(length);
    const norm = this.normOf(window);
    const wave = this.options.side === "real" ? Math.cos : Math.sin;
    return generate(shape, dtype, (i) => {
      const [time, frequency] = [Math.floor(i / (channels * frequencies)), i % frequencies];
      const angle = (-2 * Math.PI * time * frequency) / ((frequencies - 1) * 2);
      return (wave(angle) * (window?.[time] ?? 1)) / norm;
    });
  }

  private normOf(window: readonly number[] | null): number {
    const { scaling } = this.options;
    if (window === null || scaling === null) return 1;
    if (scaling === "density") return Math.hypot(...window);
    return window.reduce((total, value) => total + Math.abs(value), 0);
  }

  override getConfig(): JsonObject {
    const { side, window, periodic, scaling } = this.options;
    return { side, window, periodic, scaling };
  }
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
    if (shape.length !== 2)
      throw new ModelError(
        "Identity matrix initializer can only be used for 2D matrices. " +
          `Received: shape=(${shape.join(", ")}) of rank ${shape.length}.`,
      );
    return generate(shape, dtype, (i) => (Math.floor(i / shape[1]) === i % shape[1] ? this.gain : 0));
  }
  override getConfig(): JsonObject {
    return { gain: this.gain };
  }
}
