/**
 * Masks of tensors: which steps of a sequence, or which samples, are data and which are padding. A mask is a bool tensor that belongs to another
 * tensor; layers pass it on, losses and metrics leave out what it hides.
 */
import type { Tensor } from "../tensor.ts";
import { session } from "./session.ts";

/** The mask of a tensor; undefined where all of it is data. */
export const getMask = (x: Tensor): Tensor | undefined => session.masks.get(x);

/** Gives a tensor a mask (undefined takes it away) and returns the tensor. */
export function setMask(x: Tensor, mask: Tensor | undefined): Tensor {
  if (mask === undefined) session.masks.delete(x);
  else session.masks.set(x, mask);
  return x;
}
