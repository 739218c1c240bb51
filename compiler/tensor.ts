/**
 * What user code computes with. A Tensor is a value in some engine: the eager engine holds its elements (define-by-run), a trace holds
 * a graph value (define-and-run), a tape does both, the symbolic engine stands for the output of a layer in a functional model. `keras.ops`
 * and layers are written once, against tensors; the engine decides what happens.
 *
 * Besides the class, this file holds the arithmetic that tensors carry as methods: promotion of dtypes, numpy's broadcasting, and the
 * operators of `x.add(y).mul(2).at([":", 0])`. `keras.ops` builds on the same functions.
 */
import { dimsAttr } from "../ir/builder.ts";
import { type Dim, divideDims, equalShapes, printDim, productOf, type Shape } from "../ir/dim.ts";
import { type DType, isFloat } from "../ir/dtype.ts";
import { ModelError } from "../ir/errors.ts";
import type { Attrs, Block } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import type { ScalarName } from "../ir/scalar.ts";
import { broadcastShapes, normalizeAxis, printType, type TensorType } from "../ir/type.ts";
import { type ArrayLike, isArrayLike, toArray } from "./arrays.ts";
import { type Index, planIndex } from "./indexing.ts";
import { resultDType } from "./promotion.ts";

/** Something that can apply ops. Op names are those of `ir/ops/`. */
export interface Engine {
  readonly kind: "eager" | "tape" | "trace" | "symbolic";
  /** How many loops and branches around; 0 outside of all. */
  readonly depth?: number;
  /** Applies a primitive op and returns all its results. Throws ModelError when operands or attributes do not fit. */
  op(name: string, operands: readonly Tensor[], attrs: Attrs, regions?: readonly Block[]): readonly Tensor[];
  /** Takes over a call of `keras.ops` as a whole; an engine without it gets the primitives the call is made of. */
  composite?(name: string, args: readonly unknown[]): unknown;
  /** An array as a tensor of this engine: device data when eager, a constant in a trace. */
  constant(array: NDArray): Tensor;
  /** A tensor of another engine as one of this: what a trace does with eager tensors it meets. */
  adopt(tensor: Tensor): Tensor;
  /** The tensor of another engine that holds the elements of one of this. */
  inner?(tensor: Tensor): Tensor;
  /** The elements; throws ModelError in a trace, whose tensors have none yet. */
  read(tensor: Tensor): Promise<NDArray>;
  /** The same at once; throws where the target only answers later (webgpu). */
  readSync(tensor: Tensor): NDArray;
}

/** What tensors and variables have in common: a present value, and the operators. Shapes broadcast and dtypes promote as in numpy. */
export abstract class TensorMethods {
  abstract readonly value: Tensor;

  add(y: TensorLike): Tensor {
    return composite("add", [this.value, y], () => elementwise("add", [this.value, y]));
  }
  sub(y: TensorLike): Tensor {
    return composite("subtract", [this.value, y], () => elementwise("sub", [this.value, y]));
  }
  mul(y: TensorLike): Tensor {
    return composite("multiply", [this.value, y], () => elementwise("mul", [this.value, y]));
  }
  /** True division: integers become f32. */
  div(y: TensorLike): Tensor {
    return composite("trueDivide", [this.value, y], () => divide(this.value, y));
  }
  pow(y: TensorLike): Tensor {
    return composite("power", [this.value, y], () => elementwise("pow", [this.value, y]));
  }
  neg(): Tensor {
    return composite("negative", [this.value], () => elementwise("neg", [this.value]));
  }
  /** The sum over `axis` (all axes by default). */
  sum(axis: Axes = null, keepdims = false): Tensor {
    return composite("sum", [this.value, axis, keepdims], () => sum(this.value, axis, keepdims));
  }
  mean(axis: Axes = null, keepdims = false): Tensor {
    return composite("mean", [this.value, axis, keepdims], () => mean(this.value, axis, keepdims));
  }
  /** The same elements in another shape; one dimension may be -1. */
  reshape(shape: readonly Dim[]): Tensor {
    return composite("reshape", [this.value, shape], () => reshape(this.value, shape));
  }
  cast(dtype: DType): Tensor {
    return composite("cast", [this.value, dtype], () => cast(this.value, dtype));
  }
  /** numpy's indexing: `x.at([0, "1:3", "...", null])`. */
  at(index: readonly Index[]): Tensor {
    return composite("getItem", [this.value, index], () => getItem(this.value, index));
  }
}

/** `payload` belongs to the engine: a graph Value in a trace, device data when eager. Nobody else looks at it. */
export class Tensor extends TensorMethods {
  readonly type: TensorType;
  readonly engine: Engine;
  readonly payload: object;

  constructor(type: TensorType, engine: Engine, payload: object) {
    super();
    this.type = type;
    this.engine = engine;
    this.payload = payload;
  }

  override get value(): Tensor {
    return this;
  }
  get dtype(): DType {
    return this.type.dtype;
  }
  get shape(): Shape {
    return this.type.shape;
  }
  get rank(): number {
    return this.type.shape.length;
  }

