/**
 * `keras.ops` whose results are as long as the data says: positions of what is not zero, distinct values, counts. Eagerly they read what they
 * need to know; where a function is compiled they take the length as `size`.
 */
import { productOf } from "../../../ir/dim.ts";
import { ModelError, Unsupported } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { cast, setShape, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, choose, iota, numeric, promotedReal, real, truth } from "./apply.ts";
import { concat, sliceAxis } from "./joining.ts";
import { flatUnless, repeatAxis } from "./movement.ts";
import { asTensor, parametric } from "./operation.ts";
import { padTensor } from "./padding.ts";
import { gather, unravelIndex } from "./picking.ts";
import { countOf, maxOf, minOf } from "./reduce.ts";
import { sorted } from "./sorting.ts";

interface SizeOption {
  /** How many there are at most; needed where the function is compiled. */
  size?: number | null;
}

/** The number in a scalar; throws ModelError in a trace, naming the option that makes it superfluous. */
function known(x: Tensor, operation: string, option: string): number {
  if (x.engine.kind === "trace")
    throw new Unsupported("a compiled function", `shapes that depend on data (ops.${operation})`, {
      hint: `Give \`${option}\`, or compute it eagerly`,
    });
  return Number(x.arraySync().data[0]);
}

const flattened = (x: Tensor): Tensor =>
  setShape(x, [staticDim(productOf(x.shape), "the number of elements")]);

/**
 * The positions of the elements that are not zero, in row-major order: one i32 vector per axis. With `size`, missing positions are 0 and further
 * ones are left out.
 *
 *     const [rows, columns] = ops.nonzero(x)
 */
export const nonzero = parametric(
  "numpy",
  "nonzero",
  ["size"],
  (x: TensorLike, { size = null }: SizeOption) => {
    const tensor = asTensor(x);
    const shape = tensor.shape.map((dim) => staticDim(dim, "the shape of nonzero's operand"));
    const mask = flattened(truth(tensor));
    const count = countOf(mask, null, false);
    const length = size ?? known(count, "nonzero", "size");
    return unravelIndex(choose(belowCount(length, count), truePositions(mask, length), 0), shape);
  },
);

/** The positions of true elements in order, then those of the others, cut or filled up to `length`. */
function truePositions(mask: Tensor, length: number): Tensor {
  const [, order] = sorted(apply("not", mask), 0);
  return resized(order, length, 0);
}

function resized(x: Tensor, length: number, fill: number): Tensor {
  const size = staticDim(x.shape[0], "a vector");
  return length <= size ? sliceAxis(x, 0, 0, length) : padTensor(x, [0], [length - size], fill);
}

/** Which of `length` places are among the first `count`. */
const belowCount = (length: number, count: Tensor): Tensor =>
  apply("lt", iota(count.engine, [length], 0), count);

interface RepeatOptions {
  /** One number, or one for each slice: a list or a tensor. */
  repeats: number | TensorLike;
  /** Default null: flattened. */
  axis?: number | null;
  /** How long the axis becomes; needed where a function with `repeats` as a tensor is compiled. */
  totalRepeatLength?: number | null;
}

/** Each slice along `axis` several times in place. `ops.repeat([1, 2], 2)` is [1, 1, 2, 2]. */
export const repeat = parametric(
  "numpy",
  "repeat",
  ["repeats", "axis", "totalRepeatLength"],
  (x: TensorLike, { repeats, axis = null, totalRepeatLength = null }: RepeatOptions) => {
    const tensor = flatUnless(asTensor(x), axis);
    const at = normalizeAxis(axis ?? 0, tensor.rank);
    if (typeof repeats === "number") return repeatAxis(tensor, repeats, at);
    const counts = flattened(cast(asTensor(repeats, "i32"), "i32"));
    if (counts.shape[0] === 1 && tensor.shape[at] !== 1)
      return repeatAxis(tensor, known(counts, "repeat", "totalRepeatLength"), at);
    const total = totalRepeatLength ?? known(sum(counts, null, false), "repeat", "totalRepeatLength");
    const ends = counts.engine.op("cumulate", [counts], { axis: 0, combine: "add", reverse: false })[0];
    const places = iota(counts.engine, [total], 0);
    return gather(tensor, ends.engine.op("search_sorted", [ends, places], { side: "right" })[0], at);
  },
);

interface UniqueOptions extends SizeOption {
  /** Has no effect: the result is always sorted. */
  sorted?: boolean;
  /** Whether to return the position of the first of each value. */
  returnIndex?: boolean;
  /** Whether to return the number of the value of each element, in the shape of the tensor. */
  returnInverse?: boolean;
  /** Whether to return how often each value occurs. */
  returnCounts?: boolean;
  /** Only null, the flattened tensor, is available. */
  axis?: null;
  /** What fills up the result to `size`; default the smallest value. */
  fillValue?: number | null;
}

/**
 * The distinct elements, ascending; with options a list [values, index, inverse, counts] of what was asked for.
 *
 *     ops.unique([3, 1, 3])   // [1, 3]
 */
