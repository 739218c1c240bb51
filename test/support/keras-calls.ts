/**
 * Calls of `keras.ops` to ask the real Keras about: many configurations per operation, with random operands. What is tried of each family
 * stands in its table: dtypes that mix, rank 0, empty axes, negative, several and no axes, kept dimensions, plain numbers.
 */
import type { DType } from "../../ir/dtype.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { type Random, randomArray, seeded } from "./seeded.ts";

export interface Call {
  /** As in `keras.ops`, snake_case. */
  readonly op: string;
  /** Positional arguments: arrays, lists of them, and plain values. */
  readonly args: readonly unknown[];
  readonly kwargs?: { readonly [name: string]: unknown };
  /** Whether gradients are compared too, where operands are f32; default true. */
  readonly gradient?: boolean;
}

type Kwargs = Call["kwargs"];

/** Makes operands; every array is drawn anew. */
class Operands {
  private readonly random: Random;
  constructor(seed: number) {
    this.random = seeded(seed);
  }
  f = (shape: readonly number[], low = -2, high = 2): NDArray =>
    randomArray(this.random, "f32", shape, [low, high]);
  i = (shape: readonly number[], low = -5, high = 5, dtype: DType = "i32"): NDArray =>
    randomArray(this.random, dtype, shape, [low, high]);
  b = (shape: readonly number[]): NDArray => randomArray(this.random, "bool", shape);
  any = (dtype: DType, shape: readonly number[]): NDArray =>
    dtype === "f32"
      ? this.f(shape)
      : dtype === "bool"
        ? this.b(shape)
        : this.i(shape, dtype.startsWith("u") ? 0 : -5, 5, dtype);
  /** Whole numbers as f32: equal elements occur. */
  ties = (shape: readonly number[]): NDArray => {
    const whole = this.i(shape, 0, 3);
    return { dtype: "f32", shape, data: Float32Array.from(whole.data as Int32Array) };
  };
  withNaN = (shape: readonly number[]): NDArray => {
    const array = this.f(shape);
    (array.data as Float32Array).forEach((_, i, data) => {
      if (i % 4 === 1) data[i] = Number.NaN;
    });
    return array;
  };
}

const f32 = (...values: number[]): NDArray => ({
  dtype: "f32",
  shape: [values.length],
  data: Float32Array.from(values),
});
const i32 = (...values: number[]): NDArray => ({
  dtype: "i32",
  shape: [values.length],
  data: Int32Array.from(values),
});
const names = (text: string): string[] => text.trim().split(/\s+/);

const edges = f32(
  Number.NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  1e-8,
  20,
  -20,
  100,
  1e30,
);

function unary(o: Operands): Call[] {
  const all =
    names(`abs absolute arcsinh arctan ceil conj cos cosh deg2rad erf exp exp2 expm1 fabs floor imag isfinite isinf isnan isneginf isposinf
    isreal logical_not nan_to_num negative rad2deg real round sign signbit sin sinc sinh square tan tanh trunc cbrt i0 angle copy zeros_like
    ones_like ravel sigmoid relu relu6 silu softplus softsign selu elu celu gelu leaky_relu hard_sigmoid hard_silu hard_tanh hard_shrink
    soft_shrink tanh_shrink log_sigmoid squareplus sparse_plus sparse_sigmoid mish erfc reciprocal sqrt rsqrt log log10 log1p log2 arcsin
    arccos arctanh arccosh erfinv stop_gradient shape size ndim`);
  const positive = new Set(names("sqrt rsqrt log log10 log1p log2"));
  const kinks = new Set(names("cbrt angle sinc"));
  return all.flatMap((op): Call[] => {
    const range: [number, number] = positive.has(op)
      ? [0.2, 3]
      : /^arc(sin|cos|tanh)$|erfinv/.test(op)
        ? [-0.9, 0.9]
        : op === "arccosh"
          ? [1.1, 4]
          : [-2, 2];
    const gradient = !kinks.has(op);
    return [
      { op, args: [o.f([2, 3], ...range)], gradient },
      { op, args: [o.f([], ...range)], gradient },
      { op, args: [o.i([4], 1, 5)] },
      { op, args: [o.b([3])] },
      // Keras negates unsigned numbers before they become floats.
      ...(op === "log_sigmoid" ? [] : [{ op, args: [o.i([3], 0, 5, "u8")] }]),
      { op, args: [o.i([3], 1, 5, "i8")] },
      { op, args: [edges], gradient: false },
      { op, args: [o.f([0, 2])], gradient: false },
    ];
  });
}

/** Values at which functions have kinks; the gradient there is JAX's choice. */
function kinks(o: Operands): Call[] {
  const at = f32(0, 1, -1, 0.5, -0.5, 3, -3, 6, 2, -2);
  const functions =
    names(`abs relu relu6 softplus softsign selu elu celu gelu leaky_relu hard_sigmoid hard_silu hard_tanh hard_shrink soft_shrink
    tanh_shrink sparse_plus sparse_sigmoid square sign sqrt fabs sinc squareplus mish silu`);
  return [
    ...functions.map((op) => ({ op, args: [at] })),
    { op: "clip", args: [at, -1, 1] },
    { op: "clip", args: [at, -0.5, 3] },
    { op: "clip", args: [o.i([5]), 0, 3] },
    { op: "clip", args: [o.i([5]), 0.5, 3] },
    { op: "clip", args: [o.b([5]), 0, 1] },
    { op: "threshold", args: [at, 0.5, 7] },
    { op: "threshold", args: [at, -1, -3] },
    ...names("maximum minimum fmax fmin").map((op) => ({
      op,
      args: [at, f32(0, 1, 1, 0.5, 0, 3, 2, 5, 2, 1)],
    })),
    ...names("max min amax amin ptp prod").flatMap((op): Call[] => [
      { op, args: [o.ties([3, 4])], kwargs: { axis: 1 } },
      { op, args: [o.ties([2, 3, 2])] },
    ]),
    // The slope of 0 to the power 0 is NaN in JAX and 0 here.
    { op: "power", args: [f32(0, 0, 1, 2, 4, 0.5), f32(0, 2, 3, 0, 0.5, -1)], gradient: false },
    { op: "power", args: [f32(-1, -2, 0, 3), 2] },
    { op: "power", args: [f32(-1, -2, 0, 3), 3] },
    { op: "hypot", args: [f32(0, 3, -3, 1e20), f32(1, 4, 0, 1e20)] },
    { op: "logaddexp", args: [f32(0, 1, -1, 50), f32(0, 1, 2, -50)] },
    { op: "divide_no_nan", args: [f32(1, 2, 0, 3), f32(0, 2, 0, -1)] },
    { op: "norm", args: [f32(3, 4)] },
    { op: "norm", args: [o.f([2, 3])], kwargs: { ord: 1, axis: 1 } },
    { op: "sort", args: [o.ties([2, 5])] },
    { op: "top_k", args: [o.ties([2, 5]), 2] },
    { op: "median", args: [o.ties([6])] },
  ];
}