  /** The elements, when they are known. */
  array(): Promise<NDArray> {
    return this.engine.read(this);
  }
  arraySync(): NDArray {
    return this.engine.readSync(this);
  }
  override toString(): string {
    return `Tensor(${printType(this.type)})`;
  }
}

/** Tensors, variables, and what becomes an array: numbers, nested arrays of numbers, typed arrays (rank 1), NDArrays. */
export type TensorLike = TensorMethods | ArrayLike;
/** One axis, several, or null for all. Negative ones count from the end. */
export type Axes = number | readonly number[] | null;

const rank = { eager: 0, tape: 1, trace: 2, symbolic: 3 } as const;

/** Whether operands of both meet in `a`: the body of a loop before what is around it. */
const recordsMore = (a: Engine, b: Engine): boolean =>
  rank[a.kind] > rank[b.kind] || (a.kind === b.kind && (a.depth ?? 0) > (b.depth ?? 0));

/**
 * The engine in which operands meet: symbolic before trace before tape before eager. `present` is that of the running code: inside of a trace
 * or a tape, eager tensors become part of it.
 */
export function commonEngine(operands: readonly TensorLike[], present?: Engine): Engine {
  let best = present?.kind === "eager" ? undefined : present;
  for (const operand of operands) {
    if (!(operand instanceof TensorMethods)) continue;
    const { engine } = operand.value;
    if (best === undefined || recordsMore(engine, best)) best = engine;
  }
  const engine = best ?? present;
  if (engine === undefined)
    throw new ModelError("no tensor among the operands", { got: operands.map(String).join(", ") });
  return engine;
}

/** A tensor-like as a tensor of `engine`; numbers take `dtype` (default f32). Throws ModelError for ragged nesting. */
export function toTensor(value: TensorLike, engine: Engine, dtype: DType = "f32"): Tensor {
  if (!(value instanceof TensorMethods)) {
    if (!isArrayLike(value))
      throw new ModelError("not a tensor", { expected: "a tensor, array or number", got: describe(value) });
    return engine.constant(toArray(value, dtype));
  }
  const tensor = value.value;
  return tensor.engine === engine ? tensor : engine.adopt(tensor);
}

const describe = (value: unknown): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value);

/** Hands the call to the operands' engine where that records calls as a whole; else applies `body`. */
function composite(name: string, args: readonly unknown[], body: () => Tensor): Tensor {
  for (const arg of args) {
    if (!(arg instanceof TensorMethods) || arg.value.engine.composite === undefined) continue;
    return arg.value.engine.composite(name, args) as Tensor;
  }
  return body();
}

/** Whether operands are in one engine and dtype already: the common case, in which eager ops have no time to lose. */
function haveMet(operands: readonly TensorLike[], present?: Engine): operands is readonly Tensor[] {
  const [first] = operands;
  if (!(first instanceof Tensor)) return false;
  const { engine, type } = first;
  if (present !== undefined && present !== engine && present.kind !== "eager") return false;
  for (const operand of operands)
    if (!(operand instanceof Tensor) || operand.engine !== engine || operand.type.dtype !== type.dtype)
      return false;
  return true;
}

/** The operands in one engine and dtype, each with its own shape. */
export function promoteOperands(operands: readonly TensorLike[], present?: Engine): Tensor[] {
  if (haveMet(operands, present)) return [...operands];
  const engine = commonEngine(operands, present);
  const numbers = operands.filter((operand): operand is number => typeof operand === "number");
  const others = operands.map((operand) =>
    typeof operand === "number" ? undefined : toTensor(operand, engine),
  );
  const dtype = resultDType(
    others.flatMap((tensor) => (tensor === undefined ? [] : [tensor.dtype])),
    numbers,
  );
  return operands.map((operand, i) => cast(others[i] ?? toTensor(operand, engine, dtype), dtype));
}

/** Applies a scalar operator to operands of any shapes and dtypes that broadcast and promote. */
export function elementwise(name: ScalarName, operands: readonly TensorLike[], present?: Engine): Tensor {
  return applyBroadcast(name, promoteOperands(operands, present));
}

/** The same on operands of one engine whose dtypes are as the operator wants them. */
export function applyBroadcast(name: ScalarName, tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (tensors.every(({ type }) => equalShapes(type.shape, first.type.shape)))
    return first.engine.op(name, tensors, {})[0];
  const shape = tensors.map((tensor) => tensor.shape).reduce(broadcastShapes);
  return tensors[0].engine.op(
    name,
    tensors.map((tensor) => broadcastTo(tensor, shape)),
    {},
  )[0];
}

/** `condition ? a : b`, elementwise; a and b promote. */
export function select(condition: TensorLike, a: TensorLike, b: TensorLike, present?: Engine): Tensor {
  const engine = commonEngine([condition, a, b], present);
  const [x, y] = promoteOperands([a, b], engine).map((tensor) => toTensor(tensor, engine));
  return applyBroadcast("select", [cast(toTensor(condition, engine), "bool"), x, y]);
}

