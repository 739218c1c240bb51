/**
 * `STFTSpectrogram`: the short-time Fourier transform as a convolution with windowed waves.
 */

import { mulDims } from "../../../../ir/dim.ts";
import { ModelError } from "../../../../ir/errors.ts";
import { elementwise, getItem, setShape, staticDim, type Tensor } from "../../../tensor.ts";
import { conv, type DataFormat } from "../../ops/conv.ts";
import { concat } from "../../ops/joining.ts";
import { permute } from "../../ops/movement.ts";
import { padTensor } from "../../ops/padding.ts";
import { arctan2 } from "../../ops/trigonometry.ts";
import type { Options } from "../../options.ts";
import { session } from "../../session.ts";
import type { Variable } from "../../variable.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";
import { requireOneOf } from "../require.ts";

/** What of the transform is the result: a part, its length, its angle, its power, the logarithm of its length, or both parts side by side. */
export type SpectrogramMode = "log" | "magnitude" | "psd" | "real" | "imag" | "angle" | "stft";
const modes: readonly SpectrogramMode[] = ["log", "magnitude", "psd", "real", "imag", "angle", "stft"];

const stftDefaults = {
  mode: "log" as SpectrogramMode,
  frameLength: 256,
  frameStep: optional<number>(),
  fftLength: optional<number>(),
  window: "hann" as string | null,
  periodic: false,
  scaling: "density" as "density" | "spectrum" | null,
  padding: "valid" as "valid" | "same",
  expandDims: false,
  dataFormat: optional<DataFormat>(),
};

export interface STFTSpectrogramOptions extends LayerOptions, Partial<typeof stftDefaults> {}

/**
 * The short-time Fourier transform of signals [n, steps, channels] as [n, frames, frequencies * channels] (with expandDims
 * [n, frames, frequencies, channels]). Weights: real_kernel and imag_kernel [frameLength, 1, frequencies], windowed waves, which may be trained.
 *
 * Example: `layers.STFTSpectrogram({ mode: "log", frameLength: 256 })(signal)`.
 */
export class STFTSpectrogram extends ConfiguredLayer<typeof stftDefaults, Tensor> {
  static readonly className = "STFTSpectrogram";
  private realKernel: Variable | undefined;
  private imagKernel: Variable | undefined;

  constructor(
    ...args: [
      mode?: SpectrogramMode | Options<STFTSpectrogramOptions>,
      options?: Options<STFTSpectrogramOptions>,
    ]
  ) {
    super(args, stftDefaults);
    this.inputSpec = [{ ndim: 3 }];
  }

  protected override settle(options: Settled<typeof stftDefaults>): Settled<typeof stftDefaults> {
    const { mode, frameLength, frameStep, fftLength, padding } = options;
    requireOneOf(mode, modes, "mode", this.where);
    requireOneOf(padding, ["valid", "same"], "padding", this.where);
    if (frameStep !== null && (frameStep > frameLength || frameStep < 1))
      throw new ModelError(
        `\`frame_step\` must be from 1 to the frame length. Received: frame_step=${frameStep}, frame_length=${frameLength}`,
        { where: this.where },
      );
    if (fftLength !== null && fftLength < frameLength)
      throw new ModelError(
        `\`fft_length\` must not be less than \`frame_length\`. Received: fft_length=${fftLength}, frame_length=${frameLength}`,
        { where: this.where },
      );
    return options;
  }

  private get frequencies(): number {
    const { fftLength, frameLength } = this.options;
    return Math.floor((fftLength ?? 2 ** Math.ceil(Math.log2(frameLength))) / 2) + 1;
  }

  override build(): void {
    const { mode, frameLength, window, scaling, periodic } = this.options;
    const kernel = (side: "real" | "imag"): Variable =>
      this.addWeight({
        name: `${side}_kernel`,
        shape: [frameLength, 1, this.frequencies],
        initializer: { class_name: "STFT", config: { side, window, scaling, periodic } },
      });
    if (mode !== "imag") this.realKernel = kernel("real");
    if (mode !== "real") this.imagKernel = kernel("imag");
  }

  override call(x: Tensor): Tensor {
    const { mode } = this.options;
    const part = (kernel: Variable | undefined): Tensor => this.transform(x, this.made(kernel));
    if (mode === "real") return this.arrange(part(this.realKernel));
    if (mode === "imag") return this.arrange(part(this.imagKernel));
    const [real, imag] = [part(this.realKernel), part(this.imagKernel)];
    if (mode === "angle") return this.arrange(arctan2(imag, real));
    if (mode === "stft") return this.arrange(concat([real, imag], 2));
    const power = elementwise("add", [elementwise("mul", [real, real]), elementwise("mul", [imag, imag])]);
    if (mode === "psd") {
      const inner = padTensor(getItem(power, [":", ":", "1:-1", ":"]), [0, 0, 1, 0], [0, 0, 1, 0], 0);
      return this.arrange(elementwise("add", [power, inner]));
    }
    const length = elementwise("sqrt", [elementwise("max", [power, session.epsilon])]);
    return this.arrange(
      mode === "magnitude" ? length : elementwise("log", [elementwise("max", [length, session.epsilon])]),
    );
  }

  /** Each channel by itself: [n, channels, frequencies, frames]. */
  private transform(x: Tensor, kernel: Variable): Tensor {
    const { dataFormat, padding, frameStep, frameLength } = this.options;
    const first = dataFormat === "channels_last" ? permute(x, [0, 2, 1]) : x;
    const [batch, channels, steps] = first.shape;
    const signals = getBatch(first, channels, steps);
    const strides = frameStep ?? Math.floor(frameLength / 2);
    const frames = permute(
      conv(signals, kernel, { padding, strides, dataFormat: "channels_last" }),
      [0, 2, 1],
    );
    return setShape(frames, [batch, channels, frames.shape[1], frames.shape[2]]);
  }

  private arrange(x: Tensor): Tensor {
    const { dataFormat, expandDims } = this.options;
    const [batch, channels, frequencies, frames] = x.shape;
    if (expandDims) return permute(x, dataFormat === "channels_last" ? [0, 3, 2, 1] : [0, 1, 3, 2]);
    const joined = setShape(x, [batch, Number(channels) * Number(frequencies), frames]);
    return dataFormat === "channels_last" ? permute(joined, [0, 2, 1]) : joined;
  }
}

/** [n, channels, steps] as [n channels, steps, 1]. */
function getBatch(x: Tensor, channels: Tensor["shape"][number], steps: Tensor["shape"][number]): Tensor {
  const [batch] = x.shape;
  const count = staticDim(channels, "the number of channels");
  return setShape(x, [count === 1 ? batch : mulDims(batch, count), steps, 1]);
}
