/**
 * `keras.ops`, activations: elementwise functions of the neural network literature, and softmax. Formulas stand where the name does not say
 * them.
 */
import { isFloat } from "../../../ir/dtype.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { type Axes, axesOf, staticDim, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, choose, clamp, constantOf, numeric, real } from "./apply.ts";
import { sliceAxis } from "./joining.ts";
import { asTensor, operation, parametric } from "./operation.ts";
import { maxOf } from "./reduce.ts";

const activation = (keras: string, f: (x: Tensor) => Tensor) =>
  operation("nn", keras, (x: TensorLike) => f(real(x)));
const positive = (x: Tensor): Tensor => apply("lt", 0, x);

/** max(x, 0), with gradient 0 at 0; integers stay integers. */
export const relu = operation("nn", "relu", (x: TensorLike) => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? apply("relu", tensor) : apply("max", tensor, 0);
});
/** min(max(x, 0), 6), with gradient 0 at 0 and 6. */
export const relu6 = activation("relu6", relu6Of);
export const sigmoid = activation("sigmoid", (x) => apply("sigmoid", x));
/** log(1 + exp(x)), without overflow: max(x, 0) + log1p(exp(-|x|)). */
export const softplus = activation("softplus", softplusOf);
export const logSigmoid = activation("logSigmoid", (x) => apply("neg", softplusOf(apply("neg", x))));
/** x / (1 + |x|). */
export const softsign = activation("softsign", (x) => apply("div", x, apply("add", 1, apply("abs", x))));
/** x sigmoid(x) (Ramachandran et al., 2017). */
export const silu = activation("silu", (x) => apply("mul", x, apply("sigmoid", x)));
export const swish = silu;
/** (x + sqrt(x^2 + b)) / 2. */
export const squareplus = parametric(
  "nn",
  "squareplus",
  ["b"],
  (x: TensorLike, { b = 4 }: { b?: number }) => {
    const tensor = real(x);
    return apply(
      "mul",
      0.5,
      apply("add", tensor, apply("sqrt", apply("add", apply("mul", tensor, tensor), b))),
    );
  },
);
/** x tanh(softplus(x)) (Misra, 2019). */
export const mish = activation("mish", (x) => apply("mul", x, apply("tanh", softplusOf(x))));
export const tanhShrink = activation("tanhShrink", (x) => apply("sub", x, apply("tanh", x)));
/** clip(x / 6 + 1 / 2, 0, 1). */
export const hardSigmoid = activation("hardSigmoid", hardSigmoidOf);
export const hardSilu = activation("hardSilu", (x) => apply("mul", x, hardSigmoidOf(x)));
export const hardSwish = hardSilu;
/** clip((x + 1) / 2, 0, 1). */
export const sparseSigmoid = activation("sparseSigmoid", (x) =>
  clamp(apply("mul", apply("add", x, 1), 0.5), 0, 1),
);
/** 0 below -1, (x + 1)^2 / 4 up to 1, then x. */
export const sparsePlus = activation("sparsePlus", (x) => {
  const middle = apply("add", clamp(x, -1, 1), 1);
  return choose(apply("le", 1, x), x, apply("mul", apply("mul", middle, middle), 0.25));
});
/** clip(x, -1, 1), with gradient 1 at -1 and 1; integers stay integers. */
export const hardTanh = operation("nn", "hardTanh", (x: TensorLike) => {
  const tensor = numeric(asTensor(x));
  return choose(apply("lt", 1, tensor), 1, choose(apply("lt", tensor, -1), -1, tensor));
});

/** x for positive x, else slope times x. */
export const leakyRelu = parametric(
  "nn",
  "leakyRelu",
  ["negativeSlope"],
  (x: TensorLike, { negativeSlope = 0.2 }: { negativeSlope?: number }) => leakyReluOf(real(x), negativeSlope),
);
/** x for positive x, else alpha (exp(x) - 1) (Clevert et al., 2015). */
export const elu = parametric("nn", "elu", ["alpha"], (x: TensorLike, { alpha = 1 }: { alpha?: number }) =>
  eluOf(real(x), alpha),
);
/** x for positive x, else alpha (exp(x / alpha) - 1). */
export const celu = parametric(
  "nn",
  "celu",
  ["alpha"],
  (x: TensorLike, { alpha = 1 }: { alpha?: number }) => {
    const tensor = real(x);
    return choose(
      positive(tensor),
      tensor,
      apply("mul", alpha, apply("expm1", apply("div", choose(positive(tensor), 0, tensor), alpha))),
    );
  },
);
/** Klambauer et al., "Self-normalizing neural networks", 2017: elu with alpha 1.6733, times 1.0507. */
export const selu = activation("selu", (x) => apply("mul", 1.0507009873554805, eluOf(x, 1.6732632423543772)));

