/**
 * What all losses and metrics do with their arguments: tensors of one engine, floats, of one rank.
 */
import { dimsAttr } from "../../../ir/builder.ts";
import type { Dim } from "../../../ir/dim.ts";
import {
  cast,
  commonEngine,
  type Engine,
  mean,
  select,
  setShape,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { apply, real } from "../ops/apply.ts";
import { session } from "../session.ts";

export const square = (x: Tensor): Tensor => apply("mul", x, x);
/** The mean over the last axis: one number per sample. */
export const average = (x: Tensor): Tensor => (x.rank === 0 ? x : mean(x, -1, false));
/** a / b, and 0 where b is 0. */
export function divideNoNan(a: TensorLike, b: Tensor): Tensor {
  const isZero = apply("eq", b, 0);
  return select(isZero, 0, apply("div", a, select(isZero, 1, b)));
}

/** Of two tensors whose ranks differ by an axis of size 1 at the end, the longer one loses it; a vector gets one instead. */
export function sameRank(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.rank === b.rank + 1 && a.shape[a.rank - 1] === 1)
    return b.rank === 1 ? [a, setShape(b, [...b.shape, 1])] : [setShape(a, a.shape.slice(0, -1)), b];
  if (b.rank === a.rank + 1 && b.shape[b.rank - 1] === 1)
    return a.rank === 1 ? [setShape(a, [...a.shape, 1]), b] : [a, setShape(b, b.shape.slice(0, -1))];
  return [a, b];
}

/** Labels and predictions as float tensors of one engine and one rank. */
export function matchRanks(yTrue: TensorLike, yPred: TensorLike): [Tensor, Tensor] {
  const engine = commonEngine([yTrue, yPred], session.engine());
  const p = real(toTensor(yPred, engine));
  return sameRank(cast(toTensor(yTrue, engine), p.dtype), p);
}

/** A function of float labels and predictions of one rank. */
export const pairwise =
  (f: (y: Tensor, p: Tensor) => Tensor) =>
  (yTrue: TensorLike, yPred: TensorLike): Tensor =>
    f(...matchRanks(yTrue, yPred));

/** 0, 1, ..., n - 1 (i32); n may be the batch. */
export const positions = (n: Dim, engine: Engine): Tensor =>
  engine.op("iota", [], { shape: dimsAttr([n]), axis: 0, dtype: "i32" })[0];
