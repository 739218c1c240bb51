/**
 * `keras.datasets.mnist`: the 70,000 handwritten digits of Keras, from the same address, into the same cache, under the
 * same checksum.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { readNpz } from "../../formats/npy.ts";
import { fetchFile } from "../utils/get-file.ts";

export interface LabelledImages {
  /** u8 [count, 28, 28], 0 is background and 255 ink. */
  readonly x: NDArray;
  /** u8 [count], 0 to 9. */
  readonly y: NDArray;
}

export interface Digits {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

export interface MnistOptions {
  /** Name of the cached file below `datasets/`; "mnist.npz" unless told. */
  readonly path?: string;
  /** Where to download from, for a mirror. The checksum stays the same. */
  readonly origin?: string;
  /** Milliseconds after which a download is given up; 60,000 unless told. */
  readonly timeout?: number;
}

const source = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz";
const checksum = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1";

/**
 * 60,000 digits to train on and 10,000 to test. Rejects with ModelError, in one line, when the file is not cached and
 * cannot be downloaded, or is not the file it should be.
 */
export async function loadData(options: MnistOptions = {}): Promise<Digits> {
  const file = { title: "MNIST", name: options.path ?? "mnist.npz", folder: "datasets", checksum };
  return parseMnist(await fetchFile({ ...file, origin: options.origin ?? source, timeout: options.timeout }));
}

/** The arrays of mnist.npz. Throws ModelError unless there are x_train, y_train, x_test and y_test of fitting shapes. */
export function parseMnist(bytes: Uint8Array): Digits {
  const arrays = readNpz(bytes, { file: "mnist.npz" });
  const part = (name: string): LabelledImages => {
    const x = arrays.get(`x_${name}`);
    const y = arrays.get(`y_${name}`);
    const [count, height, width] = x?.shape ?? [];
    const fits = x?.dtype === "u8" && y?.dtype === "u8" && height === 28 && width === 28;
    if (fits && x.shape.length === 3 && y.shape.length === 1 && y.shape[0] === count) return { x, y };
    const expected = `x_${name} u8 [n, 28, 28] and y_${name} u8 [n]`;
    throw new ModelError("not the arrays of MNIST", {
      where: "mnist.npz",
      expected,
      got: [...arrays.keys()].join(", "),
    });
  };
  return { train: part("train"), test: part("test") };
}
