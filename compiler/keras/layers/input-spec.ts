/**
 * What a layer expects of the shapes of its inputs, and the errors where they differ.
 */
import { ModelError } from "../../../ir/errors.ts";
import { type KerasShape, mapShapes, printKerasShape, type ShapeNest } from "../shapes.ts";

/** Expectations of one input; left out ones hold for any. */
export interface InputSpec {
  readonly ndim?: number;
  readonly minNdim?: number;
  readonly maxNdim?: number;
  /** Sizes by axis; -1 is the last. */
  readonly axes?: { readonly [axis: number]: number };
}

/** Throws ModelError, naming layer and input, where a shape does not fit. */
function checkInputSpec(spec: InputSpec, shape: KerasShape, layer: string, input = 0): void {
  const fail = (expected: string): never => {
    throw new ModelError(`input ${input} does not fit the layer`, {
      where: `layer "${layer}"`,
      expected,
      got: `shape ${printKerasShape(shape)}`,
    });
  };
  const { ndim, minNdim, maxNdim, axes = {} } = spec;
  if (ndim !== undefined && shape.length !== ndim) fail(`ndim=${ndim}, found ndim=${shape.length}`);
  if (minNdim !== undefined && shape.length < minNdim)
    fail(`min_ndim=${minNdim}, found ndim=${shape.length}`);
  if (maxNdim !== undefined && shape.length > maxNdim)
    fail(`max_ndim=${maxNdim}, found ndim=${shape.length}`);
  for (const [key, size] of Object.entries(axes)) {
    const found = shape.at(Number(key));
    if (found !== null && found !== undefined && found !== size)
      fail(`axis ${key} of the input to have size ${size}`);
  }
}

/** The same for all inputs of a layer, in the order in which they lie in their structure. */
export function checkInputs(shapes: ShapeNest, specs: readonly InputSpec[], layer: string): void {
  const flat: KerasShape[] = [];
  mapShapes(shapes, (shape) => flat.push(shape));
  specs.forEach((spec, i) => {
    if (flat[i] !== undefined) checkInputSpec(spec, flat[i], layer, i);
  });
}