function binary(o: Operands): Call[] {
  const all =
    names(`add subtract multiply divide true_divide maximum minimum arctan2 hypot logaddexp logaddexp2 fmax fmin floor_divide mod fmod power
    heaviside equal not_equal greater greater_equal less less_equal logical_and logical_or logical_xor divide_no_nan isclose`);
  const pairs: readonly (readonly [DType, DType])[] = [
    ["i32", "f32"], ["bool", "i32"], ["u8", "i8"], ["bool", "bool"], ["i32", "i32"], ["i8", "i8"], ["u8", "u8"], ["bool", "f32"], ["i8", "i32"],
  ]; // biome-ignore format: pairs
  // Powers of integers are not negative, and what integers divided by 0 are is left open.
  const second = (op: string, dtype: DType): NDArray =>
    /power|floor_divide|mod/.test(op) && dtype !== "f32"
      ? o.i([3], 1, dtype === "bool" ? 1 : 4, dtype)
      : o.any(dtype, [3]);
  const noGradient = new Set(names("power floor_divide mod fmod heaviside"));
  return all.flatMap((op): Call[] => [
    { op, args: [o.f([2, 3], 0.5, 2), o.f([2, 3], 0.5, 2)] },
    { op, args: [o.f([2, 3]), o.f([2, 3])], gradient: !noGradient.has(op) },
    { op, args: [o.f([2, 1, 3], 0.5, 2), o.f([4, 1], 0.5, 2)] },
    { op, args: [o.f([], 0.5, 2), o.f([3], 0.5, 2)] },
    { op, args: [o.f([3], 0.5, 2), 2.5] },
    { op, args: [o.f([3], 0.5, 2), 2] },
    { op, args: [1.5, o.f([3], 0.5, 2)] },
    { op, args: [o.i([3]), 2] },
    { op, args: [o.i([3]), 2.5] },
    { op, args: [o.f([0, 2]), o.f([2])], gradient: false },
    ...pairs.map(([a, b]) => ({
      op,
      args: [o.any(a, [3]), second(op, b)],
    })),
  ]);
}

function integers(o: Operands): Call[] {
  const bits = names("bitwise_and bitwise_or bitwise_xor");
  const shifts = names("left_shift right_shift bitwise_left_shift bitwise_right_shift");
  return [
    ...bits.flatMap((op): Call[] => [
      { op, args: [o.i([2, 3]), o.i([3])] },
      { op, args: [o.i([4], 0, 200, "u8"), o.i([4], 0, 200, "u8")] },
      { op, args: [o.b([4]), o.b([4])] },
      { op, args: [o.i([3]), 3] },
      { op, args: [o.b([3]), o.i([3])] },
    ]),
    ...shifts.flatMap((op): Call[] => [
      { op, args: [o.i([5], -100, 100), o.i([5], 0, 4)] },
      { op, args: [o.i([5], -100, 100), 3] },
      { op, args: [o.i([5], 0, 200, "u8"), o.i([5], 0, 4, "u8")] },
      { op, args: [i32(1, -1, 7), i32(33, 40, 31)] },
    ]),
    { op: "bitwise_not", args: [o.i([4])] },
    { op: "bitwise_invert", args: [o.i([4], 0, 200, "u8")] },
    { op: "bitwise_not", args: [o.b([4])] },
    ...names("gcd lcm").flatMap((op): Call[] => [
      { op, args: [o.i([6], -60, 60), o.i([6], -60, 60)] },
      { op, args: [o.i([2, 1], 0, 100), o.i([3], 1, 100)] },
      { op, args: [o.i([4], 0, 200, "u8"), o.i([4], 0, 200, "u8")] },
      { op, args: [i32(0, 0, 5, 10946), i32(0, 7, 0, 6765)] },
    ]),
    { op: "ldexp", args: [o.f([4]), o.i([4], -10, 10)] },
    { op: "ldexp", args: [o.i([4]), o.i([4], 0, 3)] },
    { op: "ldexp", args: [f32(1e-30, 1e30, 1), i32(200, -200, 127)], gradient: false },
    { op: "nextafter", args: [f32(0, 0, 1, -1, 3, Number.NaN), f32(1, -1, 2, 0, 3, 1)], gradient: false },
    ...names("uint8 int8 int32 float32 bool int16").flatMap((dtype): Call[] => [
      { op: "cast", args: [f32(-1.7, 0, 2.5, 100.9), dtype] },
      { op: "cast", args: [o.i([4], -200, 200), dtype] },
      { op: "saturate_cast", args: [f32(-300.7, 0, 2.5, 1000.9), dtype] },
      // Keras clips integers to the range of float32 as integers, which wraps.
      ...(dtype === "float32" ? [] : [{ op: "saturate_cast", args: [o.i([4], -300, 300), dtype] }]),
    ]),
  ];
}

const reductionAxes: readonly Kwargs[] = [
  {}, { axis: 0 }, { axis: -1, keepdims: true }, { axis: [0, 2] }, { axis: [-1, 1], keepdims: true }, { keepdims: true },
]; // biome-ignore format: kwargs

