/**
 * Data for training, in batches: arrays and tensors held whole, or batches that come one by one from an iterable or a generator.
 */
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { type ArrayLike, castArray, isArrayLike, sliceRows, takeRows, toArray } from "../../arrays.ts";
import { type TensorLike, TensorMethods } from "../../tensor.ts";
import { flatten, mapNest, type Nest } from "../nest.ts";
import { permutation } from "../random.ts";
import { session } from "../session.ts";
import { PyDataset } from "./py-dataset.ts";

/** Data of one kind: an array-like, a tensor, or a structure of them for several inputs or outputs. */
export type Data = Nest<TensorLike>;
/** What an iterable gives for each batch: x; or x and labels; or x, labels and weights of the samples. */
export type DataTuple = readonly [x: Data, y?: Data | null, sampleWeight?: Data | null];
export type Dataset =
  | Iterable<DataTuple>
  | AsyncIterable<DataTuple>
  | (() => Iterable<DataTuple> | AsyncIterable<DataTuple>)
  | PyDataset;

/** Weights of classes by number: `{ 0: 1, 1: 5 }`. */
export type ClassWeight = { readonly [label: string]: number };

/** Arrays in the order of `flatten`, and the structure they came in. */
export interface Arrays {
  readonly arrays: readonly NDArray[];
  readonly structure: Nest<unknown>;
}

export interface Batch {
  readonly x: Arrays;
  readonly y: Arrays | null;
  readonly sampleWeight: Arrays | null;
  /** How many samples. */
  readonly size: number;
}

/** Batches, epoch after epoch. */
export interface DataSource {
  /** Batches in an epoch; null where that shows only at the end. */
  readonly steps: number | null;
  epoch(): AsyncIterable<Batch> | Iterable<Batch>;
}

/** True for data that gives batches one by one. */
export function isDataset(data: unknown): data is Dataset {
  if (data instanceof TensorMethods || isArrayLike(data)) return false;
  if (typeof data === "function") return true;
  return (
    data instanceof PyDataset ||
    (typeof data === "object" &&
      data !== null &&
      (Symbol.asyncIterator in data || (Symbol.iterator in data && !Array.isArray(data))))
  );
}

/** Reads tensors and converts to dtypes that models take: f64 becomes f32, i64 becomes i32. */
export async function readArrays(data: Data): Promise<Arrays> {
  const arrays = await Promise.all(flatten<TensorLike>(data).map(readArray));
  return { arrays, structure: mapNest<TensorLike, string>(data, () => leaf) };
}

/** What stands for a value in a structure. NOTE: no number, for lists of numbers are values themselves. */
const leaf = "";

const narrowed: { readonly [D in DType]?: DType } = { f64: "f32", i64: "i32", u64: "i32" };

async function readArray(value: TensorLike): Promise<NDArray> {
  const array =
    value instanceof TensorMethods ? await value.value.array() : toArray(requireArray(value), session.floatx);
  if (array.shape.length === 0)
    throw new ModelError("data needs an axis of samples", { got: "a single number" });
  return castArray(array, narrowed[array.dtype] ?? array.dtype);
}

function requireArray(value: ArrayLike): ArrayLike {
  if (isArrayLike(value)) return value;
  throw new ModelError("not data", {
    expected: "arrays, typed arrays, nested arrays of numbers or tensors",
    got: JSON.stringify(value) ?? String(value),
  });
}

/** The common number of samples. Throws ModelError where arrays differ, or where there is none. */
export function countSamples(parts: { readonly [name: string]: Arrays | null }): number {
  const counts = Object.entries(parts).flatMap(([name, part]) =>
    (part?.arrays ?? []).map((array) => ({ name, count: array.shape[0] })),
  );
  const [first] = counts;
  if (first === undefined || first.count === 0)
    throw new ModelError("the data is empty", { expected: "at least one sample", got: "0 samples" });
  if (counts.some(({ count }) => count !== first.count)) {
    throw new ModelError("all arrays must hold the same number of samples", {
      got: counts.map(({ name, count }) => `${name}: ${count}`).join(", "),
    });
  }
  return first.count;
}

export interface ArrayDataOptions {
  readonly x: Arrays;
  readonly y: Arrays | null;
  readonly sampleWeight: Arrays | null;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** Stops an epoch after this many batches; the next goes on from there. */
  readonly steps?: number | null;
}

/** Arrays cut into batches, in another order each epoch when shuffled. */
export class ArrayData implements DataSource {
  readonly steps: number;
  private readonly options: ArrayDataOptions;
  private readonly count: number;
  private running: Iterator<Batch> | undefined;

  constructor(options: ArrayDataOptions) {
    const { x, y, sampleWeight, batchSize } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new ModelError("bad batch size", { expected: "a positive integer", got: String(batchSize) });
    this.options = options;
    this.count = countSamples({ x, y, sampleWeight });
    this.steps = options.steps ?? Math.ceil(this.count / batchSize);
  }

  epoch(): Iterable<Batch> {
    return this.options.steps === undefined || this.options.steps === null
      ? this.pass()
      : this.part(this.options.steps);
  }

  private *part(steps: number): Iterable<Batch> {
    for (let i = 0; i < steps; i++) {
      this.running ??= this.pass()[Symbol.iterator]();
      let next = this.running.next();
      if (next.done) {
        this.running = this.pass()[Symbol.iterator]();
        next = this.running.next();
      }
      if (!next.done) yield next.value;
    }
  }

