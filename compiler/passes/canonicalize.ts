/**
 * Brings the graph into its canonical form by all rules that never make it worse: less work, fewer movements, constants on the right.
 * It runs before differentiation, so that gradients are taken of the simpler graph, and again after it.
 */
import type { Pass } from "../pass.ts";
import { rewriteModule } from "../rewrite.ts";
import { algebra } from "../rules/algebra.ts";
import { movement } from "../rules/movement.ts";
import { pointwise } from "../rules/pointwise.ts";
import { pooling } from "../rules/pooling.ts";
import { specs } from "../rules/specs.ts";

const rules = [...algebra, ...movement, ...pointwise, ...specs, ...pooling];

export const canonicalize: Pass = {
  name: "canonicalize",
  doc: "No rule of algebra or movement applies any more.",
  run: (module, context) => rewriteModule(module, rules, context),
};