function reductions(o: Operands): Call[] {
  const plain = names(
    "sum mean max min amax amin prod std var ptp any all median logsumexp nansum nanmean nanmax nanmin nanprod nanstd nanvar nanmedian",
  );
  const positions = names("argmax argmin nanargmax nanargmin");
  const dtypes: readonly DType[] = ["i32", "bool", "u8", "i8"];
  return [
    ...plain.flatMap((op): Call[] => [
      ...reductionAxes.map((kwargs) => ({ op, args: [o.f([2, 3, 4])], kwargs })),
      ...dtypes.flatMap((dtype): Call[] => [
        { op, args: [o.any(dtype, [3, 4])] },
        { op, args: [o.any(dtype, [3, 4])], kwargs: { axis: 1 } },
      ]),
      { op, args: [o.f([])] },
      { op, args: [o.withNaN([3, 4])], kwargs: { axis: -1 }, gradient: false },
      { op, args: [f32(Number.NaN, Number.NaN)], gradient: false },
    ]),
    ...positions.flatMap((op): Call[] => [
      { op, args: [o.f([2, 3, 4])] },
      { op, args: [o.f([2, 3, 4])], kwargs: { axis: 1 } },
      { op, args: [o.f([2, 3, 4])], kwargs: { axis: -1, keepdims: true } },
      { op, args: [o.f([2, 3])], kwargs: { keepdims: true } },
      { op, args: [o.ties([3, 4])], kwargs: { axis: 0 } },
      { op, args: [o.withNaN([3, 4])], kwargs: { axis: 1 } },
      { op, args: [o.withNaN([3, 4])] },
      ...dtypes.map((dtype) => ({ op, args: [o.any(dtype, [3, 4])], kwargs: { axis: 1 } })),
    ]),
    { op: "count_nonzero", args: [o.i([3, 4], -1, 1)] },
    { op: "count_nonzero", args: [o.ties([3, 4])], kwargs: { axis: -1 } },
    { op: "count_nonzero", args: [o.b([3, 4])], kwargs: { axis: [0, 1] } },
    { op: "max", args: [o.f([2, 3])], kwargs: { initial: 0.5 } },
    { op: "min", args: [o.i([2, 3])], kwargs: { initial: 1, axis: 0 } },
    { op: "prod", args: [o.i([2, 3])], kwargs: { dtype: "float32" } },
    { op: "prod", args: [f32(0, 2, 3)] },
    { op: "prod", args: [f32(0, 2, 0)] },
    { op: "moments", args: [o.f([2, 3, 4])], kwargs: { axes: [0, 2] } },
    { op: "moments", args: [o.f([2, 3, 4])], kwargs: { axes: [-1], keepdims: true } },
    { op: "average", args: [o.f([2, 3])] },
    { op: "average", args: [o.f([2, 3])], kwargs: { weights: o.f([2, 3], 0.1, 1) } },
    { op: "average", args: [o.f([2, 3])], kwargs: { axis: 0, weights: o.f([2], 0.1, 1) } },
    { op: "average", args: [o.i([2, 3])], kwargs: { axis: -1, weights: o.i([3], 1, 4) } },
    { op: "average", args: [o.f([2, 3, 4])], kwargs: { axis: [0, 1] } },
    ...names("softmax log_softmax sparsemax").flatMap((op): Call[] => [
      { op, args: [o.f([2, 3])] },
      { op, args: [o.f([2, 3, 4])], kwargs: { axis: 0 } },
      { op, args: [o.f([2, 3, 4])], kwargs: { axis: -2 } },
    ]),
    { op: "softmax", args: [o.f([2, 3, 4])], kwargs: { axis: [0, 2] } },
    { op: "glu", args: [o.f([2, 4])], kwargs: { axis: 0 } },
    ...[1, 2, 3].map((order) => ({ op: "normalize", args: [o.f([2, 3])], kwargs: { order, axis: 0 } })),
    { op: "normalize", args: [o.f([2, 3, 2])], kwargs: { axis: [1, 2] } },
  ];
}

function cumulative(o: Operands): Call[] {
  return names("cumsum cumprod nancumsum nancumprod").flatMap((op): Call[] => [
    { op, args: [o.f([2, 3])] },
    { op, args: [o.f([2, 3, 2])], kwargs: { axis: -1 } },
    { op, args: [o.f([2, 3, 2])], kwargs: { axis: 1 } },
    { op, args: [o.b([4])] },
    { op, args: [o.i([4], 1, 3, "u8")] },
    { op, args: [o.i([2, 4], 1, 3, "i8")], kwargs: { axis: 1 } },
    { op, args: [o.i([4])], kwargs: { dtype: "float32" } },
    { op, args: [f32(1, 0, 2, 0, 3)] },
    { op, args: [o.withNaN([2, 4])], kwargs: { axis: 1 }, gradient: false },
  ]);
}

