/**
 * Gradients of eager code. While a tape records, ops run at once and are noted down as graph ops; the gradient is then the compiler's own
 * reverse mode on what was noted, run op by op. So a rule of differentiation exists once, and eager and compiled gradients agree.
 */
import { Builder } from "../../ir/builder.ts";
import { ModelError } from "../../ir/errors.ts";
import type { Attrs, Block, BlockArg, Value } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";
import type { TensorType } from "../../ir/type.ts";
import { gradients } from "../autodiff.ts";
import { type Engine, Tensor, type TensorLike, type TensorMethods, toTensor } from "../tensor.ts";
import { Trace } from "../trace.ts";
import { flatten, mapNest, type Nest } from "./nest.ts";
import { session, type VariableScope } from "./session.ts";
import { Variable } from "./variable.ts";

/** A tensor on a tape: its elements in the eager engine, and what stands for it in the notes. */
interface Recorded {
  readonly eager: Tensor;
  readonly value: Value;
}

class TapeEngine implements Engine {
  readonly kind = "tape";
  readonly builder = new Builder(opTable);
  /** The elements of every value noted so far. */
  readonly elements = new Map<Value, Tensor>();
  private readonly below: Engine;
  private readonly adopted = new Map<Tensor, Tensor>();

  constructor(below: Engine) {
    this.below = below;
  }

  op(
    name: string,
    operands: readonly Tensor[],
    attrs: Attrs,
    regions: readonly Block[] = [],
  ): readonly Tensor[] {
    const recorded = operands.map((operand) => this.recorded(operand));
    const results = this.below.op(
      name,
      recorded.map(({ eager }) => eager),
      attrs,
      regions,
    );
    const values = this.builder.results(
      name,
      recorded.map(({ value }) => value),
      attrs,
      regions,
    );
    return results.map((eager, i) => this.wrap(eager, values[i]));
  }

  constant(array: NDArray): Tensor {
    return this.input(this.below.constant(array));
  }

  adopt(tensor: Tensor): Tensor {
    if (tensor.engine === this) return tensor;
    const known = this.adopted.get(tensor) ?? this.input(toTensor(tensor, this.below));
    this.adopted.set(tensor, known);
    return known;
  }

  read(tensor: Tensor): Promise<NDArray> {
    return this.recorded(tensor).eager.array();
  }

  readSync(tensor: Tensor): NDArray {
    return this.recorded(tensor).eager.arraySync();
  }

  inner(tensor: Tensor): Tensor {
    return this.recorded(tensor).eager;
  }

  recorded(tensor: Tensor): Recorded {
    return this.adopt(tensor).payload as Recorded;
  }

  private input(eager: Tensor): Tensor {
    const type: TensorType = { dtype: eager.dtype, shape: eager.shape };
    const value: BlockArg = { kind: "arg", type };
    return this.wrap(eager, value);
  }

  private wrap(eager: Tensor, value: Value): Tensor {
    this.elements.set(value, eager);
    const recorded: Recorded = { eager, value };
    return new Tensor(value.type, this, recorded);
  }

  /** Runs ops noted from number `start` on, for their elements. */
  run(start: number): void {
    for (const op of this.builder.ops.slice(start)) {
      const operands = op.operands.map((value) => this.elementsOf(value));
      const results = this.below.op(op.name, operands, op.attrs, op.regions);
      op.results.forEach((result, i) => this.elements.set(result, results[i]));
    }
  }

  elementsOf(value: Value): Tensor {
    const tensor = this.elements.get(value);
    if (tensor === undefined) throw new ModelError("a value of the tape has no elements");
    return tensor;
  }
}

/** Variables on a tape: watched when first read. */
class TapeScope implements VariableScope {
  readonly engine: TapeEngine;
  private readonly values = new Map<TensorMethods, Tensor>();

  constructor(engine: TapeEngine) {
    this.engine = engine;
  }

  read(variable: Variable): Tensor {
    const known = this.values.get(variable) ?? this.engine.adopt(variable.eager());
    this.values.set(variable, known);
    return known;
  }

  write(variable: Variable, value: Tensor): boolean {
    this.values.set(variable, value);
    variable.setTensor(this.engine.recorded(value).eager);
    return true;
  }
}

/** A tensor or variable whose gradient is wanted, or a structure of them. */
export type Sources = Nest<TensorMethods>;

/** What a tape does, in eager code and inside of a trace. */
interface Recorder {
  record<T>(body: () => T): T;
  watch(tensor: TensorLike): Tensor;
  /** The gradients of the sum of `target`, zeros where it does not depend on a source. */
  gradients(target: Tensor, sources: readonly TensorMethods[]): readonly Tensor[];
}

