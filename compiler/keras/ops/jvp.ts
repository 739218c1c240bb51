/**
 * `keras.ops.jvp`: derivatives along a direction. The function is traced; its vector-Jacobian product u -> J^T u is linear in u, and what
 * differentiates that once more, along the tangents, is J t: reverse mode twice is forward mode. What the trace holds is then run by the
 * engine of the arguments, so that the result differentiates again.
 */
import type { Builder } from "../../../ir/builder.ts";
import { isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { BlockArg, Op, Value } from "../../../ir/graph.ts";
import { opTable } from "../../../ir/ops/index.ts";
import { gradients } from "../../autodiff.ts";
import {
  broadcastTo,
  commonEngine,
  type Engine,
  type Tensor,
  type TensorLike,
  toTensor,
} from "../../tensor.ts";
import { Trace } from "../../trace.ts";
import { flatten, mapNest, type Nest, packNest } from "../nest.ts";
import { session } from "../session.ts";
import { TraceScope } from "../trace-scope.ts";
import type { Variable } from "../variable.ts";

type Tensors = Nest<TensorLike>;

interface JvpOptions {
  /** The function returns a pair, of which the second part is handed on as it is. Default false. */
  hasAux?: boolean;
}

/**
 * [fun(...primals), its derivative along `tangents`]; with `hasAux` a third part, what else the function returned. Tangents have the structure
 * and shapes of the primals. Throws ModelError where they have not, or where the function has no second derivative rule.
 *
 *     const [y, dy] = ops.jvp((x) => ops.sin(x), [0.1], [0.2]);   // sin(0.1), 0.2 cos(0.1)
 */
export function jvp(
  fun: (...primals: readonly Tensor[]) => Nest<Tensor>,
  primals: readonly Tensors[],
  tangents: readonly Tensors[],
  { hasAux = false }: JvpOptions = {},
): readonly Nest<Tensor>[] {
  const [points, along] = [leavesOf(primals), leavesOf(tangents)];
  const engine = commonEngine([...points, ...along], session.engine());
  const at = points.map((point) => toTensor(point, engine, session.floatx));
  const directions = along.map((tangent) => toTensor(tangent, engine, session.floatx));
  requireSameTypes(at, directions);
  const traced = new TracedFunction(at, engine);
  const result = traced.run((inputs) => {
    let next = 0;
    // An argument that is a structure of tensors arrives as one.
    const args = primals.map((primal) => mapNest<TensorLike, Tensor>(primal, () => inputs[next++]));
    return fun(...(args as readonly Tensor[]));
  });
  const [main, aux] = hasAux ? (result as readonly Nest<Tensor>[]) : [result, []];
  const outputs = flatten(main).map((tensor) => traced.valueOf(tensor));
  const derivatives = traced.differentiate(outputs, directions);
  const values = traced.replay([
    ...outputs,
    ...derivatives,
    ...flatten(aux).map((tensor) => traced.valueOf(tensor)),
  ]);
  const count = outputs.length;
  const parts = [packNest<Tensor>(main, values), packNest<Tensor>(main, values.slice(count))];
  return hasAux ? [...parts, packNest<Tensor>(aux, values.slice(2 * count))] : parts;
}

/** Each argument is a structure of its own: a list of numbers is a vector. */
const leavesOf = (args: readonly Tensors[]): TensorLike[] => args.flatMap((arg) => flatten<TensorLike>(arg));

function requireSameTypes(primals: readonly Tensor[], tangents: readonly Tensor[]): void {
  const print = (tensors: readonly Tensor[]): string => tensors.map(String).join(", ");
  if (print(primals) !== print(tangents)) {
    throw new ModelError("primals and tangents differ in shape or dtype", {
      where: "ops.jvp",
      expected: print(primals),
      got: print(tangents),
    });
  }
}

/** A function as graph ops, and the tensors of an engine that its arguments stand for. */
class TracedFunction {
  private readonly trace = new Trace(opTable);
  private readonly known = new Map<Value, Tensor>();
  private readonly inputs: readonly Tensor[];
  private readonly engine: Engine;

  constructor(at: readonly Tensor[], engine: Engine) {
    this.engine = engine;
    this.inputs = at.map((tensor, i) => this.argument(`x${i}`, tensor));
  }

  private argument(name: string, tensor: Tensor): Tensor {
    const input = this.trace.input(name, tensor.dtype, tensor.shape);
    this.known.set(this.trace.value(input), tensor);
    return input;
  }

  run<T>(body: (inputs: readonly Tensor[]) => T): T {
    let count = 0;
    const bind = (variable: Variable): Tensor =>
      this.argument(`${variable.path}#${count++}`, toTensor(variable.value, this.engine));
    return session.within(new TraceScope(this.trace, bind), () => body(this.inputs));
  }

  valueOf(tensor: Tensor): Value {
    return this.trace.value(tensor);
  }

  /** The derivative of each output along the directions. */
  differentiate(outputs: readonly Value[], directions: readonly Tensor[]): readonly Value[] {
    const b = this.trace.builder;
    const wrt = this.inputs.map((input) => this.trace.value(input));
    const weights = outputs.map(({ type }): BlockArg => ({ kind: "arg", type }));
    const tangents = directions.map((tensor, i) => this.trace.value(this.argument(`t${i}`, tensor)));
    weights.forEach((weight) => {
      this.known.set(weight, this.zeros(weight));
    });
    const floats = outputs.map(({ type }) => isFloat(type.dtype));
    const pulled = pullBack(
      b,
      outputs.filter((_, i) => floats[i]),
      weights.filter((_, i) => floats[i]),
      wrt,
    );
    const product = innerProduct(b, pulled, tangents);
    const found = product === undefined ? [] : gradients(b, product, weights);
    return outputs.map(({ type }, i) => found[i] ?? b.full(type, 0));
  }

  private zeros({ type }: Value): Tensor {
    return broadcastTo(toTensor(0, this.engine, type.dtype), type.shape);
  }

  /** Runs what these values are made of in the engine. */
  replay(values: readonly Value[]): readonly Tensor[] {
    const needed = opsBehind(values);
    for (const op of this.trace.builder.ops) {
      if (!needed.has(op)) continue;
      const results = this.engine.op(
        op.name,
        op.operands.map((operand) => this.tensorOf(operand)),
        op.attrs,
      );
      op.results.forEach((result, i) => this.known.set(result, results[i]));
    }
    return values.map((value) => this.tensorOf(value));
  }

  private tensorOf(value: Value): Tensor {
    const tensor = this.known.get(value);
    if (tensor === undefined) throw new ModelError("a value of another function", { where: "ops.jvp" });
    return tensor;
  }
}

/** J^T u: the gradients of sum(y * u). */
function pullBack(
  b: Builder,
  outputs: readonly Value[],
  weights: readonly Value[],
  wrt: readonly Value[],
): readonly (Value | undefined)[] {
  const sum = innerProduct(b, outputs, weights);
  return sum === undefined ? wrt.map(() => undefined) : gradients(b, sum, wrt);
}

/** The sum of all products, pair by pair; undefined where there is none. */
function innerProduct(
  b: Builder,
  left: readonly (Value | undefined)[],
  right: readonly Value[],
): Value | undefined {
  const terms = left.flatMap((value, i) => {
    if (value === undefined) return [];
    const product = b.mul(value, right[i]);
    return [
      b.cast(
        b.sum(
          product,
          product.type.shape.map((_, axis) => axis),
        ),
        "f32",
      ),
    ];
  });
  return terms.length === 0 ? undefined : terms.reduce(b.add);
}

function opsBehind(values: readonly Value[]): ReadonlySet<Op> {
  const found = new Set<Op>();
  const visit = (value: Value): void => {
    if (value.kind === "arg" || found.has(value.op)) return;
    found.add(value.op);
    value.op.operands.forEach(visit);
  };
  values.forEach(visit);
  return found;
}
