/**
 * `scan`: a region so many times, over the slices of stacked operands. The carries go from one iteration to the next; what an iteration
 * gives besides is stacked. Slices are cut along any axis, so that sequences of samples stay samples of sequences.
 *
 * A loop of known length can be differentiated: see `scan-gradient.ts`.
 */
import { type Dim, equalDims, evaluateDim, parseDim, printDim } from "../dim.ts";
import { ModelError } from "../errors.ts";
import { type Block, type BlockArg, makeOp } from "../graph.ts";
import type { Counted, OpDef } from "../op.ts";
import { printType, scalarType, type TensorType, tensorType } from "../type.ts";
import {
  checkArguments,
  checkCount,
  checkRegionCount,
  checkTypes,
  returnTypes,
  type ScanAttrs,
  setSlice,
  sliceOf,
} from "./regions.ts";
import { scanGradient } from "./scan-gradient.ts";

const lengthOf = ({ length }: ScanAttrs): Dim => (typeof length === "number" ? length : parseDim(length));

/** The type of a slice. */
function sliceType({ dtype, shape }: TensorType, axis: number, length: Dim): TensorType {
  if (!(axis >= 0 && axis < shape.length) || !equalDims(shape[axis], length)) {
    throw new ModelError("a stacked operand does not fit the loop", {
      expected: `size ${printDim(length)} on axis ${axis}`,
      got: printType({ dtype, shape }),
    });
  }
  return tensorType(
    dtype,
    shape.filter((_, i) => i !== axis),
  );
}

/** The type of a stack of slices. */
function stackType({ dtype, shape }: TensorType, axis: number, length: Dim): TensorType {
  if (!(axis >= 0 && axis <= shape.length))
    throw new ModelError("axis out of range", { expected: `0 to ${shape.length}`, got: `${axis}` });
  return tensorType(dtype, [...shape.slice(0, axis), length, ...shape.slice(axis)]);
}

export const scan: OpDef<ScanAttrs> = {
  name: "scan",
  doc: "The last carries, and what the iterations give besides, stacked; the region runs once for each slice of the stacked operands.",
  tolerance: "rounding",
  arity: [0, Number.POSITIVE_INFINITY],
  attrNames: ["carries", "inputs", "length", "outputs", "reverse"],
  infer(operands, attrs, regions) {
    const { carries, inputs, outputs } = attrs;
    const length = lengthOf(attrs);
    checkCount(operands.length, carries + inputs.length);
    checkRegionCount(regions, 1);
    const [body] = regions;
    const slices = inputs.map((axis, i) => sliceType(operands[carries + i], axis, length));
    const [state, captures] = [operands.slice(0, carries), operands.slice(carries + inputs.length)];
    checkArguments(body, [...state, ...slices, ...captures], "the body");
    const returns = returnTypes(body);
    checkTypes(returns.slice(0, carries), state, "the body changes the types of the carries");
    const made = returns.slice(carries);
    if (made.length !== outputs.length)
      throw new ModelError("the body gives another number of slices", {
        expected: `${outputs.length}`,
        got: `${made.length}`,
      });
    return [...state, ...made.map((type, i) => stackType(type, outputs[i], length))];
  },
  evaluate(operands, attrs, context) {
    const { carries, inputs, outputs, reverse } = attrs;
    const length = evaluateDim(lengthOf(attrs), context.bindings);
    const stacked = operands.slice(carries, carries + inputs.length);
    const captures = operands.slice(carries + inputs.length);
    const results = outputs.map((_, i) => context.allocate(carries + i));
    let state = operands.slice(0, carries);
    for (let step = 0; step < length; step++) {
      const at = reverse ? length - 1 - step : step;
      const slices = stacked.map((array, i) => sliceOf(array, inputs[i], at));
      const returns = context.run(0, [...state, ...slices, ...captures]);
      state = returns.slice(0, carries);
      outputs.forEach((axis, i) => setSlice(results[i], axis, at, returns[carries + i]));
    }
    return [...state, ...results];
  },
  gradient: scanGradient,
  lower: {
    kind: "region",
    control: {
      runs: "for",
      counts: (attrs): Counted => ({ ...attrs, length: lengthOf(attrs) }),
      attrs: ({ length, ...counts }) => ({
        ...counts,
        length: typeof length === "number" ? length : printDim(length),
      }),
    },
  },
  samples: [
    { operands: sampleTypes(), attrs: sampleAttrs(0, false), regions: sampleRegions(), range: [-1, 1] },
    { operands: sampleTypes(1), attrs: sampleAttrs(1, true), regions: sampleRegions(), range: [-1, 1] },
  ],
};

function sampleTypes(axis = 0): TensorType[] {
  const stacked = axis === 0 ? [4, 3] : [3, 4];
  return [tensorType("f32", [3]), scalarType("f32"), tensorType("f32", stacked), tensorType("f32", [3])];
}

function sampleAttrs(axis: number, reverse: boolean): ScanAttrs {
  return { carries: 2, inputs: [axis], length: 4, outputs: [axis], reverse };
}

/** h' = tanh(h * w + x), c' = c, y = h' * h. */
function sampleRegions(): readonly Block[] {
  const row = tensorType("f32", [3]);
  const [h, c, x, w] = [row, scalarType("f32"), row, row].map((type): BlockArg => ({ kind: "arg", type }));
  const product = makeOp("mul", [h, w], [row]);
  const sum = makeOp("add", [product.results[0], x], [row]);
  const next = makeOp("tanh", sum.results, [row]);
  const y = makeOp("mul", [next.results[0], h], [row]);
  return [{ args: [h, c, x, w], ops: [product, sum, next, y], returns: [next.results[0], c, y.results[0]] }];
}