function ordering(o: Operands): Call[] {
  return [
    ...names("sort argsort").flatMap((op): Call[] => [
      { op, args: [o.f([2, 3, 4])] },
      { op, args: [o.f([2, 3, 4])], kwargs: { axis: 0 } },
      { op, args: [o.ties([3, 5])], kwargs: { axis: 1 } },
      { op, args: [o.i([7])] },
      { op, args: [o.b([7])] },
      { op, args: [o.i([7], 0, 9, "u8")] },
      { op, args: [o.withNaN([6])], gradient: false },
      { op, args: [o.f([2, 3])], kwargs: { axis: null } },
    ]),
    { op: "top_k", args: [o.f([3, 6]), 3] },
    { op: "top_k", args: [o.i([6], 0, 3), 4] },
    { op: "in_top_k", args: [o.i([4], 0, 4), o.f([4, 5]), 2] },
    { op: "in_top_k", args: [o.i([4], 0, 3), o.ties([4, 5])], kwargs: { k: 1 } },
    ...names("left right").flatMap((side): Call[] => [
      { op: "searchsorted", args: [f32(-1, 0, 0, 2, 3), o.f([2, 3], -2, 4)], kwargs: { side } },
      { op: "searchsorted", args: [i32(1, 2, 2, 5), o.i([6], 0, 6)], kwargs: { side } },
      { op: "searchsorted", args: [f32(-1, 0, 0, 2, 3), f32(0, 2, 9)], kwargs: { side } },
    ]),
    { op: "digitize", args: [o.f([2, 3]), f32(-1, 0, 1)] },
    { op: "digitize", args: [o.i([5]), i32(-2, 0, 3)] },
    ...["linear", "lower", "higher", "nearest", "midpoint"].flatMap((method): Call[] => [
      { op: "quantile", args: [o.f([3, 5]), 0.3], kwargs: { method } },
      {
        op: "quantile",
        args: [o.f([2, 3, 4]), f32(0, 0.25, 1)],
        kwargs: { method, axis: [0, 2], keepdims: true },
      },
      { op: "percentile", args: [o.i([4, 3]), f32(10, 50)], kwargs: { method, axis: 0 } },
      { op: "nanquantile", args: [o.withNaN([3, 5]), 0.4], kwargs: { method, axis: 1 }, gradient: false },
      {
        op: "nanpercentile",
        args: [o.withNaN([2, 3, 4]), f32(25, 75)],
        kwargs: { method, axis: -1, keepdims: true },
        gradient: false,
      },
    ]),
    { op: "quantile", args: [o.f([4]), o.f([2, 2], 0, 1)] },
    { op: "quantile", args: [o.withNaN([2, 5]), 0.5], kwargs: { axis: 1 }, gradient: false },
    { op: "median", args: [o.f([4, 3])], kwargs: { axis: 0, keepdims: true } },
    { op: "unique", args: [o.i([8], 0, 4)] },
    {
      op: "unique",
      args: [o.i([2, 4], 0, 4)],
      kwargs: { return_index: true, return_inverse: true, return_counts: true },
    },
    { op: "unique", args: [o.ties([8])], kwargs: { return_counts: true }, gradient: false },
    { op: "unique", args: [o.i([8], 0, 4)], kwargs: { size: 6, fill_value: -1 } },
    {
      op: "unique",
      args: [o.i([8], 0, 4)],
      kwargs: { size: 6, return_index: true, return_inverse: true, return_counts: true },
    },
    { op: "unique", args: [o.i([8], 0, 9)], kwargs: { size: 2, return_counts: true } },
    { op: "nonzero", args: [o.i([3, 4], -1, 1)] },
    { op: "nonzero", args: [o.b([5])] },
    { op: "where", args: [o.b([2, 3])] },
    { op: "bincount", args: [o.i([10], 0, 5)] },
    { op: "bincount", args: [o.i([2, 5], 0, 3)], kwargs: { minlength: 6 } },
    { op: "bincount", args: [o.i([6], 0, 3)], kwargs: { weights: o.f([6]), minlength: 5 }, gradient: false },
    { op: "bincount", args: [o.i([6], 0, 3)], kwargs: { weights: o.i([6]) } },
    { op: "histogram", args: [o.f([20])], kwargs: { bins: 4 }, gradient: false },
    { op: "histogram", args: [o.i([3, 5])], kwargs: { bins: 5, range: [-3, 3] } },
    { op: "isin", args: [o.i([2, 3]), o.i([4])] },
    { op: "isin", args: [o.ties([6]), o.i([2], 0, 3)], kwargs: { invert: true } },
    ...names("segment_sum segment_max segment_min segment_prod").flatMap((op): Call[] => [
      {
        op,
        args: [o.f([6, 2]), i32(0, 0, 1, 1, 3, 3)],
        kwargs: { num_segments: 5 },
        gradient: op === "segment_sum",
      },
      { op, args: [o.i([6]), i32(2, 0, 1, 0, 2, 2)], kwargs: { num_segments: 3 } },
      {
        op,
        args: [o.f([2, 3, 2]), i32(1, 0)],
        kwargs: { num_segments: 2, sorted: false },
        gradient: op === "segment_sum",
      },
    ]),
  ];
}