/** Notes ops down while they run. */
class EagerRecorder implements Recorder {
  private readonly engine = new TapeEngine(session.backend().eager);
  private readonly scope = new TapeScope(this.engine);

  record<T>(body: () => T): T {
    return session.within(this.scope, body);
  }

  watch(tensor: TensorLike): Tensor {
    return toTensor(tensor, this.engine);
  }

  gradients(target: Tensor, sources: readonly TensorMethods[]): readonly Tensor[] {
    const { builder } = this.engine;
    if (target.engine !== this.engine) {
      throw new ModelError("this tape did not record the target", {
        got: target.toString(),
        hint: "Compute it inside of tape.record",
      });
    }
    const start = builder.ops.length;
    const wanted = sources.map((source) => this.engine.recorded(this.present(source)).value);
    const found = gradients(builder, total(builder, this.engine.recorded(target).value), wanted);
    this.engine.run(start);
    return found.map((gradient, i) =>
      gradient === undefined ? this.zeros(wanted[i]) : this.engine.elementsOf(gradient),
    );
  }

  private present(source: TensorMethods): Tensor {
    return source instanceof Variable ? this.scope.read(source) : source.value;
  }

  private zeros(value: Value): Tensor {
    const start = this.engine.builder.ops.length;
    const zeros = this.engine.builder.full(value.type, 0);
    this.engine.run(start);
    return this.engine.elementsOf(zeros);
  }
}

/** In a trace everything is noted down already. */
class TraceRecorder implements Recorder {
  private readonly trace: Trace;

  constructor(trace: Trace) {
    this.trace = trace;
  }

  record<T>(body: () => T): T {
    return body();
  }

  watch(tensor: TensorLike): Tensor {
    return toTensor(tensor, this.trace);
  }

  gradients(target: Tensor, sources: readonly TensorMethods[]): readonly Tensor[] {
    const { builder } = this.trace;
    const wanted = sources.map((source) => this.trace.value(source.value));
    const found = gradients(builder, total(builder, this.trace.value(target)), wanted);
    return found.map((gradient, i) => this.trace.wrap(gradient ?? builder.full(wanted[i].type, 0)));
  }
}

const total = (builder: Builder, value: Value): Value =>
  value.type.shape.length === 0
    ? value
    : builder.sum(
        value,
        value.type.shape.map((_, axis) => axis),
      );

/**
 * Records code, then differentiates it: eagerly, or inside of a step that is being compiled.
 *
 * Example:
 *
 *     const tape = new keras.GradientTape()
 *     const loss = tape.record(() => ops.mean(ops.square(model(x).sub(y))))
 *     const gradients = tape.gradient(loss, model.trainableVariables)
 *     optimizer.apply(gradients, model.trainableVariables)
 *
 * All variables and tensors that the code reads can be differentiated by. A tape may be asked more than once.
 */
export class GradientTape {
  private readonly recorder: Recorder;

  constructor() {
    const engine = session.engine();
    this.recorder = engine instanceof Trace ? new TraceRecorder(engine) : new EagerRecorder();
  }

  /** Runs `body` and notes its ops down. */
  record<T>(body: () => T): T {
    return this.recorder.record(body);
  }

  /** The tensor as one of this tape: needed only for tensors made from plain data, which have no identity of their own. */
  watch(tensor: TensorLike): Tensor {
    return this.recorder.watch(tensor);
  }

  /**
   * d target / d source for each source, in the structure of `sources`; zeros where target does not depend on it. A target with several elements
   * stands for their sum. Throws ModelError where target was not recorded, or where the path goes through an op without gradient.
   */
  gradient(target: Tensor, sources: TensorMethods): Tensor;
  gradient(target: Tensor, sources: readonly TensorMethods[]): Tensor[];
  gradient(target: Tensor, sources: Sources): Nest<Tensor>;
  gradient(target: Tensor, sources: Sources): Nest<Tensor> {
    const results = this.recorder.gradients(target, flatten(sources));
    let next = 0;
    return mapNest(sources, () => results[next++]);
  }
}

/**
 * The gradient of a function of tensors with respect to its first argument: `keras.grad((x) => ops.sum(ops.square(x)))(x)` is 2x.
 */
export function grad(
  f: (x: Tensor, ...rest: readonly Tensor[]) => Tensor,
): (x: TensorLike, ...rest: readonly TensorLike[]) => Tensor {
  return (x, ...rest) => {
    const tape = new GradientTape();
    const [first, ...others] = [x, ...rest].map((arg) => tape.watch(arg));
    return tape.gradient(
      tape.record(() => f(first, ...others)),
      first,
    );
  };
}
