/**
 * Logs for TensorBoard: scalars of epochs, batches and evaluations, histograms and images of weights, the graph of the model.
 */
import { zlibSync } from "fflate";
import { ModelError, Unsupported } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { type Options, readOptions } from "../options.ts";
import { makeFolder } from "../saving/files.ts";
import { Callback, type CallbackModel, type Logs, readLearningRate } from "./callback.ts";
import { EventFile, type Summary, tensorProto } from "./event-file.ts";
import { optimizersOf } from "./monitor.ts";

export interface TensorBoardOptions {
  /** Default "logs"; training goes to "train" inside it, evaluation to "validation". */
  logDir?: string;
  /** Histograms of the weights every so many epochs; default 0, none. */
  histogramFreq?: number;
  /** The graph of the model; default true. */
  writeGraph?: boolean;
  /** Also weights as images, with the histograms; default false. */
  writeImages?: boolean;
  /** How many batches a second; default false. */
  writeStepsPerSecond?: boolean;
  /** Values of batches: "batch" for each, or every so many; default "epoch", none. */
  updateFreq?: "epoch" | "batch" | number;
  profileBatch?: 0;
  embeddingsFreq?: 0;
}

const defaults = {
  logDir: "logs",
  histogramFreq: 0,
  writeGraph: true,
  writeImages: false,
  writeStepsPerSecond: false,
  updateFreq: "epoch" as "epoch" | "batch" | number,
  profileBatch: 0,
  embeddingsFreq: 0,
};

type Part = "train" | "validation";

const scalar = (tag: string, value: number): Summary => ({
  tag,
  plugin: "scalars",
  tensor: tensorProto([], Float32Array.of(value)),
  dataClass: 1,
});

/** Example: `callbacks: [keras.callbacks.TensorBoard({ logDir: "logs" })]`, then `tensorboard --logdir logs`. */
export class TensorBoard extends Callback {
  private readonly options: typeof defaults;
  private readonly files = new Map<Part, EventFile>();
  private trainBatch = 0;
  private batchStart = 0;
  private epochStart = 0;
  private batchesBefore = 0;

  constructor(...args: (string | Options<TensorBoardOptions>)[]) {
    super();
    this.options = readOptions(args, defaults, { owner: "TensorBoard", positional: ["logDir"] });
    const { profileBatch, embeddingsFreq, updateFreq } = this.options;
    if (profileBatch !== 0)
      throw new Unsupported("TensorBoard", "profileBatch", {
        hint: "`keratin bench` shows the time of each kernel",
      });
    if (embeddingsFreq !== 0)
      throw new Unsupported("TensorBoard", "embeddingsFreq", {
        hint: "The projector reads checkpoints of TensorFlow; use ModelCheckpoint for the weights",
      });
    if (typeof updateFreq === "number" && !(Number.isInteger(updateFreq) && updateFreq > 0))
      throw new ModelError("bad updateFreq", {
        where: "TensorBoard",
        expected: '"epoch", "batch" or a positive integer',
        got: String(updateFreq),
      });
  }

  override setModel(model: CallbackModel): void {
    super.setModel(model);
    this.files.clear();
  }