export const unique = parametric(
  "numpy",
  "unique",
  ["sorted", "returnIndex", "returnInverse", "returnCounts", "axis", "size", "fillValue"],
  (x: TensorLike, options: UniqueOptions): Tensor | Tensor[] => {
    const tensor = asTensor(x);
    if ((options.axis ?? null) !== null)
      throw new ModelError("unique along an axis is not available", {
        where: "ops.unique",
        expected: "axis null",
      });
    const found = distinct(flattened(tensor), options);
    const wanted = [
      found.values,
      ...(options.returnIndex ? [found.index] : []),
      ...(options.returnInverse ? [setShape(found.inverse, tensor.shape)] : []),
      ...(options.returnCounts ? [found.counts] : []),
    ];
    return wanted.length === 1 ? wanted[0] : wanted;
  },
);

interface Distinct {
  readonly values: Tensor;
  readonly index: Tensor;
  readonly inverse: Tensor;
  readonly counts: Tensor;
}

/** In sorted order, each run of equal elements is one value: its number is how many runs began before. */
function distinct(x: Tensor, { size = null, fillValue = null }: UniqueOptions): Distinct {
  const { engine } = x;
  const length = staticDim(x.shape[0], "a vector");
  const [values, positions] = sorted(x, 0);
  const number = numeric(values);
  const changes = apply("ne", sliceAxis(number, 0, 1, length), sliceAxis(number, 0, 0, length - 1));
  const begins = concat([cast(apply("eq", iota(engine, [1], 0), 0), "bool"), changes], 0);
  const runs = engine.op("cumulate", [cast(begins, "i32")], { axis: 0, combine: "add", reverse: false })[0];
  const run = apply("sub", runs, 1);
  const count = countOf(begins, null, false);
  const result = size ?? known(count, "unique", "size");
  const places = truePositions(begins, result + 1);
  const starts = sliceAxis(places, 0, 0, result);
  const filled = belowCount(result, count);
  const first = choose(filled, gather(values, starts, 0), fillValue ?? minOf(x, null, false));
  const isLast = apply("le", apply("sub", count, 1), iota(engine, [result], 0));
  const limits = choose(isLast, length, sliceAxis(places, 0, 1, result + 1));
  const zeros = iota(engine, [length], 0).mul(0);
  return {
    values: cast(first, x.dtype),
    index: choose(filled, gather(positions, starts, 0), gather(positions, iota(engine, [1], 0), 0)),
    inverse: engine.op("scatter", [zeros, positions, run], { axis: 0, combine: "set" })[0],
    counts: choose(filled, apply("sub", limits, starts), 0),
  };
}

interface BincountOptions extends SizeOption {
  /** What each element counts; default 1. */
  weights?: TensorLike | null;
  /** The least length of the result; default 0. */
  minlength?: number;
  /** Only false. */
  sparse?: false;
}

/**
 * How often each of 0, 1, 2, ... occurs in a vector of such numbers, or in each row of a matrix. The result reaches to the largest element,
 * or to `minlength`, or to `size`, whatever the elements are.
 *
 *     ops.bincount([1, 1, 3])   // [0, 2, 0, 1]
 */
export const bincount = parametric(
  "numpy",
  "bincount",
  ["weights", "minlength", "sparse", "size"],
  (x: TensorLike, { weights = null, minlength = 0, size = null }: BincountOptions) => {
    const tensor = cast(asTensor(x, "i32"), "i32");
    const top = (): number => known(maxOf(tensor, null, false), "bincount", "size") + 1;
    const length = size ?? Math.max(minlength, productOf(tensor.shape) === 0 ? 0 : top());
    const classes = iota(tensor.engine, [length], 0);
    const hits = apply("eq", setShape(apply("max", tensor, 0), [...tensor.shape, 1]), classes);
    if (weights === null) return sum(cast(hits, "i32"), tensor.rank - 1, false);
    const factors = asTensor(weights);
    return sum(choose(hits, setShape(factors, [...factors.shape, 1]), 0), tensor.rank - 1, false);
  },
);

interface HistogramOptions {
  /** How many bins; default 10. */
  bins?: number;
  /** Default null: from the smallest element to the largest. */
  range?: readonly [number, number] | null;
}

/** How many elements fall into each of `bins` equal parts of a range, and the bins' borders: f32[bins] and f32[bins + 1]. */
export const histogram = parametric(
  "numpy",
  "histogram",
  ["bins", "range"],
  (x: TensorLike, { bins = 10, range = null }: HistogramOptions) => {
    const tensor = flattened(real(x));
    const [low, high] = range === null ? dataRange(tensor) : promotedReal(...range);
    const part = apply("div", cast(iota(tensor.engine, [bins + 1], 0), tensor.dtype), bins);
    const edges = apply("add", apply("mul", low, apply("sub", 1, part)), apply("mul", high, part));
    const above = countOf(apply("le", edges, setShape(tensor, [...tensor.shape, 1])), 0, false);
    const beyond = countOf(apply("lt", high, tensor), null, false);
    // The last bin holds its upper border too.
    const ends = concat([sliceAxis(above, 0, 1, bins), setShape(beyond, [1])], 0);
    return [cast(apply("sub", sliceAxis(above, 0, 0, bins), ends), tensor.dtype), edges] as const;
  },
);

/** The smallest and the largest element; half below and half above where these are one. */
function dataRange(x: Tensor): [Tensor, Tensor] {
  const [low, high] = [minOf(x, null, false), maxOf(x, null, false)];
  const spread = choose(apply("eq", low, high), 0.5, 0);
  return [apply("sub", low, spread), apply("add", high, spread)];
}
