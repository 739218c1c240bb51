/**
 * Clipping of gradients: what depends on whole gradients, and is therefore done before they are laid end to end.
 */
import { select, sum, type Tensor } from "../../tensor.ts";
import { square } from "../losses/operands.ts";
import { apply } from "../ops/apply.ts";
import type { ReadOptimizerOptions } from "./options.ts";

/** Gradients after the clipping that the options ask for. */
export function clipGradients(
  gradients: readonly Tensor[],
  { clipnorm, clipvalue, globalClipnorm }: ReadOptimizerOptions,
): readonly Tensor[] {
  if (clipnorm !== null && clipnorm > 0) return gradients.map((gradient) => clipByNorm(gradient, clipnorm));
  if (globalClipnorm !== null && globalClipnorm > 0) return clipTogether(gradients, globalClipnorm);
  if (clipvalue === null || !(clipvalue > 0)) return gradients;
  return gradients.map((gradient) => apply("min", apply("max", gradient, -clipvalue), clipvalue));
}

/** g limit / max(|g|, limit). */
function clipByNorm(gradient: Tensor, limit: number): Tensor {
  const norm = safeRoot(sum(square(gradient), null, false));
  return apply("div", apply("mul", gradient, limit), apply("max", norm, limit));
}

/** The same with the norm of all gradients together. */
function clipTogether(gradients: readonly Tensor[], limit: number): readonly Tensor[] {
  const squares = gradients
    .map((gradient) => sum(square(gradient), null, false))
    .reduce((a, b) => apply("add", a, b));
  const scale = apply("mul", limit, apply("min", apply("div", 1, safeRoot(squares)), 1 / limit));
  return gradients.map((gradient) => apply("mul", gradient, scale));
}

const safeRoot = (squares: Tensor): Tensor =>
  select(apply("lt", 0, squares), apply("sqrt", squares), squares);