/** True division. */
export function divide(x: TensorLike, y: TensorLike, present?: Engine): Tensor {
  const operands = promoteOperands([x, y], present);
  return elementwise(
    "div",
    operands.map((tensor) => (isFloat(tensor.dtype) ? tensor : cast(tensor, "f32"))),
  );
}

export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : x.engine.op("cast", [x], { dtype })[0];
}

/** numpy's broadcasting to a given shape: aligns trailing axes, repeats those of size 1. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (equalShapes(x.shape, shape)) return x;
  if (!equalShapes(broadcastShapes(x.shape, shape), shape)) {
    throw new ModelError("cannot broadcast", {
      expected: `[${shape.map(printDim)}]`,
      got: `[${x.shape.map(printDim)}]`,
    });
  }
  const offset = shape.length - x.rank;
  const kept = x.shape.flatMap((dim, axis) => (dim === 1 && shape[axis + offset] !== 1 ? [] : [axis]));
  const squeezed = setShape(
    x,
    kept.map((axis) => x.shape[axis]),
  );
  if (equalShapes(squeezed.shape, shape)) return squeezed;
  return x.engine.op("broadcast", [squeezed], {
    shape: dimsAttr(shape),
    axes: kept.map((axis) => axis + offset),
  })[0];
}

/** `reshape` to a complete shape. */
export function setShape(x: Tensor, shape: Shape): Tensor {
  return equalShapes(x.shape, shape) ? x : x.engine.op("reshape", [x], { shape: dimsAttr(shape) })[0];
}

/** `reshape` where one dimension may be -1. */
export function reshape(x: Tensor, shape: readonly Dim[]): Tensor {
  const open = shape.indexOf(-1);
  if (open < 0) return setShape(x, shape);
  const rest = productOf(shape.filter((_, axis) => axis !== open));
  const size = divideDims(productOf(x.shape), rest);
  if (size === undefined) {
    const got = `[${x.shape.map(printDim)}] to [${shape.map(printDim)}]`;
    throw new ModelError("cannot reshape", {
      expected: "an element count divisible by the other dimensions",
      got,
    });
  }
  return setShape(
    x,
    shape.map((dim, axis) => (axis === open ? size : dim)),
  );
}

/** The axes that `axis` means, ascending. */
export function axesOf(axis: Axes | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return [...new Set(list.map((item) => normalizeAxis(item, rank)))].sort((a, b) => a - b);
}

/** The spec of a reduction over whole axes: "a0 a1 -> a0". */
export function reductionSpec(rank: number, axes: readonly number[]): string {
  const names = Array.from({ length: rank }, (_, axis) => `a${axis}`);
  return `${names.join(" ")} -> ${names.filter((_, axis) => !axes.includes(axis)).join(" ")}`.trim();
}

/** Puts reduced axes back with size 1. */
export function keepAxes(result: Tensor, shape: Shape, axes: readonly number[], keepdims: boolean): Tensor {
  return keepdims
    ? setShape(
        result,
        shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
      )
    : result;
}

/** The sum over `axis`; bool counts as i32. */
export function sum(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  if (x.dtype === "bool") return sum(cast(x, "i32"), axis, keepdims);
  const axes = axesOf(axis, x.rank);
  const result =
    axes.length === 0 ? x : x.engine.op("reduce_sum", [x], { spec: reductionSpec(x.rank, axes) })[0];
  return keepAxes(result, x.shape, axes, keepdims);
}

/** The mean over `axis`; integers give f32. */
export function mean(x: Tensor, axis: Axes, keepdims: boolean): Tensor {
  if (!isFloat(x.dtype)) return mean(cast(x, "f32"), axis, keepdims);
  const count = productOf(axesOf(axis, x.rank).map((reduced) => x.shape[reduced]));
  return elementwise("div", [sum(x, axis, keepdims), dimTensor(count, x.engine, x.dtype)]);
}

/** A dimension as a scalar tensor: symbols get their value when the function runs. */
export function dimTensor(dim: Dim, engine: Engine, dtype: DType): Tensor {
  return typeof dim === "number"
    ? toTensor(dim, engine, dtype)
    : engine.op("dim", [], { dim: printDim(dim), dtype })[0];
}

/** numpy's basic indexing. */
export function getItem(x: Tensor, index: readonly Index[]): Tensor {
  const plan = planIndex(x.shape, index);
  const turned = plan.reversed.length === 0 ? x : x.engine.op("reverse", [x], { axes: plan.reversed })[0];
  const whole =
    plan.starts.every((start) => start === 0) &&
    plan.strides.every((s) => s === 1) &&
    equalShapes(plan.limits, x.shape);
  const attrs = { starts: plan.starts, limits: dimsAttr(plan.limits), strides: plan.strides };
  return setShape(whole ? turned : x.engine.op("slice", [turned], attrs)[0], plan.shape);
}

/** The number behind a dimension; throws ModelError for a symbolic one, saying what to do. */
export function staticDim(dim: Dim, what: string): number {
  if (typeof dim === "number") return dim;
  throw new ModelError(`${what} must be known`, { hint: "Give the size in Input(shape), or reshape first" });
}
