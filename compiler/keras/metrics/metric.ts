/**
 * The base of metrics. A metric is state (variables that add up over batches), an update (what a batch does to them) and a result (a function of
 * them). All three are ordinary tensor code: eager code runs it at once; a compiled step holds the state of its metrics, updates it and gives
 * their results, so that a metric costs no transfer, and a ragged last batch counts for what it is.
 */
import { type DType, dtypes } from "../../../ir/dtype.ts";

import { zeros } from "../../../ir/ndarray.ts";
import { isNDArray } from "../../arrays.ts";
import { cast, commonEngine, type Tensor, type TensorLike, TensorMethods, toTensor } from "../../tensor.ts";
import { Callable } from "../callable.ts";
import { classNameOf } from "../config.ts";
import { dtypeOf } from "../dtype-names.ts";
import { type DTypePolicyLike, policyOf } from "../dtype-policy.ts";
import { get as getInitializer, type InitializerLike, initialize } from "../initializers/index.ts";
import { isPlainObject, type JsonObject, type Options, snakeClassName } from "../options.ts";
import { session } from "../session.ts";
import { Variable } from "../variable.ts";

export interface MetricOptions {
  /** Default: the class name in snake case. */
  name?: string | null;
  /** Of the state; default that of `keras.config.floatx()`. */
  dtype?: DTypePolicyLike;
}

export type Direction = "up" | "down";

/** Weights of the samples, as the last argument of an update or by name. */
export type SampleWeight = TensorLike | null | { readonly sampleWeight?: TensorLike | null };

export interface StateOptions {
  /** Default a single number. */
  readonly shape?: readonly number[];
  /** Default "zeros". */
  readonly initializer?: InitializerLike;
  readonly dtype?: string;
  /** Default "variable". */
  readonly name?: string;
}

/**
 * A subclass makes its state with `addVariable` in the constructor, assigns to it in `updateState` and reads it in `result`:
 *
 *     class Positives extends keras.metrics.Metric {
 *       count = this.addVariable({ name: "count" })
 *       updateState(yTrue, yPred) { this.count.assignAdd(ops.sum(ops.cast(ops.greater(yPred, 0.5), "float32"))) }
 *       result() { return this.count.value }
 *     }
 *
 * Calling a metric updates it and gives the result.
 */
export abstract class Metric extends Callable<
  [first: TensorLike, second?: TensorLike | SampleWeight, sampleWeight?: SampleWeight],
  Tensor
> {
  static readonly module: string = "keras.metrics";
  override name: string;
  readonly dtype: DType;
  /** Whether more is better, for callbacks that watch the metric; undefined where nobody can say. */
  readonly direction: Direction | undefined;
  // Private to the language, so that metrics can be fields of layers without their state becoming weights.
  readonly #variables: Variable[] = [];
  readonly #inner: Metric[] = [];

  constructor(options: Options<MetricOptions> & { readonly direction?: Direction } = {}) {
    super();
    this.name = options.name ?? session.uniqueName(snakeClassName(classNameOf(this)));
    this.dtype = policyOf(options.dtype ?? this.defaultDType, this.name).computeDType;
    this.direction = options.direction;
  }

  /** Of metrics that say nothing: null stands for `keras.config.floatx()`. */
  protected get defaultDType(): string | null {
    return null;
  }

  /** Takes a batch in: predictions with labels, or values, as the subclass wants them. */
  abstract updateState(
    first: TensorLike,
    second?: TensorLike | SampleWeight,
    sampleWeight?: SampleWeight,
  ): void;

  /** The value over all batches so far. */
  abstract result(): Tensor;

  override invoke(args: readonly unknown[]): Tensor {
    this.updateState(...(args as Parameters<Metric["updateState"]>));
    return this.result();
  }

  /** A number or array that lives on from batch to batch. */
  addVariable({ shape = [], initializer = "zeros", dtype, name }: StateOptions = {}): Variable {
    const type = dtype === undefined ? this.dtype : dtypeOf(dtype);
    const path = `${this.name}/${name ?? "variable"}`;
    const variable = new Variable(initialize(getInitializer(initializer), shape, type), {
      name,
      path,
      trainable: false,
      resets: true,
    });
    this.#variables.push(variable);
    return variable;
  }
  /** The same under the name that layers use. */
  addWeight(options: StateOptions = {}): Variable {
    return this.addVariable(options);
  }

  /** Makes the state of another metric part of this one's. */
  protected track<T extends Metric>(metric: T): T {
    this.#inner.push(metric);
    return metric;
  }

  get variables(): readonly Variable[] {
    return [...this.#variables, ...this.#inner.flatMap((metric) => metric.variables)];
  }

  /** Back to the beginning: all state becomes 0. */
  resetState(): void {
    for (const variable of this.variables) variable.assign(zeros(variable.dtype, variable.shape));
  }

  getConfig(): JsonObject {
    return { name: this.name, dtype: dtypes[this.dtype].keras };
  }
}

/** Weights of the samples from the last argument of an update. */
export function sampleWeightOf(given: TensorLike | SampleWeight | undefined): TensorLike | null {
  if (given === undefined || given === null) return null;
  const isOptions = isPlainObject(given) && !isNDArray(given) && !(given instanceof TensorMethods);
  if (!isOptions) return given as TensorLike;
  const options: { readonly sampleWeight?: TensorLike | null; readonly sample_weight?: TensorLike | null } =
    given;
  return options.sampleWeight ?? options.sample_weight ?? null;
}

/** The arguments of an update as tensors of one engine; `dtype` for labels and predictions, undefined leaves them as they are. */
export function updateOperands(
  given: readonly [TensorLike, TensorLike | SampleWeight | undefined, SampleWeight | undefined],
  dtype: DType | undefined,
): { yTrue: Tensor; yPred: Tensor; sampleWeight: Tensor | null } {
  const [first, second, third] = given;
  const values = [first, second as TensorLike];
  const weight = sampleWeightOf(third);
  const engine = commonEngine([...values, ...(weight === null ? [] : [weight])], session.engine());
  const [yTrue, yPred] = values.map((value) => {
    const tensor = toTensor(value, engine);
    return dtype === undefined ? tensor : cast(tensor, dtype);
  });
  return { yTrue, yPred, sampleWeight: weight === null ? null : toTensor(weight, engine) };
}
