/**
 * A pass that changes nothing and throws where an invariant of the graph IR does not hold: for pipelines that switch the check after each
 * pass off, and for `keratin opt`.
 */
import { verifyModule } from "../../ir/verify-graph.ts";
import type { Pass } from "../pass.ts";

export const verify: Pass = {
  name: "verify",
  doc: "The module is well-formed.",
  run(module, { ops }) {
    verifyModule(module, ops, "verify");
    return module;
  },
};
