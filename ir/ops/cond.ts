/**
 * `cond`: one of two regions, chosen by data. Only the one that is chosen runs.
 */
import type { Builder } from "../builder.ts";
import { isFloat } from "../dtype.ts";
import { getElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { type Block, type BlockArg, makeOp, type Op, type Value } from "../graph.ts";
import type { GradientTools, OpDef } from "../op.ts";
import { printType, scalarType, type TensorType, tensorType } from "../type.ts";
import { checkArguments, checkRegionCount, checkTypes, returnTypes } from "./regions.ts";

export const cond: OpDef = {
  name: "cond",
  doc: "The results of the first region where operand 0 is true, else of the second; both get the other operands.",
  tolerance: "rounding",
  arity: [1, Number.POSITIVE_INFINITY],
  attrNames: [],
  infer([choice, ...captures], _attrs, regions) {
    if (choice.dtype !== "bool" || choice.shape.length > 0)
      throw new ModelError("a branch is chosen by one bool", { expected: "bool[]", got: printType(choice) });
    checkRegionCount(regions, 2);
    regions.forEach((region, i) => checkArguments(region, captures, `branch ${i}`));
    const [first, second] = regions.map(returnTypes);
    checkTypes(second, first, "the branches give different types");
    return first;
  },
  evaluate: ([choice, ...captures], _attrs, context) =>
    context.run(getElement(choice, 0) !== 0 ? 0 : 1, captures),
  gradient: (b, op, dys, tools) => gradientOf(b, op, dys, tools),
  lower: { kind: "region", control: { runs: "choice" } },
  samples: [
    { operands: [scalarType("bool"), tensorType("f32", [2, 3])], attrs: {}, regions: sampleRegions() },
  ],
};

/** The same choice between the gradients of the branches, each of which computes its branch again: nothing is kept for both. */
function gradientOf(
  b: Builder,
  op: Op,
  dys: readonly (Value | undefined)[],
  tools: GradientTools,
): readonly (Value | undefined)[] {
  const [choice, ...captures] = op.operands;
  const wanted = captures.flatMap(({ type }, i) => (tools.wanted[i + 1] && isFloat(type.dtype) ? [i] : []));
  if (wanted.length === 0) return [];
  const given = dys.filter((dy) => dy !== undefined);
  const regions = op.regions.map((region) => branchGradient(b, region, dys, wanted, tools));
  const results = b.results("cond", [choice, ...captures, ...given], {}, regions);
  return op.operands.map((_, i) => results[wanted.indexOf(i - 1)]);
}

function branchGradient(
  b: Builder,
  region: Block,
  dys: readonly (Value | undefined)[],
  wanted: readonly number[],
  tools: GradientTools,
): Block {
  const inner = b.nested();
  const args = region.args.map(({ type, name }): BlockArg => ({ kind: "arg", type, name }));
  const dyArgs = dys.map((dy): BlockArg | undefined => dy && { kind: "arg", type: dy.type, name: "dy" });
  const ys = inner.inline(region, args);
  const sources = wanted.map((i) => args[i]);
  const gradients = tools.backward(inner, ys, dyArgs, sources);
  const returns = gradients.map((gradient, i) => gradient ?? inner.full(sources[i].type, 0));
  return inner.block([...args, ...dyArgs.filter((dy) => dy !== undefined)], returns);
}

/** x * x or -x. */
function sampleRegions(): readonly Block[] {
  const type: TensorType = tensorType("f32", [2, 3]);
  return [2, 1].map((operands) => {
    const x: BlockArg = { kind: "arg", type };
    const y = operands === 2 ? makeOp("mul", [x, x], [type]) : makeOp("neg", [x], [type]);
    return { args: [x], ops: [y], returns: y.results };
  });
}
