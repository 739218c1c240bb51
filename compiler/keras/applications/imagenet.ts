/**
 * Images into what the applications were trained on, and their answers into names: `preprocessInput` and `decodePredictions` of Keras's
 * imagenet_utils.
 */
import { dtypes, isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { toArray } from "../../arrays.ts";
import { parseJson } from "../../formats/json.ts";
import { type Tensor, type TensorLike, TensorMethods } from "../../tensor.ts";
import * as ops from "../ops/index.ts";
import { isPlainObject, type Options, readOptions } from "../options.ts";
import { session } from "../session.ts";
import { fetchFile } from "../utils/get-file.ts";

/** "tf": to [-1, 1]. "torch": to [0, 1], then standardized per channel. "caffe": BGR instead of RGB, less the mean of each channel. */
export type ImagenetMode = "caffe" | "tf" | "torch";

export interface PreprocessOptions {
  /** Default that of the session. */
  readonly dataFormat?: "channels_last" | "channels_first" | null;
}

/** The function that each architecture calls `preprocessInput`: images with values in [0, 255], one or a batch, as the network wants them. */
export const preprocessor =
  (mode: ImagenetMode) =>
  (x: TensorLike, options: Options<PreprocessOptions> = {}): Tensor =>
    preprocessInput(x, { ...options, mode });

/**
 * Example: `keras.applications.imagenetUtils.preprocessInput(images, { mode: "torch" })`; the default mode is "caffe". Takes arrays, tensors and symbolic
 * tensors. Throws ModelError for an unknown mode or data format.
 */
export function preprocessInput(
  x: TensorLike,
  options: Options<PreprocessOptions & { mode?: ImagenetMode }> = {},
): Tensor {
  const defaults = {
    dataFormat: null as PreprocessOptions["dataFormat"] | null,
    mode: "caffe" as ImagenetMode,
  };
  const read = readOptions([options], defaults, { owner: "preprocessInput", positional: [] });
  const format = read.dataFormat ?? session.dataFormat;
  if (format !== "channels_last" && format !== "channels_first")
    throw unexpected("dataFormat", "channels_first or channels_last", format);
  const { mode } = read;
  const images = floats(x);
  const perChannel = (values: readonly number[]): TensorLike =>
    format === "channels_last" ? values : values.map((value) => [[value]]);
  if (mode === "tf") return images.div(127.5).sub(1);
  if (mode === "torch") {
    const centered = images.div(255).sub(perChannel([0.485, 0.456, 0.406]));
    return centered.div(perChannel([0.229, 0.224, 0.225]));
  }
  if (mode !== "caffe") throw unexpected("mode", "caffe, tf or torch", mode);
  const blueFirst = ops.flip(images, { axis: format === "channels_last" ? -1 : -3 });
  return blueFirst.sub(perChannel([103.939, 116.779, 123.68]));
}

const unexpected = (name: string, expected: string, got: unknown): ModelError =>
  new ModelError(`unknown ${name}`, {
    where: "preprocessInput",
    expected,
    got: `Received: ${name}=${String(got)}`,
  });

function floats(x: TensorLike): Tensor {
  const tensor = x instanceof TensorMethods ? x.value : ops.convertToTensor(x);
  return isFloat(tensor.dtype) ? tensor : ops.cast(tensor, dtypes[session.floatx].keras);
}

/** WordNet's number of a class, its name in English, and the probability. */
export type Prediction = readonly [id: string, name: string, score: number];

const classIndex = {
  title: "imagenet_class_index.json",
  name: "imagenet_class_index.json",
  folder: "models",
  origin: "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
  checksum: "c2c37ea517e94d9795004a39431a14cb",
};

/**
 * The `top` (default 5) classes of each row of a [n, 1000] array of probabilities, best first. The names come from Keras's cache or are downloaded into
 * it. Rejects with ModelError for other shapes, and where the names cannot be had.
 */
export async function decodePredictions(
  predictions: TensorLike,
  options: number | Options<{ top?: number }> = {},
): Promise<Prediction[][]> {
  const top = typeof options === "number" ? options : (options.top ?? 5);
  const { shape, data } =
    predictions instanceof TensorMethods ? await predictions.value.array() : toArray(predictions, "f32");
  if (shape.length !== 2 || shape[1] !== 1000) {
    throw new ModelError("decodePredictions expects a batch of predictions", {
      expected: "a 2D array of shape (samples, 1000)",
      got: `Received array with shape: (${shape.join(", ")})`,
    });
  }
  const names = readNames(await fetchFile(classIndex));
  return Array.from({ length: shape[0] }, (_, row) => {
    const scores = Array.from(data.slice(1000 * row, 1000 * (row + 1)), Number);
    const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
    return order.slice(0, top).map((i): Prediction => [...names[i], scores[i]]);
  });
}

/** {"0": ["n01440764", "tench"], ...}. */
function readNames(bytes: Uint8Array): readonly (readonly [string, string])[] {
  const index = parseJson(new TextDecoder().decode(bytes), classIndex.name);
  return Array.from({ length: 1000 }, (_, i) => {
    const entry = isPlainObject(index) ? index[String(i)] : undefined;
    const [id, name] = Array.isArray(entry) ? entry : [];
    if (typeof id === "string" && typeof name === "string") return [id, name];
    throw new ModelError("not the names of ImageNet's classes", {
      where: classIndex.name,
      got: JSON.stringify(entry),
    });
  });
}
