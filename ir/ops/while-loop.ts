/**
 * `while_loop`: a region again and again, as long as another one says so. How often depends on data, so nothing can be kept for each
 * iteration and there is no gradient; a loop of known length is a `scan`.
 */
import { getElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { type Block, type BlockArg, makeOp } from "../graph.ts";
import type { OpDef } from "../op.ts";
import { scalarType, type TensorType, tensorType } from "../type.ts";
import { checkArguments, checkCount, checkRegionCount, checkTypes, returnTypes } from "./regions.ts";

export const whileLoop: OpDef<{ readonly carries: number }> = {
  name: "while_loop",
  doc: "The carries after running region 1 on them as long as region 0 gives true; both get the captures too.",
  tolerance: "rounding",
  arity: [0, Number.POSITIVE_INFINITY],
  attrNames: ["carries"],
  infer(operands, { carries }, regions) {
    checkCount(operands.length, carries);
    checkRegionCount(regions, 2);
    const [condition, body] = regions;
    checkArguments(condition, operands, "the condition");
    checkArguments(body, operands, "the body");
    checkTypes(returnTypes(condition), [scalarType("bool")], "a condition gives one bool");
    const types = operands.slice(0, carries);
    checkTypes(returnTypes(body), types, "the body changes the types of the loop's variables");
    return types;
  },
  evaluate(operands, { carries }, context) {
    const captures = operands.slice(carries);
    let state = operands.slice(0, carries);
    while (getElement(context.run(0, [...state, ...captures])[0], 0) !== 0)
      state = [...context.run(1, [...state, ...captures])];
    return state;
  },
  gradient: () => {
    throw new ModelError("a loop whose length depends on data has no gradient", {
      hint: "Use ops.scan or ops.foriLoop, whose length is known; or ops.stopGradient on what the loop gives",
    });
  },
  lower: {
    kind: "region",
    control: { runs: "while", carries: ({ carries }) => carries, attrs: (carries) => ({ carries }) },
  },
  samples: [
    {
      operands: [scalarType("f32"), tensorType("f32", [3]), tensorType("f32", [3])],
      attrs: { carries: 2 },
      range: [0.5, 2],
      regions: sampleRegions(),
    },
  ],
};

/** while (s < 1 + s0 ...): s doubles, x adds y; ends because s is at least 0.5. */
function sampleRegions(): readonly Block[] {
  const [one, row, bool]: TensorType[] = [scalarType("f32"), tensorType("f32", [3]), scalarType("bool")];
  const args = (): BlockArg[] => [one, row, row].map((type) => ({ kind: "arg", type }));
  const [s, ...others] = args();
  const limit = makeOp("constant", [], [one], {
    value: { dtype: "f32", shape: [], data: new Float32Array([5]) },
  });
  const below = makeOp("lt", [s, limit.results[0]], [bool]);
  const [t, x, y] = args();
  const twice = makeOp("add", [t, t], [one]);
  const sum = makeOp("add", [x, y], [row]);
  return [
    { args: [s, ...others], ops: [limit, below], returns: below.results },
    { args: [t, x, y], ops: [twice, sum], returns: [...twice.results, ...sum.results] },
  ];
}
