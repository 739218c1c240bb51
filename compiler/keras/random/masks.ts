/**
 * `keras.random`: dropout and shuffling.
 */
import { ModelError } from "../../../ir/errors.ts";
import { normalizeAxis } from "../../../ir/type.ts";
import { broadcastTo, staticDim, type Tensor, type TensorLike } from "../../tensor.ts";
import { apply, choose } from "../ops/apply.ts";
import { fillLike } from "../ops/create.ts";
import { asTensor, parametric } from "../ops/operation.ts";
import { takeAlong } from "../ops/picking.ts";
import { sorted } from "../ops/sorting.ts";
import { randomBits, unitUniform } from "./bits.ts";
import { keyOf, type SeedOption, splitKey } from "./key.ts";

interface DropoutOptions extends SeedOption {
  /** The share of elements that become 0. */
  rate: number;
  /** The shape of the mask, which broadcasts; null for an axis of the input. Default: that of the input. */
  noiseShape?: readonly (number | null)[] | null;
}

/** Each element 0 with probability `rate`, else x / (1 - rate) (Srivastava et al., 2014). Throws ModelError for a rate outside of [0, 1]. */
export const dropout = parametric(
  "random",
  "random.dropout",
  ["rate", "noiseShape", "seed"],
  (inputs: TensorLike, { rate, noiseShape = null, seed }: DropoutOptions) => {
    const x = asTensor(inputs);
    if (!(rate >= 0 && rate <= 1))
      throw new ModelError("bad rate", { expected: "a number from 0 to 1", got: `${rate}` });
    if (rate === 0) return x;
    if (rate === 1) return fillLike(x, 0, undefined);
    const shape = noiseShape === null ? x.shape : noiseShape.map((size, axis) => size ?? x.shape[axis]);
    const kept = apply("lt", unitUniform(keyOf(seed), shape), 1 - rate);
    return choose(broadcastTo(kept, x.shape), apply("div", x, 1 - rate), fillLike(x, 0, undefined));
  },
);

interface ShuffleOptions extends SeedOption {
  /** Default 0. */
  axis?: number;
}

/** The elements in random order along `axis`, each vector along it in another order. */
export const shuffle = parametric(
  "random",
  "random.shuffle",
  ["axis", "seed"],
  (x: TensorLike, { axis = 0, seed }: ShuffleOptions) => {
    let tensor = asTensor(x);
    const at = normalizeAxis(axis, tensor.rank);
    const size = staticDim(tensor.shape[at], "the axis to shuffle");
    const count = tensor.shape.reduce<number>(
      (product, dim) => product * staticDim(dim, "the shape to shuffle"),
      1,
    );
    let key = keyOf(seed);
    // Equal words keep their order: enough rounds of sorting by random words that this does not show.
    const rounds = size < 2 ? 0 : Math.ceil((3 * Math.log(Math.max(1, count))) / Math.log(2 ** 32 - 1));
    for (let round = 0; round < rounds; round++) {
      const [next, part]: Tensor[] = splitKey(key, 2);
      tensor = takeAlong(tensor, sorted(randomBits(part, tensor.shape), at)[1], at);
      key = next;
    }
    return tensor;
  },
);