function shaping(o: Operands): Call[] {
  return [
    { op: "reshape", args: [o.f([2, 6]), [3, -1]] },
    { op: "reshape", args: [o.f([]), [1, 1]] },
    { op: "transpose", args: [o.f([2, 3, 4]), [2, 0, 1]] },
    { op: "transpose", args: [o.f([2, 3, 4]), [-1, 0, 1]] },
    { op: "swapaxes", args: [o.f([2, 3, 4]), -1, 0] },
    { op: "moveaxis", args: [o.f([2, 3, 4]), [0, 1], [-1, 0]] },
    { op: "moveaxis", args: [o.f([2, 3, 4]), -1, 0] },
    { op: "expand_dims", args: [o.f([2, 3]), [0, -1]] },
    { op: "expand_dims", args: [o.f([2, 3]), -2] },
    { op: "squeeze", args: [o.f([1, 2, 1])] },
    { op: "squeeze", args: [o.f([1, 2, 1])], kwargs: { axis: [0, -1] } },
    { op: "concatenate", args: [[o.f([2, 3]), o.i([2, 1])]], kwargs: { axis: -1 } },
    { op: "concatenate", args: [[o.b([2]), o.i([3])]] },
    { op: "stack", args: [[o.f([2]), o.f([2]), o.f([2])]], kwargs: { axis: -1 } },
    { op: "append", args: [o.f([2, 3]), o.f([4])] },
    { op: "append", args: [o.i([2]), o.f([3])], kwargs: { axis: 0 } },
    ...names("vstack hstack dstack").flatMap((op): Call[] => [
      { op, args: [[o.f([3]), o.f([3])]] },
      { op, args: [[o.f([2, 3]), o.f([2, 3])]] },
      { op, args: [[o.f([2, 3, 1]), o.f([2, 3, 1])]] },
      { op, args: [[o.f([]), o.i([])]] },
    ]),
    { op: "split", args: [o.f([6, 2]), 2], kwargs: { axis: 0 } },
    { op: "split", args: [o.f([3, 7]), [1, 4]], kwargs: { axis: -1 } },
    { op: "array_split", args: [o.f([7, 2]), 4] },
    { op: "array_split", args: [o.f([2, 5]), 2], kwargs: { axis: 1 } },
    { op: "hsplit", args: [o.f([4]), 2] },
    { op: "hsplit", args: [o.f([2, 6]), [1, 3]] },
    { op: "unstack", args: [o.f([3, 2])], kwargs: { axis: -1 } },
    { op: "unstack", args: [o.f([3, 2])], kwargs: { num: 3 } },
    { op: "tile", args: [o.f([2, 3]), [2, 1, 2]] },
    { op: "tile", args: [o.f([2, 3]), 3] },
    { op: "repeat", args: [o.f([2, 3]), 3], kwargs: { axis: -1 } },
    { op: "repeat", args: [o.f([2, 3]), [1, 2]], kwargs: { axis: 0 } },
    { op: "repeat", args: [o.f([3]), i32(0, 2, 1)] },
    { op: "flip", args: [o.f([2, 3])], kwargs: { axis: [0, 1] } },
    { op: "flip", args: [o.f([2, 3])], kwargs: { axis: -1 } },
    { op: "fliplr", args: [o.f([2, 3])] },
    { op: "roll", args: [o.f([2, 3]), -1] },
    { op: "roll", args: [o.f([2, 3]), [1, 5]], kwargs: { axis: [0, 1] } },
    { op: "roll", args: [o.f([4]), 7], kwargs: { axis: 0 } },
    ...[-1, 1, 2, 3, 4].map((k) => ({ op: "rot90", args: [o.f([2, 3, 4])], kwargs: { k, axes: [0, 2] } })),
    { op: "rot90", args: [o.f([2, 3])], kwargs: { axes: [1, 0] } },
    ...["edge", "reflect", "symmetric", "wrap", "maximum", "minimum", "mean", "linear_ramp"].flatMap(
      (mode): Call[] => [
        {
          op: "pad",
          args: [
            o.f([3, 4]),
            [
              [1, 2],
              [2, 1],
            ],
          ],
          kwargs: { mode },
        },
        { op: "pad", args: [o.f([3]), [[2, 5]]], kwargs: { mode } },
        { op: "pad", args: [o.i([4]), 1], kwargs: { mode } },
      ],
    ),
    { op: "pad", args: [o.f([2, 3]), [1, 2]], kwargs: { constant_values: -1.5 } },
    {
      op: "pad",
      args: [
        o.i([2, 3]),
        [
          [1, 0],
          [0, 2],
        ],
      ],
    },
    { op: "broadcast_to", args: [o.f([3]), [2, 3]] },
    { op: "take", args: [o.f([4, 3]), i32(0, -1, 2)], kwargs: { axis: 0 } },
    { op: "take", args: [o.f([4, 3]), o.i([2, 2], 0, 2)], kwargs: { axis: -1 } },
    { op: "take", args: [o.f([4, 3]), 5] },
    { op: "take_along_axis", args: [o.f([3, 4]), o.i([3, 2], -4, 3)], kwargs: { axis: 1 } },
    { op: "take_along_axis", args: [o.f([3, 4]), o.i([1, 4], 0, 2)], kwargs: { axis: 0 } },
    { op: "take_along_axis", args: [o.f([5]), o.i([3], 0, 4)] },
    { op: "slice", args: [o.f([4, 5]), [1, 2], [2, -1]] },
    { op: "slice", args: [o.f([4, 5]), [3, 4], [2, 3]] },
    { op: "slice", args: [o.f([4, 5]), i32(1, 2), [2, 2]] },
    { op: "slice_update", args: [o.f([4, 5]), [1, 2], o.f([2, 2])] },
    { op: "slice_update", args: [o.f([4, 5]), [3, 4], o.f([2, 5])] },
    { op: "slice_update", args: [o.f([4]), i32(1), o.f([2])] },
    { op: "scatter", args: [o.i([5, 1], 0, 3), o.f([5, 2]), [4, 2]] },
    { op: "scatter", args: [o.i([2, 3, 2], 0, 2), o.f([2, 3]), [3, 4]] },
    ...[null, "add", "max", "min", "mul"].map((reduction) => ({
      op: "scatter_update",
      args: [
        o.f([4, 3]),
        reduction === null ? { ...i32(0, 1, 2, 0), shape: [2, 2] } : o.i([4, 2], 0, 2),
        o.f([reduction === null ? 2 : 4]),
      ],
      kwargs: { reduction },
    })),
    { op: "unravel_index", args: [o.i([4], 0, 11), [3, 4]] },
    { op: "meshgrid", args: [o.f([2]), o.f([3])], kwargs: { indexing: "ij" } },
    { op: "meshgrid", args: [o.f([2]), o.i([3]), o.f([2])] },
    { op: "rearrange", args: [o.f([2, 6, 3]), "a (b c) d -> c (a d) b"], kwargs: { c: 3 }, gradient: false },
    { op: "extract_sequences", args: [o.f([2, 3, 9]), 4, 2] },
    { op: "view", args: [o.f([3])], kwargs: { dtype: "int32" }, gradient: false },
    { op: "diagonal", args: [o.f([3, 4])], kwargs: { offset: -1 } },
    { op: "diagonal", args: [o.f([2, 3, 4])], kwargs: { offset: 1, axis1: 2, axis2: 0 } },
    { op: "trace", args: [o.i([3, 3])] },
    { op: "trace", args: [o.f([2, 3, 4])], kwargs: { offset: -1, axis1: -1, axis2: 1 } },
    ...[-2, 0, 1].flatMap((k): Call[] => [
      { op: "diag", args: [o.f([3])], kwargs: { k } },
      { op: "diag", args: [o.f([3, 4])], kwargs: { k } },
      { op: "diagflat", args: [o.i([2, 2])], kwargs: { k } },
      { op: "tril", args: [o.f([2, 3, 4])], kwargs: { k } },
      { op: "triu", args: [o.i([3, 4])], kwargs: { k } },
      { op: "tri", args: [3, 4], kwargs: { k, dtype: "int32" } },
      { op: "eye", args: [3, 5], kwargs: { k } },
    ]),
    { op: "vander", args: [o.f([3])] },
    { op: "vander", args: [o.i([3])], kwargs: { N: 2, increasing: true } },
    { op: "one_hot", args: [o.i([3], -1, 4), 3] },
    { op: "one_hot", args: [o.i([2, 3], 0, 3), 4], kwargs: { axis: 1, dtype: "int32" } },
    { op: "multi_hot", args: [o.i([2, 3], 0, 4), 5] },
    { op: "multi_hot", args: [o.i([3], 0, 4), 5] },
    { op: "full", args: [[2, 3], 1.5] },
    { op: "full_like", args: [o.i([2]), 3] },
    { op: "arange", args: [2, 10, 3] },
    { op: "arange", args: [0.5, 3] },
    { op: "arange", args: [5], kwargs: { dtype: "float32" } },
    { op: "linspace", args: [0, 1, 5], kwargs: { endpoint: false } },
    { op: "linspace", args: [o.f([2]), o.f([2]), 4], kwargs: { axis: -1 } },
    { op: "linspace", args: [0, 10, 4], kwargs: { dtype: "int32" } },
    { op: "logspace", args: [0, 2, 4], kwargs: { base: 2 } },
    { op: "geomspace", args: [1, 1000, 4] },
    { op: "geomspace", args: [-1, -8, 4], kwargs: { endpoint: false } },
    ...names("bartlett blackman hamming hanning").flatMap((op): Call[] =>
      [1, 2, 7].map((n) => ({ op, args: [n] })),
    ),
    { op: "kaiser", args: [7, 3.5] },
    { op: "diff", args: [o.i([2, 5])], kwargs: { n: 2 } },
    { op: "diff", args: [o.b([5])] },
    { op: "diff", args: [o.f([4, 2])], kwargs: { axis: 0 } },
    { op: "trapezoid", args: [o.f([2, 4])], kwargs: { x: o.f([4]) } },
    { op: "trapezoid", args: [o.i([2, 4])], kwargs: { dx: 0.5, axis: 0 } },
    { op: "trapezoid", args: [o.f([2, 4])], kwargs: { x: o.f([2, 4]) } },
    { op: "select", args: [[o.b([3]), o.b([3])], [o.f([3]), o.f([3])], -1.5] },
    { op: "where", args: [o.b([2, 1]), o.f([3]), o.i([2, 3])] },
    { op: "where", args: [o.b([3]), o.i([3]), 1.5] },
    { op: "nan_to_num", args: [edges], kwargs: { nan: 2, posinf: 5 }, gradient: false },
    { op: "isclose", args: [f32(1, 1e10, Infinity), f32(1.00001, 1.00001e10, Infinity)] },
    { op: "allclose", args: [f32(1, Number.NaN), f32(1, Number.NaN)], kwargs: { equal_nan: true } },
    ...[-2, -1, 0, 1, 2].flatMap((decimals): Call[] => [
      { op: "round", args: [o.f([5], -200, 200)], kwargs: { decimals } },
      { op: "round", args: [o.i([5], -200, 200)], kwargs: { decimals } },
    ]),
    { op: "round", args: [f32(0.5, 1.5, 2.5, -0.5, -1.5)] },
    { op: "get_item", args: [o.f([3, 4]), [-1]] },
  ];
}