  private *pass(): Iterable<Batch> {
    const { batchSize, shuffle, x, y, sampleWeight } = this.options;
    const order = shuffle ? permutation(this.count, session.nextKey()) : undefined;
    for (let start = 0; start < this.count; start += batchSize) {
      const end = Math.min(start + batchSize, this.count);
      const pick = (array: NDArray): NDArray =>
        order === undefined ? sliceRows(array, start, end) : takeRows(array, order.subarray(start, end));
      const part = <T extends Arrays | null>(arrays: T): T =>
        arrays === null ? arrays : { ...arrays, arrays: arrays.arrays.map(pick) };
      yield { x: part(x), y: part(y), sampleWeight: part(sampleWeight), size: end - start };
    }
  }
}

export interface StreamOptions {
  readonly classWeight?: ClassWeight | null;
  /** Whether batches of a `PyDataset` come in another order in each epoch. */
  readonly shuffle?: boolean;
}

/** Batches from an iterable. A plain iterable lasts one epoch; a function is called for each. The next batch is read while the present one runs. */
export class StreamData implements DataSource {
  readonly steps: number | null;
  private readonly dataset: Dataset;
  private readonly options: StreamOptions;
  private running: AsyncIterator<DataTuple> | Iterator<DataTuple> | undefined;

  constructor(dataset: Dataset, steps: number | null, options: StreamOptions = {}) {
    this.dataset = dataset;
    this.options = options;
    this.steps = steps ?? (dataset instanceof PyDataset ? dataset.length : null);
  }

  async *epoch(): AsyncIterable<Batch> {
    this.running ??= this.open();
    const { running } = this;
    let ahead = this.next(running);
    for (let i = 0; this.steps === null || i < this.steps; i++) {
      const batch = await ahead;
      if (batch === undefined) {
        this.running = undefined;
        return;
      }
      // What fails ahead of time is told when its turn comes.
      if (this.steps === null || i + 1 < this.steps) {
        ahead = this.next(running);
        ahead.catch(() => undefined);
      }
      yield batch;
    }
    if (!(this.dataset instanceof PyDataset)) return;
    if (this.steps === this.dataset.length) this.running = undefined;
    this.dataset.onEpochEnd();
  }

  private async next(running: AsyncIterator<DataTuple> | Iterator<DataTuple>): Promise<Batch | undefined> {
    const next = await running.next();
    if (next.done) return undefined;
    const batch = await readBatch(next.value);
    const { classWeight = null } = this.options;
    if (classWeight === null || batch.y === null) return batch;
    if (batch.sampleWeight !== null)
      throw new ModelError("You cannot `class_weight` and `sample_weight` at the same time.", {
        where: "fit",
      });
    return { ...batch, sampleWeight: classWeights(batch.y, classWeight) };
  }

  private open(): AsyncIterator<DataTuple> | Iterator<DataTuple> {
    const { dataset } = this;
    const source =
      dataset instanceof PyDataset
        ? dataset.batches(this.options.shuffle ?? false)
        : typeof dataset === "function"
          ? dataset()
          : dataset;
    return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }
}

/** One batch from plain data. */
export async function readBatch([x, y, sampleWeight]: DataTuple): Promise<Batch> {
  const maybe = (data: Data | null | undefined): Promise<Arrays> | null =>
    data === null || data === undefined ? null : readArrays(data);
  const parts = { x: await readArrays(x), y: await maybe(y), sampleWeight: await maybe(sampleWeight) };
  return { ...parts, size: countSamples(parts) };
}

/** The first part of the samples for training and the last, a share of `split`, for validation. */
export function splitArrays(
  parts: readonly (Arrays | null)[],
  split: number,
): [(Arrays | null)[], (Arrays | null)[]] {
  const count = countSamples(Object.fromEntries(parts.map((part, i) => [String(i), part])));
  const at = Math.floor(count * (1 - split));
  if (!(split > 0 && split < 1) || at === 0 || at === count) {
    throw new ModelError("too few samples to split", {
      where: "fit",
      expected: "both parts with samples",
      got: `${count} samples, validationSplit ${split}`,
    });
  }
  const cut = (start: number, end: number) =>
    parts.map(
      (part) => part && { ...part, arrays: part.arrays.map((array) => sliceRows(array, start, end)) },
    );
  return [cut(0, at), cut(at, count)];
}

/** Weights of samples from weights of classes. Labels are class numbers or one-hot rows. */
export function classWeights(y: Arrays, weights: ClassWeight): Arrays {
  if (y.arrays.length !== 1)
    throw new ModelError("classWeight is for models with one output", {
      where: "fit",
      got: `${y.arrays.length} outputs`,
    });
  const [labels] = y.arrays;
  const [count, width] = [labels.shape[0], labels.data.length / labels.shape[0]];
  const label = (row: number): number =>
    width === 1 ? Math.round(Number(labels.data[row])) : largest(labels, row * width, width);
  const data = Float32Array.from({ length: count }, (_, row) => weights[label(row)] ?? 1);
  return { arrays: [{ dtype: "f32", shape: [count], data }], structure: leaf };
}

function largest(array: NDArray, start: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) if (array.data[start + i] > array.data[start + best]) best = i;
  return best;
}
