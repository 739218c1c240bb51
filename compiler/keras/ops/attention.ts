/**
 * `keras.ops.dotProductAttention` (Vaswani et al., "Attention is all you need", 2017), with groups of query heads that share keys and values
 * (Ainslie et al., "GQA", 2023).
 */
import { type Dim, divideDims } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { cast, setShape, staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import { softmaxOf } from "./activations.ts";
import { apply, choose, iota, promoted } from "./apply.ts";
import { asTensor, parametric } from "./operation.ts";

export interface AttentionOptions {
  /** Added to the scores; broadcasts to [batch, heads, queries, keys]. */
  bias?: TensorLike | null;
  /** Where false, a key is not looked at; broadcasts to the same. */
  mask?: TensorLike | null;
  /** Default 1 / sqrt(depth). */
  scale?: number | null;
  /** Whether a query only sees keys up to its own position; default false. */
  isCausal?: boolean;
  /** Has no effect: the compiler decides. */
  flashAttention?: boolean | null;
  /** Has no effect: in Keras it is for TPUs. */
  attnLogitsSoftCap?: number | null;
}

/** Large and negative, but with room for a bias: what Keras puts in place of masked scores. */
const MASKED = -0.7 * 3.4028234663852886e38;

/**
 * softmax(query key^T scale + bias) value for each head. query: [batch, queries, heads, depth]; key and value: [batch, keys, key heads, depth], where
 * the heads are a multiple of the key heads. The result has the shape of query (with the depth of value). Throws ModelError for other ranks.
 */
export const dotProductAttention = parametric(
  "nn",
  "dotProductAttention",
  ["bias", "mask", "scale", "isCausal", "flashAttention", "attnLogitsSoftCap"],
  (query: TensorLike, key: TensorLike, value: TensorLike, options: AttentionOptions) => {
    const [q, k, v] = promoted(query, key, value);
    if ([q, k, v].some((x) => x.rank !== 4))
      throw new ModelError(
        `\`dot_product_attention\` only supports 4D inputs. Received: query=${q}, key=${k}, value=${v}`,
      );
    const [batch, queries, heads, depth] = q.shape;
    const groups = divideDims(heads, k.shape[2]);
    if (typeof groups !== "number")
      throw new ModelError("the heads do not share keys evenly", {
        where: "ops.dotProductAttention",
        expected: "a multiple of the heads of key and value",
        got: `${q} and ${k}`,
      });
    const grouped = setShape(q, [batch, queries, k.shape[2], groups, depth]);
    const scores = cast(contract(grouped, k, "b t k g h, b s k h -> b k g t s"), "f32");
    const factor = options.scale ?? 1 / Math.sqrt(staticDim(depth, "the depth of queries"));
    const shares = softmaxOf(masked(apply("mul", scores, factor), options), -1);
    const result = contract(cast(shares, v.dtype), v, "b k g t s, b s k h -> b t k g h");
    return setShape(result, [batch, queries, heads, v.shape[3]]);
  },
);

const contract = (a: Tensor, b: Tensor, spec: string): Tensor => a.engine.op("contract", [a, b], { spec })[0];

/** Scores [batch, key heads, groups, queries, keys] with bias, and without what the masks hide. */
function masked(scores: Tensor, { bias = null, mask = null, isCausal = false }: AttentionOptions): Tensor {
  const groups = staticDim(scores.shape[2], "the number of groups");
  const biased = bias === null ? scores : apply("add", scores, cast(perGroup(asTensor(bias), groups), "f32"));
  const visible = [
    ...(mask === null ? [] : [cast(perGroup(asTensor(mask), groups), "bool")]),
    ...(isCausal ? [past(scores)] : []),
  ];
  return visible.length === 0
    ? biased
    : choose(
        visible.reduce((a, b) => apply("and", a, b)),
        biased,
        MASKED,
      );
}

/** [batch, heads, queries, keys], or fewer axes in front, with its heads as key heads and groups. */
function perGroup(x: Tensor, groups: number): Tensor {
  const shape: readonly Dim[] = [...new Array<Dim>(Math.max(4 - x.rank, 0)).fill(1), ...x.shape];
  const [batch, heads, queries, keys] = shape;
  if (heads === 1) return setShape(x, [batch, 1, 1, queries, keys]);
  return setShape(x, [batch, staticDim(heads, "the heads of a mask") / groups, groups, queries, keys]);
}

/** Which keys are not behind the query: [queries, keys]. */
function past(scores: Tensor): Tensor {
  const shape = scores.shape.slice(-2);
  return apply("le", iota(scores.engine, shape, 1), iota(scores.engine, shape, 0));
}