function products(o: Operands): Call[] {
  return [
    { op: "matmul", args: [o.f([3]), o.f([3])] },
    { op: "matmul", args: [o.f([2, 3]), o.f([4, 3, 2])] },
    { op: "matmul", args: [o.i([2, 3]), o.f([3])] },
    { op: "matmul", args: [o.i([2, 3], -5, 5, "i8"), o.i([3, 2], -5, 5, "i8")] },
    { op: "matmul", args: [o.f([3]), o.f([2, 3, 4])] },
    { op: "matmul", args: [o.f([5, 1, 2, 3]), o.f([2, 3, 4])] },
    { op: "dot", args: [o.f([2, 3]), o.f([4, 3, 2])] },
    { op: "dot", args: [o.f([]), o.f([2])] },
    { op: "dot", args: [o.f([2, 3]), o.f([3])] },
    { op: "vdot", args: [o.f([2, 3]), o.f([2, 3])] },
    { op: "inner", args: [o.f([2, 3]), o.f([3])] },
    { op: "inner", args: [o.f([2, 3]), o.f([4, 5, 3])] },
    { op: "inner", args: [o.f([2]), o.f([])] },
    { op: "outer", args: [o.f([2, 2]), o.i([3])] },
    { op: "tensordot", args: [o.f([2, 3]), o.f([3, 4])], kwargs: { axes: 1 } },
    { op: "tensordot", args: [o.f([2, 3]), o.f([4, 5])], kwargs: { axes: 0 } },
    {
      op: "tensordot",
      args: [o.f([2, 3, 4]), o.f([4, 3])],
      kwargs: {
        axes: [
          [1, -1],
          [1, 0],
        ],
      },
    },
    { op: "kron", args: [o.f([2, 2]), o.f([3])] },
    { op: "kron", args: [o.i([2]), o.f([2, 3, 2])] },
    { op: "cross", args: [o.f([2, 3]), o.f([3])] },
    { op: "cross", args: [o.f([2]), o.f([3])] },
    { op: "cross", args: [o.f([2, 2]), o.f([2, 2])] },
    { op: "cross", args: [o.f([3, 4]), o.f([3, 4])], kwargs: { axis: 0 } },
    { op: "cross", args: [o.f([3, 4]), o.f([4, 3])], kwargs: { axisa: 0, axisc: 0 } },
    { op: "cdist", args: [o.f([2, 3, 4]), o.f([2, 5, 4])] },
    ...["ij,kj->ik", "ij,ij->", "ij,ij->i", "bij,bjk", "ij,jk->ki", "ii,ij->j", "ij,k->kij"].map((spec) => ({
      op: "einsum",
      args: [
        spec,
        ...spec
          .split("->")[0]
          .split(",")
          .map((term) => o.f([...term].map((letter) => ({ b: 2, i: 3, j: 3, k: 3 })[letter] ?? 3))),
      ],
    })),
    { op: "einsum", args: ["...ij,...jk->...ik", o.f([2, 1, 3, 4]), o.f([5, 4, 2])] },
    { op: "einsum", args: ["iij->j", o.f([3, 3, 2])] },
    { op: "einsum", args: ["ii", o.f([3, 3])] },
    { op: "einsum", args: ["ij", o.f([2, 3])] },
    { op: "einsum", args: ["i,ij,j->", o.f([2]), o.f([2, 3]), o.f([3])] },
    ...["valid", "same", "full"].flatMap((mode): Call[] => [
      { op: "correlate", args: [o.f([6]), o.f([3])], kwargs: { mode } },
      { op: "correlate", args: [o.f([3]), o.f([6])], kwargs: { mode } },
      { op: "correlate", args: [o.f([5]), o.f([4])], kwargs: { mode } },
      { op: "correlate", args: [o.i([4]), o.i([2])], kwargs: { mode } },
    ]),
    { op: "corrcoef", args: [o.f([3, 5])], gradient: false },
    { op: "corrcoef", args: [o.f([5])], gradient: false },
    { op: "psnr", args: [o.f([2, 3]), o.f([2, 3]), 2] },
  ];
}

