/**
 * `MelSpectrogram`: the power of signals over time, in bands as wide as the ear hears them.
 */
import type { NDArray } from "../../../../ir/ndarray.ts";
import { elementwise, staticDim, type Tensor, toTensor } from "../../../tensor.ts";
import { matmulOf } from "../../ops/linalg.ts";
import { permute } from "../../ops/movement.ts";
import { maxOf } from "../../ops/reduce.ts";
import { stft } from "../../ops/signal.ts";
import type { Options } from "../../options.ts";
import { ConfiguredLayer, optional, type Settled } from "../configured-layer.ts";
import type { LayerOptions } from "../layer.ts";

const melDefaults = {
  fftLength: 2048,
  sequenceStride: 512,
  sequenceLength: optional<number>(),
  window: "hann" as "hann" | "hamming" | null,
  samplingRate: 16000,
  numMelBins: 128,
  minFreq: 20,
  maxFreq: optional<number>(),
  powerToDb: true,
  topDb: 80,
  magExp: 2,
  minPower: 1e-10,
  refPower: 1,
};

export interface MelSpectrogramOptions extends LayerOptions, Partial<typeof melDefaults> {}

/**
 * The power of signals [n, steps] in bands of the mel scale over time, [n, numMelBins, frames], in decibel by default.
 *
 * Example: `layers.MelSpectrogram({ numMelBins: 64, samplingRate: 8000 })(signal)`.
 */
export class MelSpectrogram extends ConfiguredLayer<typeof melDefaults, Tensor> {
  static readonly className = "MelSpectrogram";

  constructor(options: Options<MelSpectrogramOptions> = {}) {
    super([options], melDefaults);
  }

  protected override settle(options: Settled<typeof melDefaults>): Settled<typeof melDefaults> {
    const { sequenceLength, fftLength, maxFreq, samplingRate } = options;
    return {
      ...options,
      sequenceLength: sequenceLength ?? fftLength,
      maxFreq: maxFreq ?? Math.floor(samplingRate / 2),
    };
  }

  override call(x: Tensor): Tensor {
    const { sequenceLength, fftLength, sequenceStride, window, magExp, powerToDb } = this.options;
    const [real, imag] = stft(x, {
      sequenceLength: sequenceLength ?? fftLength,
      sequenceStride,
      fftLength,
      window,
      center: true,
    });
    const power = elementwise("add", [elementwise("mul", [real, real]), elementwise("mul", [imag, imag])]);
    const spectrum = elementwise("pow", [elementwise("sqrt", [power]), magExp]);
    const bins = staticDim(spectrum.shape[spectrum.rank - 1], "the number of frequencies");
    const mel = matmulOf(spectrum, toTensor(this.melMatrix(bins), x.engine));
    const scaled = powerToDb ? this.decibel(mel) : mel;
    const axes = scaled.shape.map((_, i) => i);
    return permute(scaled, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  }

  private decibel(x: Tensor): Tensor {
    const { minPower, refPower, topDb } = this.options;
    const log = elementwise("mul", [elementwise("log10", [elementwise("max", [x, minPower])]), 10]);
    const shifted = elementwise("sub", [log, 10 * Math.log10(Math.max(Math.abs(refPower), minPower))]);
    return elementwise("max", [shifted, elementwise("sub", [maxOf(shifted, null, false), topDb])]);
  }

  /** Triangles over the frequencies, one for each band, between its neighbours' centers on the mel scale. */
  private melMatrix(bins: number): NDArray {
    const { numMelBins, samplingRate, minFreq, maxFreq } = this.options;
    const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);
    const [low, high] = [mel(minFreq), mel(maxFreq ?? samplingRate / 2)];
    const edge = (i: number): number => low + ((high - low) * i) / (numMelBins + 1);
    const data = new Float32Array(bins * numMelBins);
    for (let bin = 1; bin < bins; bin++) {
      const frequency = mel(((samplingRate / 2) * bin) / (bins - 1));
      for (let band = 0; band < numMelBins; band++) {
        const rising = (frequency - edge(band)) / (edge(band + 1) - edge(band));
        const falling = (edge(band + 2) - frequency) / (edge(band + 2) - edge(band + 1));
        data[bin * numMelBins + band] = Math.max(0, Math.min(rising, falling));
      }
    }
    return { dtype: "f32", shape: [bins, numMelBins], data };
  }
}