/** Hendrycks and Gimpel, 2016: x times the normal distribution function of x; `approximate` (default) by tanh. */
export const gelu = parametric(
  "nn",
  "gelu",
  ["approximate"],
  (x: TensorLike, { approximate = true }: { approximate?: boolean }) => geluOf(real(x), approximate),
);

/** 0 where |x| <= threshold. */
export const hardShrink = parametric(
  "nn",
  "hardShrink",
  ["threshold"],
  (x: TensorLike, { threshold: limit = 0.5 }: { threshold?: number }) => {
    const tensor = real(x);
    return choose(apply("lt", limit, apply("abs", tensor)), tensor, 0);
  },
);
/** x moved towards 0 by the threshold, 0 within it. */
export const softShrink = parametric(
  "nn",
  "softShrink",
  ["threshold"],
  (x: TensorLike, { threshold: limit = 0.5 }: { threshold?: number }) => {
    const tensor = real(x);
    const below = choose(apply("lt", tensor, -limit), apply("add", tensor, limit), 0);
    return choose(apply("lt", limit, tensor), apply("sub", tensor, limit), below);
  },
);
/** x where it is larger than the threshold, else `defaultValue`. */
export const threshold = parametric(
  "nn",
  "threshold",
  ["threshold", "defaultValue"],
  (x: TensorLike, { threshold: limit, defaultValue }: { threshold: number; defaultValue: number }) => {
    const tensor = real(x);
    return choose(apply("lt", limit, tensor), tensor, defaultValue);
  },
);
/** The first half of an axis (default -1) times the sigmoid of the second (Dauphin et al., 2016). */
export const glu = parametric("nn", "glu", ["axis"], (x: TensorLike, { axis = -1 }: { axis?: number }) => {
  const tensor = real(x);
  const at = normalizeAxis(axis, tensor.rank);
  const size = staticDim(tensor.shape[at], "the axis of glu");
  return apply(
    "mul",
    sliceAxis(tensor, at, 0, size / 2),
    apply("sigmoid", sliceAxis(tensor, at, size / 2, size)),
  );
});

export interface AxisOption {
  /** Default -1. */
  axis?: Axes;
}

/** exp(x) / sum(exp(x)) along `axis`. */
export const softmax = parametric("nn", "softmax", ["axis"], (x: TensorLike, { axis = -1 }: AxisOption) =>
  softmaxOf(real(x), axis),
);
export const logSoftmax = parametric(
  "nn",
  "logSoftmax",
  ["axis"],
  (x: TensorLike, { axis = -1 }: AxisOption) => logSoftmaxOf(real(x), axis),
);

export function softplusOf(x: Tensor): Tensor {
  // -|x|, as a minimum: at 0 its slope is none, and that of the maximum a half.
  const distance = apply("min", x, apply("neg", x));
  return apply("add", apply("max", x, 0), apply("log1p", apply("exp", distance)));
}

function hardSigmoidOf(x: Tensor): Tensor {
  return apply("div", relu6Of(apply("add", x, 3)), 6);
}

function relu6Of(x: Tensor): Tensor {
  return choose(apply("le", x, 0), 0, choose(apply("le", 6, x), 6, x));
}

export function leakyReluOf(x: Tensor, slope: number): Tensor {
  return choose(apply("le", 0, x), x, apply("mul", slope, x));
}

export function eluOf(x: Tensor, alpha: number): Tensor {
  return choose(positive(x), x, apply("mul", alpha, apply("expm1", choose(positive(x), 0, x))));
}

export function geluOf(x: Tensor, approximate: boolean): Tensor {
  if (!approximate)
    return apply("mul", apply("mul", 0.5, x), apply("add", 1, apply("erf", apply("mul", x, Math.SQRT1_2))));
  const cubic = apply("mul", apply("mul", x, apply("mul", x, x)), 0.044715);
  const inner = apply("mul", Math.sqrt(2 / Math.PI), apply("add", x, cubic));
  return apply("mul", apply("mul", 0.5, x), apply("add", 1, apply("tanh", inner)));
}

/** x less its maximum, which cancels in what follows and therefore carries no gradient. */
function shifted(x: Tensor, axis: Axes): Tensor {
  return apply("sub", x, constantOf(maxOf(x, axis, true)));
}

export function softmaxOf(x: Tensor, axis: Axes): Tensor {
  const e = apply("exp", shifted(x, axesOf(axis, x.rank)));
  return apply("div", e, sum(e, axis, true));
}

export function logSoftmaxOf(x: Tensor, axis: Axes): Tensor {
  const moved = shifted(x, axesOf(axis, x.rank));
  return apply("sub", moved, apply("log", sum(apply("exp", moved), axis, true)));
}