function network(o: Operands): Call[] {
  const image = (): NDArray => o.f([2, 6, 7, 4]);
  const formats: readonly Kwargs[] = [
    {},
    { padding: "same" },
    { padding: "same", strides: 2 },
    { strides: [2, 1] },
  ];
  return [
    ...formats.flatMap((kwargs): Call[] => [
      { op: "conv", args: [image(), o.f([3, 2, 4, 3])], kwargs },
      { op: "conv", args: [image(), o.f([2, 3, 2, 4])], kwargs },
      { op: "depthwise_conv", args: [image(), o.f([3, 3, 4, 2])], kwargs: { ...kwargs, strides: 1 } },
      {
        op: "separable_conv",
        args: [image(), o.f([3, 3, 4, 1]), o.f([1, 1, 4, 3])],
        kwargs: { ...kwargs, strides: 1 },
      },
      { op: "conv_transpose", args: [image(), o.f([3, 2, 3, 4])], kwargs },
      { op: "conv_transpose", args: [image(), o.f([2, 4, 3, 4])], kwargs },
      { op: "max_pool", args: [image(), 2], kwargs },
      { op: "average_pool", args: [image(), [3, 2]], kwargs },
    ]),
    {
      op: "conv",
      args: [o.f([1, 4, 9, 7]), o.f([2, 2, 4, 3])],
      kwargs: { data_format: "channels_first", dilation_rate: 2 },
    },
    { op: "conv", args: [o.f([1, 9, 2]), o.f([3, 2, 3])], kwargs: { dilation_rate: 2, padding: "same" } },
    {
      op: "conv_transpose",
      args: [o.f([1, 4, 5, 5]), o.f([2, 2, 3, 4])],
      kwargs: { data_format: "channels_first", strides: 2 },
    },
    {
      op: "conv_transpose",
      args: [o.f([1, 5, 2]), o.f([3, 3, 2])],
      kwargs: { strides: 2, output_padding: 1 },
    },
    {
      op: "conv_transpose",
      args: [o.f([1, 5, 2]), o.f([3, 3, 2])],
      kwargs: { strides: 2, output_padding: 0, padding: "same" },
    },
    {
      op: "conv_transpose",
      args: [o.f([1, 5, 2]), o.f([3, 3, 2])],
      kwargs: { dilation_rate: 2, padding: "same" },
    },
    { op: "conv_transpose", args: [o.f([1, 3, 3, 3, 2]), o.f([2, 2, 2, 3, 2])], kwargs: { strides: 2 } },
    { op: "max_pool", args: [o.f([1, 7, 2]), 3], kwargs: { strides: 1, padding: "same" } },
    { op: "max_pool", args: [o.ties([1, 6, 6, 1]), 3], kwargs: { strides: 2 } },
    {
      op: "average_pool",
      args: [o.f([1, 2, 5, 5]), 2],
      kwargs: { data_format: "channels_first", padding: "same" },
    },
    { op: "average_pool", args: [o.f([1, 4, 4, 4, 2]), 2] },
    ...names("adaptive_average_pool adaptive_max_pool").flatMap((op): Call[] => [
      { op, args: [image(), 3] },
      { op, args: [image(), [4, 2]] },
      { op, args: [o.f([1, 2, 5, 7]), [2, 5]], kwargs: { data_format: "channels_first" } },
      { op, args: [o.f([2, 7, 3]), 4] },
      { op, args: [o.f([1, 4, 5, 3, 2]), [2, 3, 3]] },
    ]),
    {
      op: "batch_normalization",
      args: [o.f([2, 3, 4]), o.f([3]), o.f([3], 0.5, 2), 1],
      kwargs: { scale: o.f([3]), epsilon: 0.01 },
    },
    {
      op: "layer_normalization",
      args: [o.f([2, 3, 4])],
      kwargs: { axis: [1, 2], gamma: o.f([3, 4]), beta: o.f([3, 4]) },
    },
    { op: "layer_normalization", args: [o.f([2, 3, 4])], kwargs: { axis: 1 } },
    { op: "rms_normalization", args: [o.f([2, 3, 4]), o.f([3, 4])], kwargs: { axis: [1, 2] } },
    { op: "rms_normalization", args: [o.f([2, 3])], kwargs: { axis: -1 } },
    {
      op: "dot_product_attention",
      args: [o.f([2, 3, 4, 2]), o.f([2, 5, 2, 2]), o.f([2, 5, 2, 2])],
      kwargs: { mask: o.b([2, 1, 3, 5]), bias: o.f([2, 4, 3, 5]) },
    },
    {
      op: "dot_product_attention",
      args: [o.f([2, 3, 2, 4]), o.f([2, 3, 2, 4]), o.f([2, 3, 2, 4])],
      kwargs: { is_causal: true, scale: 0.3 },
    },
    {
      op: "dot_product_attention",
      args: [o.f([2, 3, 2, 4]), o.f([2, 4, 2, 4]), o.f([2, 4, 2, 4])],
      kwargs: { mask: o.b([2, 3, 4]) },
    },
    { op: "categorical_crossentropy", args: [o.f([2, 3], 0, 1), o.f([2, 3], 0.1, 1)] },
    {
      op: "categorical_crossentropy",
      args: [o.f([3, 2], 0, 1), o.f([3, 2])],
      kwargs: { from_logits: true, axis: 0 },
    },
    {
      op: "sparse_categorical_crossentropy",
      args: [o.i([2, 4], 0, 2), o.f([2, 4, 3])],
      kwargs: { from_logits: true },
    },
    { op: "sparse_categorical_crossentropy", args: [o.i([2], 0, 2), o.f([2, 3], 0.1, 1)] },
    { op: "binary_crossentropy", args: [o.f([2, 3], 0, 1), o.f([2, 3], -0.2, 1.2)] },
    { op: "binary_crossentropy", args: [o.f([2, 3], 0, 1), o.f([2, 3])], kwargs: { from_logits: true } },
    { op: "unfold", args: [o.f([1, 2, 6, 5]), [3, 2]], kwargs: { stride: [2, 1], padding: [1, 0] } },
    { op: "unfold", args: [o.f([2, 1, 7, 7]), 3], kwargs: { dilation: 2 } },
    { op: "fold", args: [o.f([1, 12, 8]), [5, 5], [3, 2]], kwargs: { stride: [2, 1] } },
    { op: "fold", args: [o.f([2, 4, 9]), [4, 4], 2], kwargs: { padding: 1, stride: 2 } },
    { op: "depth_to_space", args: [o.f([1, 8, 2, 3]), 2], kwargs: { data_format: "channels_first" } },
    { op: "space_to_depth", args: [o.f([1, 2, 6, 3]), 3], kwargs: { data_format: "channels_first" } },
    { op: "ctc_loss", args: [o.i([2, 3], 1, 4), o.f([2, 7, 5]), i32(2, 3), i32(7, 5)] },
    {
      op: "ctc_loss",
      args: [i32Shape([2, 3], 1, 1, 2, 2, 2, 2), o.f([2, 6, 4]), i32(3, 2), i32(6, 6)],
      kwargs: { mask_index: 0 },
    },
    { op: "ctc_decode", args: [o.f([2, 6, 4]), i32(6, 4)], gradient: false },
    {
      op: "ctc_decode",
      args: [o.f([2, 6, 4]), i32(6, 4)],
      kwargs: { merge_repeated: false, mask_index: 3 },
      gradient: false,
    },
    {
      op: "ctc_decode",
      args: [o.f([2, 5, 4]), i32(5, 3)],
      kwargs: { strategy: "beam_search", beam_width: 4, top_paths: 2 },
      gradient: false,
    },
    { op: "polar", args: [o.f([3]), o.f([3])], gradient: false },
    { op: "view_as_complex", args: [o.f([3, 2])], gradient: false },
  ];
}

