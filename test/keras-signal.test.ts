// Fourier transforms of `keras.ops` for every kind of length (short, composite, large prime), against the sum they are, in double precision;
// inverses, and what istft makes of what stft gave.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, ops } from "../compiler/index.ts";
import type { Tensor } from "../compiler/tensor.ts";
import { getElement } from "../ir/elements.ts";
import { seeded } from "./support/seeded.ts";

const random = (seed: number, length: number): number[] => {
  const { next } = seeded(seed);
  return Array.from({ length }, () => next() * 2 - 1);
};
const numbers = (x: Tensor): number[] => {
  const array = x.arraySync();
  return Array.from({ length: array.data.length }, (_, i) => getElement(array, i));
};
function close(got: readonly number[], want: readonly number[], tolerance: number): void {
  assert.is(got.length, want.length);
  const worst = Math.max(...got.map((value, i) => Math.abs(value - want[i])));
  assert.ok(worst <= tolerance, `off by ${worst}`);
}

/** The transform as it is defined. */
function definition(re: readonly number[], im: readonly number[]): [number[], number[]] {
  const n = re.length;
  const sums = re.map((_, k) => {
    let [a, b] = [0, 0];
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      a += re[j] * Math.cos(angle) - im[j] * Math.sin(angle);
      b += re[j] * Math.sin(angle) + im[j] * Math.cos(angle);
    }
    return [a, b];
  });
  return [sums.map(([a]) => a), sums.map(([, b]) => b)];
}

for (const length of [1, 2, 7, 64, 96, 128, 131, 360, 1000]) {
  test(`transforms of length ${length}`, () => {
    const [re, im] = [random(1, length), random(2, length)];
    const tolerance = 2e-6 * length;
    const complex = [re, im].map((part) => ops.convertToTensor(part)) as unknown as [Tensor, Tensor];
    const [a, b] = definition(re, im);
    const [x, y] = ops.fft(complex);
    close(numbers(x), a, tolerance);
    close(numbers(y), b, tolerance);
    const [c, d] = definition(
      re,
      re.map(() => 0),
    );
    const half = Math.floor(length / 2) + 1;
    const spectrum = ops.rfft(re);
    close(numbers(spectrum[0]), c.slice(0, half), tolerance);
    close(numbers(spectrum[1]), d.slice(0, half), tolerance);
    close(numbers(ops.irfft(spectrum, { fftLength: length })), re, 1e-5);
  });
}

test("ifft2 undoes fft2", () => {
  const part = (seed: number): Tensor => ops.reshape(random(seed, 90), [2, 5, 9]);
  const [re, im] = [part(3), part(4)];
  const back = ops.ifft2(ops.fft2([re, im]));
  close(numbers(back[0]), numbers(re), 1e-5);
  close(numbers(back[1]), numbers(im), 1e-5);
});

for (const length of [8, 100, 67]) {
  test(`the gradient of a power spectrum of length ${length} is 2 n x (Parseval)`, () => {
    const x = random(5, length);
    const power = (signal: Tensor): Tensor => {
      const [re, im] = ops.fft([signal, signal.mul(0)]);
      return ops.sum(re.mul(re).add(im.mul(im)));
    };
    const gradient = numbers(keras.grad(power)(ops.convertToTensor(x)));
    close(
      gradient,
      x.map((value) => 2 * length * value),
      1e-3 * length,
    );
  });
}

test("istft undoes stft", () => {
  const signal = random(6, 200);
  const options = { sequenceLength: 32, sequenceStride: 8, fftLength: 40 };
  for (const window of ["hann", "hamming"] as const) {
    const spectra = ops.stft(signal, { ...options, window });
    assert.equal(spectra[0].shape, [26, 21]);
    close(numbers(ops.istft(spectra, { ...options, window, length: 200 })), signal, 1e-5);
  }
});

test("bad signals get Keras's words", () => {
  assert.throws(() => ops.fft([1, 2] as never), /tuple of two tensors - real and imaginary/);
  assert.throws(
    () => ops.stft([1, 2, 3], 8, 2, 4),
    /`fft_length` must equal or larger than `sequence_length`/,
  );
  assert.throws(() => ops.stft([1, 2, 3], 2, 1, 2, "blackman" as never), /Received: window=blackman/);
  assert.throws(() => ops.stft([1, 2, 3], 2, 1, 2, [1, 2, 3]), /The shape of `window`/);
});

test.run();
