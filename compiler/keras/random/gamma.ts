/**
 * `keras.random`: gamma, beta and binomial numbers. Their distributions are those of Keras, the single numbers are not: there they come out of
 * loops that depend on data.
 */
import type { Shape } from "../../../ir/dim.ts";
import { Unsupported } from "../../../ir/errors.ts";
import { broadcastTo, cast, setShape, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, choose, iota, real } from "../ops/apply.ts";
import { dtypeFrom } from "../ops/create.ts";
import { parametric } from "../ops/operation.ts";
import { takeAlong } from "../ops/picking.ts";
import { maxOf, position } from "../ops/reduce.ts";
import { standardNormal, uniformBetween, unitUniform } from "./bits.ts";
import type { DrawOptions } from "./distributions.ts";
import { keyOf, splitKey } from "./key.ts";

/** How often a gamma number is tried: each is taken with more than 95 percent, so that one in 10^15 is none. */
const TRIES = 12;
/** The smallest normal f32: its logarithm is finite. */
const TINY = 2 ** -126;

interface GammaOptions extends DrawOptions {
  /** The shape parameter; broadcasts. */
  alpha: TensorLike;
}

/** Gamma numbers with scale 1: mean and variance are alpha. */
export const gamma = parametric(
  "random",
  "random.gamma",
  ["shape", "alpha", "dtype", "seed"],
  ({ shape, alpha, dtype, seed }: GammaOptions) =>
    cast(gammaOf(keyOf(seed), shape, broadcastTo(real(alpha), shape)), dtypeFrom(dtype)),
);

/**
 * Marsaglia and Tsang, "A simple method for generating gamma variables", 2000: d v is gamma(a) with d = a - 1/3, v = (1 + x / sqrt(9 d))^3 for normal
 * x, where log u < x^2 / 2 + d (1 - v + log v). For a < 1, gamma(a + 1) u^(1 / a). All tries are made at once and the first good one is taken.
 */
function gammaOf(key: Tensor, shape: Shape, alpha: Tensor): Tensor {
  const [normals, uniforms, boosts] = splitKey(key, 3);
  const small = apply("lt", alpha, 1);
  const d = apply("sub", choose(small, apply("add", alpha, 1), alpha), 1 / 3);
  const tries = [TRIES, ...shape];
  const x = standardNormal(normals, tries);
  const root = apply("add", 1, apply("div", x, apply("sqrt", apply("mul", 9, d))));
  const v = apply("mul", root, apply("mul", root, root));
  const logV = apply("log", apply("max", v, TINY));
  const limit = apply(
    "add",
    apply("mul", 0.5, apply("mul", x, x)),
    apply("mul", d, apply("add", apply("sub", 1, v), logV)),
  );
  const u = uniformBetween(uniforms, tries, TINY, 1);
  const good = apply("and", apply("lt", 0, v), apply("lt", apply("log", u), limit));
  const first = position(cast(good, "i32"), { axis: 0, keepdims: true });
  const taken = setShape(takeAlong(v, first, 0), shape);
  const boost = apply(
    "pow",
    uniformBetween(boosts, shape, TINY, 1),
    apply("div", 1, choose(small, alpha, 1)),
  );
  return apply("mul", apply("mul", d, taken), choose(small, boost, 1));
}

interface BetaOptions extends DrawOptions {
  alpha: TensorLike;
  beta: TensorLike;
}

/** Beta numbers in [0, 1]: x / (x + y) for gamma numbers x of alpha and y of beta. */
export const beta = parametric(
  "random",
  "random.beta",
  ["shape", "alpha", "beta", "dtype", "seed"],
  ({ shape, alpha, beta: second, dtype, seed }: BetaOptions) => {
    const keys = splitKey(keyOf(seed), 2);
    const [x, y] = [alpha, second].map((a, i) => gammaOf(keys[i], shape, broadcastTo(real(a), shape)));
    return cast(apply("div", x, apply("add", x, y)), dtypeFrom(dtype));
  },
);

interface BinomialOptions extends DrawOptions {
  /** How many trials; broadcasts. */
  counts: TensorLike;
  /** With what probability each succeeds; broadcasts. */
  probabilities: TensorLike;
}

/** How many of `counts` trials succeed. Compiled, `counts` must be a number. */
export const binomial = parametric(
  "random",
  "random.binomial",
  ["shape", "counts", "probabilities", "dtype", "seed"],
  ({ shape, counts, probabilities, dtype, seed }: BinomialOptions) => {
    const trials = typeof counts === "number" ? counts : mostTrials(real(counts));
    const drawn = unitUniform(keyOf(seed), [trials, ...shape]);
    const success = apply("lt", drawn, broadcastTo(real(probabilities), shape));
    const number = setShape(iota(drawn.engine, [trials], 0, "f32"), [trials, ...shape.map(() => 1)]);
    const counted = apply("lt", number, broadcastTo(real(counts), shape));
    return cast(sum(cast(apply("and", success, counted), "f32"), 0, false), dtypeFrom(dtype));
  },
);

function mostTrials(counts: Tensor): number {
  if (counts.engine.kind === "trace")
    throw new Unsupported(
      "a compiled function",
      "a number of trials that depends on data (random.binomial)",
      {
        hint: "Give `counts` as a number, or compute it eagerly",
      },
    );
  return Number(maxOf(counts, null, false).arraySync().data[0]);
}