  private async write(part: Part, step: number, summaries: readonly Summary[]): Promise<void> {
    if (summaries.length === 0) return;
    const known = this.files.get(part);
    const folder = `${this.options.logDir}/${part}`;
    if (known === undefined) await makeFolder(folder);
    // TensorBoard takes any file with this word in its name; time and process keep runs apart.
    const name = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.keratin.${process.pid}.${this.files.size}.v2`;
    const file = known ?? new EventFile(`${folder}/${name}`);
    this.files.set(part, file);
    await file.write(step, summaries);
  }

  override async onTrainBegin(): Promise<void> {
    this.trainBatch = 0;
    if (!this.options.writeGraph) return;
    const json = this.modelJson();
    if (json === undefined) return;
    const tensor = tensorProto([], [json]);
    const content = new TextEncoder().encode("1");
    await this.write("train", 0, [
      { tag: "keras", plugin: "graph_keras_model", content, tensor, dataClass: 3 },
    ]);
  }

  /** Models of code have no graph to show. */
  private modelJson(): string | undefined {
    try {
      return this.model.toJson();
    } catch {
      return undefined;
    }
  }

  private isTime(batch: number): boolean {
    const { updateFreq } = this.options;
    return updateFreq !== "epoch" && batch % (updateFreq === "batch" ? 1 : updateFreq) === 0;
  }

  override onTrainBatchBegin(): void {
    this.trainBatch += 1;
    this.batchStart = performance.now();
  }

  override async onTrainBatchEnd(_batch: number, logs: Logs): Promise<void> {
    if (!this.isTime(this.trainBatch)) return;
    const seconds = (performance.now() - this.batchStart) / 1000;
    const speed = this.options.writeStepsPerSecond ? [scalar("batch_steps_per_second", 1 / seconds)] : [];
    const values = Object.entries(logs).map(([name, value]) => scalar(`batch_${name}`, value));
    await this.write("train", this.trainBatch, [...speed, ...values]);
  }

  override async onTestEnd(logs: Logs): Promise<void> {
    const step = await this.iterations();
    const values = Object.entries(logs).map(([name, value]) =>
      scalar(`evaluation_${name}_vs_iterations`, value),
    );
    await this.write("validation", step, values);
  }

  private async iterations(): Promise<number> {
    return Number((await this.model.optimizer?.iterations.array())?.data[0] ?? 0);
  }

  override async onEpochBegin(): Promise<void> {
    this.epochStart = performance.now();
    if (this.options.writeStepsPerSecond) this.batchesBefore = await this.iterations();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const isHeldOut = (name: string): boolean => name.startsWith("val_");
    const own: Logs = Object.fromEntries(Object.entries(logs).filter(([name]) => !isHeldOut(name)));
    for (const [name, optimizer] of optimizersOf(this.model.optimizer))
      own[name === "" ? "learning_rate" : `learning_rate_${name}`] = await readLearningRate(optimizer);
    if (this.options.writeStepsPerSecond) own.steps_per_second = await this.stepsPerSecond();
    const scalars = (entries: readonly (readonly [string, number])[]): Summary[] =>
      entries.map(([name, value]) => scalar(`epoch_${name.replace(/^val_/, "")}`, value));
    await this.write("train", epoch, scalars(Object.entries(own)));
    const heldOut = Object.entries(logs).filter(([name]) => isHeldOut(name));
    await this.write("validation", epoch, scalars(heldOut));
    const { histogramFreq } = this.options;
    if (histogramFreq > 0 && epoch % histogramFreq === 0) await this.writeWeights(epoch);
  }

  private async stepsPerSecond(): Promise<number> {
    return ((await this.iterations()) - this.batchesBefore) / ((performance.now() - this.epochStart) / 1000);
  }

  private async writeWeights(epoch: number): Promise<void> {
    const summaries: Summary[] = [];
    for (const { weights } of this.model.layers)
      for (const weight of weights) {
        const array = await weight.array();
        const name = weight.path.replaceAll(":", "_");
        summaries.push(histogram(`${name}/histogram`, array));
        const image = this.options.writeImages ? imageOf(`${name}/image`, array) : undefined;
        if (image !== undefined) summaries.push(image);
      }
    await this.write("train", epoch, summaries);
  }
}

/** Thirty buckets of equal width: [left, right, count] each. */
function histogram(tag: string, { data }: NDArray, buckets = 30): Summary {
  const values = Float64Array.from(data as ArrayLike<number>, Number);
  const [low, high] = values.reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const isFlat = !(high > low);
  const [start, width] = isFlat ? [low - 0.5, 1 / buckets] : [low, (high - low) / buckets];
  const rows = Array.from({ length: buckets }, (_, i) => [start + i * width, start + (i + 1) * width, 0]);
  for (const value of values) {
    const at = Math.min(Math.floor((value - start) / width), buckets - 1);
    if (at >= 0) rows[at][2] += 1;
  }
  const tensor = tensorProto([buckets, 3], Float64Array.from(rows.flat()));
  return { tag, plugin: "histograms", tensor, dataClass: 2 };
}

/** A weight as one grey image for each of its first channels, at most 16; undefined where it has no two axes to show. */
function imageOf(tag: string, { shape, data }: NDArray): Summary | undefined {
  const axes = shape.filter((size) => size !== 1);
  if (axes.length === 0 || axes.length > 3) return undefined;
  const [rows, columns, count] = [axes[0], axes[1] ?? 1, axes[2] ?? 1];
  const values = Array.from(data, Number);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const grey = (value: number): number => (high > low ? Math.round((255 * (value - low)) / (high - low)) : 0);
  const images = Array.from({ length: Math.min(count, 16) }, (_, k) =>
    png(columns, rows, (row, column) => grey(values[(row * columns + column) * count + k])),
  );
  const tensor = tensorProto([images.length + 2], [String(columns), String(rows), ...images]);
  return { tag, plugin: "images", tensor, dataClass: 3 };
}

/** An 8-bit grey PNG (ISO 15948). */
function png(width: number, height: number, pixel: (row: number, column: number) => number): Uint8Array {
  const lines = new Uint8Array(height * (width + 1));
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) lines[row * (width + 1) + 1 + column] = pixel(row, column);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const chunks = [chunk("IHDR", header), chunk("IDAT", zlibSync(lines)), chunk("IEND", new Uint8Array())];
  return Uint8Array.from([signature, ...chunks].flatMap((part) => [...part]));
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(data, 8);
  let crc = 0xffffffff;
  for (const byte of bytes.subarray(4, 8 + data.length)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  view.setUint32(8 + data.length, ~crc >>> 0);
  return bytes;
}