function i32Shape(shape: readonly number[], ...values: number[]): NDArray {
  return { ...i32(...values), shape };
}

function images(o: Operands): Call[] {
  const image = (): NDArray => o.f([2, 6, 5, 3], 0, 1);
  const interpolations = ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"];
  const transform = (): NDArray => ({
    dtype: "f32",
    shape: [2, 8],
    data: Float32Array.of(1.1, 0.2, -0.7, -0.1, 0.9, 0.4, 0, 0, 0.8, -0.3, 1.2, 0.25, 1.2, -0.6, 0, 0),
  });
  return [
    ...interpolations.flatMap((interpolation): Call[] => [
      { op: "image.resize", args: [image(), [9, 4]], kwargs: { interpolation } },
      { op: "image.resize", args: [image(), [3, 2]], kwargs: { interpolation, antialias: true } },
      {
        op: "image.resize",
        args: [o.f([3, 6, 5], 0, 1), [4, 8]],
        kwargs: { interpolation, data_format: "channels_first" },
      },
      // Interpolated bytes may come to lie on a half, which rounds either way.
      ...(interpolation === "nearest"
        ? [{ op: "image.resize", args: [o.i([1, 4, 4, 1], 0, 255, "u8"), [7, 3]], kwargs: { interpolation } }]
        : []),
      { op: "image.resize", args: [image(), [4, 8]], kwargs: { interpolation, crop_to_aspect_ratio: true } },
      {
        op: "image.resize",
        args: [image(), [4, 8]],
        kwargs: { interpolation, pad_to_aspect_ratio: true, fill_value: 0.5 },
      },
    ]),
    ...["linear", "cubic", "lanczos3", "lanczos5"].flatMap((method): Call[] => [
      {
        op: "image.scale_and_translate",
        args: [image(), [2, 8, 4, 3], f32(1.5, 0.7), f32(0.5, -1), [1, 2], method],
        gradient: false,
      },
      {
        op: "image.scale_and_translate",
        args: [image(), [2, 6, 5, 3], f32(1, 1.3), f32(-0.5, 0.2), [1, 2], method, false],
        gradient: false,
      },
    ]),
    ...["constant", "nearest", "wrap", "mirror", "reflect"].flatMap((fill_mode): Call[] => [
      ...["nearest", "bilinear"].map((interpolation) => ({
        op: "image.affine_transform", args: [image(), transform()], kwargs: { interpolation, fill_mode, fill_value: 0.3 }, gradient: false,
      })), // biome-ignore format: one call
      {
        op: "image.map_coordinates",
        args: [o.f([4, 5]), o.f([2, 3, 2], -3, 8), 1],
        kwargs: { fill_mode, fill_value: 0.5 },
      },
      {
        op: "image.map_coordinates",
        args: [o.f([4, 5, 2]), o.f([3, 6], -3, 8)],
        kwargs: { order: 0, fill_mode },
      },
      { op: "image.map_coordinates", args: [o.i([4, 5]), o.f([2, 4], -2, 6), 1], kwargs: { fill_mode } },
    ]),
    {
      op: "image.affine_transform",
      args: [o.f([3, 6, 5], 0, 1), f32(1, 0.1, 0, 0, 1, 0.5, 0, 0)],
      kwargs: { data_format: "channels_first" },
      gradient: false,
    },
    {
      op: "image.perspective_transform",
      args: [
        o.f([6, 5, 3]),
        { ...f32(0, 0, 4, 0, 0, 5, 4, 5), shape: [4, 2] },
        { ...f32(1, 0, 4, 1, 0, 4, 3, 5), shape: [4, 2] },
      ],
      gradient: false,
    },
    ...["rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb"].flatMap((name): Call[] => [
      { op: `image.${name}`, args: [image()], gradient: name === "rgb_to_grayscale" },
      {
        op: `image.${name}`,
        args: [o.f([3, 4, 5], 0, 1)],
        kwargs: { data_format: "channels_first" },
        gradient: false,
      },
    ]),
    { op: "image.rgb_to_grayscale", args: [o.i([4, 4, 3], 0, 255, "u8")] },
    { op: "image.extract_patches", args: [image(), [3, 2]], kwargs: { strides: [1, 2], padding: "same" } },
    { op: "image.extract_patches", args: [o.f([3, 6, 5]), 2], kwargs: { data_format: "channels_first" } },
    { op: "image.extract_patches", args: [image(), 2], kwargs: { strides: 1, dilation_rate: 2 } },
    { op: "image.extract_patches_3d", args: [o.f([1, 4, 4, 5, 2]), 2], kwargs: { strides: 1 } },
    {
      op: "image.pad_images",
      args: [image()],
      kwargs: { top_padding: 1, left_padding: 0, target_height: 9, target_width: 7 },
    },
    {
      op: "image.crop_images",
      args: [image()],
      kwargs: { bottom_cropping: 1, right_cropping: 2, target_height: 3, target_width: 2 },
    },
    {
      op: "image.crop_images",
      args: [image()],
      kwargs: { top_cropping: 1, left_cropping: 1, bottom_cropping: 1, right_cropping: 1 },
    },
    {
      op: "image.gaussian_blur",
      args: [image()],
      kwargs: { kernel_size: [5, 3], sigma: [1.5, 0.7], data_format: "channels_last" },
    },
    { op: "image.gaussian_blur", args: [o.f([3, 6, 5])], kwargs: { data_format: "channels_first" } },
    { op: "image.sobel_edges", args: [image()] },
    {
      op: "image.ssim",
      args: [o.f([2, 12, 12, 3], 0, 1), o.f([2, 12, 12, 3], 0, 1)],
      kwargs: { filter_size: 5 },
      gradient: false,
    },
    { op: "image.ssim", args: [o.f([12, 12, 1], 0, 1), o.f([12, 12, 1], 0, 1)], gradient: false },
  ];
}

/** All calls, by family. */
export const callFamilies: { readonly [family: string]: (seed: number) => Call[] } = Object.fromEntries(
  Object.entries({
    unary,
    kinks,
    binary,
    integers,
    reductions,
    cumulative,
    ordering,
    shaping,
    products,
    network,
    images,
  }).map(([name, calls]) => [name, (seed: number) => calls(new Operands(seed))]),
);
