/**
 * The base of all layers: a callable object with weights. `build` makes the weights when the first input's shape is known, `call` computes;
 * both are written by subclasses. Calling a layer on symbolic tensors records a node of a functional model instead.
 */
import { type DType, isFloat } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { type NDArray, sizeOf, zeros } from "../../../ir/ndarray.ts";
import { commonEngine, type Tensor, type TensorLike, TensorMethods, toTensor } from "../../tensor.ts";
import { Callable } from "../callable.ts";
import { classNameOf, serializeMaybe } from "../config.ts";
import { get as getConstraint } from "../constraints.ts";
import { dtypeOf } from "../dtype-names.ts";
import { type DTypePolicy, type DTypePolicyLike, layerPolicy } from "../dtype-policy.ts";
import { Node, type Operation, symbolicIn } from "../functional/node.ts";
import { inferTypes, symbolicEngine } from "../functional/symbolic.ts";
import { get as getInitializer, initialize } from "../initializers/index.ts";
import { flatten, mapNest, type Nest, singleOrAll } from "../nest.ts";
import { camelKeys, type JsonObject, type PlainObject, snakeClassName } from "../options.ts";
import { SeedGenerator } from "../random.ts";
import { get as getRegularizer, type RegularizerLike } from "../regularizers.ts";
import { session } from "../session.ts";
import { fromKerasShape, type KerasShape, mapShapes, type ShapeNest, toKerasShape } from "../shapes.ts";
import { scratchTrace } from "../trace-scope.ts";
import { Variable } from "../variable.ts";
import { readBuildConfig, writeBuildConfig } from "./build-config.ts";
import { type CallOptions, giveMasks, hasMask, located, masksOf, shapesOf, splitArguments } from "./call.ts";
import { castFloats, isHalf } from "./cast-floats.ts";
import { checkInputs, type InputSpec } from "./input-spec.ts";
import { trackedIn } from "./tracking.ts";
import type { WeightOptions } from "./weight-options.ts";

/** Options that every layer takes. */
export interface LayerOptions {
  /** Default: the class name in snake case, numbered: "dense", "dense_1". */
  name?: string | null;
  /** Default true. */
  trainable?: boolean;
  /** Of weights and computation: a dtype, or a policy such as "mixed_float16"; default that of `setGlobalPolicy`, else float32. */
  dtype?: DTypePolicyLike;
  activityRegularizer?: RegularizerLike;
}
/** The names of `LayerOptions`, for `readOptions`. */
export const layerOptionNames = ["name", "trainable", "dtype", "activityRegularizer"] as const;

/** What layers take: a tensor, or a list or dictionary of them. */
export type Inputs = Nest<TensorLike>;

/** A layer is called like a function: `layer(x)`, `layer([a, b])`, `layer(x, { training: true })`. */
export abstract class Layer<Out = Tensor>
  extends Callable<[inputs: Inputs, ...rest: readonly (Inputs | CallOptions)[]], Out>
  implements Operation
{
  static readonly module: string = "keras.layers";

  override name: string;
  /** Of the weights. */
  readonly dtype: DType;
  readonly dtypePolicy: DTypePolicy;
  /**
   * Whether inputs, and weights where they are read, are converted to the dtype the layer computes in. Layers for which 16 bits are too few, such as
   * normalizations, clear it: they compute in float32 and convert what comes out.
   */
  protected autocast = true;
  built = false;
  /** Whether results have masks: those of `computeMask`. */
  supportsMasking = false;
  /** What the layer expects of the shapes of its inputs; checked in each call. */
  inputSpec: readonly InputSpec[] | null = null;
  readonly inboundNodes: Node[] = [];
  // Private to the language, so that looking for weights among the fields does not meet them.
  /** Made by `addWeight`, in order. */
  readonly #added: Variable[] = [];
  readonly #activityRegularizer: ReturnType<typeof getRegularizer>;
  #isTrainable: boolean;
  #builtWith: readonly ShapeNest[] | undefined;

  constructor(options: LayerOptions & PlainObject = {}) {
    super();
    const given: LayerOptions = camelKeys(options);
    this.name = given.name ?? session.uniqueName(snakeClassName(classNameOf(this)));
    this.dtypePolicy = layerPolicy(given.dtype, this.name);
    this.dtype = this.dtypePolicy.variableDType;
    this.#isTrainable = given.trainable ?? true;
    this.#activityRegularizer = getRegularizer(given.activityRegularizer);
    const { build } = this;
    const wrapped = (...shapes: [ShapeNest, ...ShapeNest[]]): void => {
      session.withName([this.name], () => build.apply(this, shapes));
      this.built = true;
      this.#builtWith = shapes;
    };
    Object.defineProperty(this, "build", { value: wrapped, writable: true, configurable: true });
  }

  /** Makes weights that depend on the shapes of the inputs. */
  build(_inputShape: ShapeNest, ..._more: readonly ShapeNest[]): void {}

  /** Computes. Gets the arguments of the call as tensors, then an object with `training` and the other options. */
  abstract override call(inputs: never, ...rest: never[]): Out;

  /** The configuration from which the layer can be made again, as Keras writes it. */
  getConfig(): JsonObject {
    const policy = {
      module: "keras",
      class_name: "DTypePolicy",
      config: this.dtypePolicy.getConfig(),
      registered_name: null,
    };
    const penalty = this.#activityRegularizer;
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: policy,
      ...(penalty === null ? {} : { activity_regularizer: serializeMaybe(penalty) }),
    };
  }

  /**
   * A layer from its configuration: by default, the constructor takes it as options. Layers with layers inside override it; `reader` makes those from
   * their configurations.
   */
  static fromConfig<T>(this: new (config: JsonObject) => T, config: JsonObject, _reader?: object): T {
    return new this(config);
  }

  /** A weight, called `name` inside the path of the layer. Throws ModelError for unknown sizes. */
  addWeight(options: WeightOptions): Variable {
    const where = `layer "${this.name}"`;
    const shape = options.shape.map((dim, axis) => {
      if (typeof dim === "number") return dim;
      throw new ModelError("the size of a weight must be known", {
        where,
        expected: `a number on axis ${axis}`,
        got: String(dim),
      });
    });
    const dtype = options.dtype === undefined ? this.dtype : dtypeOf(options.dtype);
    const initializer = getInitializer(options.initializer ?? (isFloat(dtype) ? "glorot_uniform" : "zeros"));
    const names = session.namePath().at(-1) === this.name ? [] : [this.name];
    const { name, trainable } = options;
    const isRead = session.claimWeight(sizeOf(shape), where);
    const initial = isRead ? zeros(dtype, shape) : initialize(initializer, shape, dtype);
    const settings = { name, trainable, autocast: options.autocast };
    const variable = session.withName(names, () => new Variable(initial, settings));
    variable.regularizer = getRegularizer(options.regularizer);
    variable.constraint = getConstraint(options.constraint);
    if (!this.#isTrainable) variable.trainable = false;
    this.#added.push(variable);
    return variable;
  }

  /** Adds a term to the loss of the step that is being computed. */
  addLoss(loss: TensorLike): void {
    session.addLoss(toTensor(loss, session.engine()));
  }

  // Calls.

  override invoke(args: readonly unknown[]): Out {
    const { inputs, options } = splitArguments(args);
    if (symbolicIn([inputs, options]).length > 0) return this.record(inputs, options) as Out;
    return this.compute(inputs, options);
  }

  run(args: readonly unknown[], options: PlainObject): unknown {
    return this.invoke([...args, options]);
  }

  /** A call on tensors: converts the arguments, builds on first use, computes, passes masks on. */
  private compute(inputs: readonly unknown[], options: CallOptions): Out {
    const tensors = this.convert(inputs);
    this.prepare(tensors);
    const training = options.training ?? session.call()?.training;
    const masks = tensors.map(masksOf);
    const given = { ...this.maskOptions(masks), ...options, training: training ?? this.trainsByDefault };
    // `call` may take more tensors than there are: its options come last all the same.
    const absent = new Array<null>(Math.max(this.call.length - 1 - tensors.length, 0)).fill(null);
    const args: readonly unknown[] = [...tensors, ...absent, given];
    const autocast = this.autocast ? this.dtypePolicy.autocastWithin(session.call()?.autocast) : undefined;
    const called = session.withCall({ training, autocast }, () =>
      session.withName([this.name], () => located(() => this.call(...(args as [never, ...never[]])))),
    );
    const out = this.autocast ? called : (castFloats(called, this.computeDType) as Out);
    if (this.supportsMasking) giveMasks(out, this.computeMask(tensors[0], masks[0]));
    const penalty = this.#activityRegularizer;
    if (penalty !== null)
      for (const tensor of flatten<unknown>(out as Nest<unknown>))
        if (tensor instanceof TensorMethods) this.addLoss(penalty(tensor.value));
    return out;
  }

  /** The names of the arguments of `call`. Their masks come as the options "query_mask" and so on. */
  protected get argumentNames(): readonly string[] {
    return ["inputs"];
  }

  /** What `training` is where nobody says. */
  protected get trainsByDefault(): boolean {
    return false;
  }

  private maskOptions(masks: readonly unknown[]): PlainObject {
    const names = this.argumentNames.map((name) => (name === "inputs" ? "mask" : `${name}Mask`));
    return Object.fromEntries(names.flatMap((name, i) => (hasMask(masks[i]) ? [[name, masks[i]]] : [])));
  }

  /** A call on symbolic tensors: infers the types of the results and records a node. */
  private record(inputs: readonly unknown[], options: CallOptions): Nest<Tensor> {
    this.prepare(inputs);
    const types = inferTypes([inputs, options], ([values, given]) =>
      this.compute(values as readonly unknown[], given as CallOptions),
    );
    return new Node(this, inputs, options, types, symbolicEngine).result;
  }

  /** The dtype of inputs and results. */
  get computeDType(): DType {
    return this.dtypePolicy.computeDType;
  }

  /** The dtype that inputs of floats are converted to. */
  protected get floatDType(): DType {
    const { computeDType } = this;
    return !this.autocast && isHalf(computeDType) ? "f32" : computeDType;
  }

  /** Arrays become tensors; floats take the dtype that the layer computes in. */
  protected convert(inputs: readonly unknown[]): readonly unknown[] {
    const leaves = flatten<unknown>(inputs).filter(
      (value) => value !== null && value !== undefined,
    ) as TensorLike[];
    const engine = commonEngine(leaves, session.engine());
    const dtype = this.floatDType;
    return inputs.map((input) =>
      mapNest<unknown, unknown>(input as Nest<unknown>, (value) => {
        if (value === null || value === undefined) return null;
        return castFloats(toTensor(value as TensorLike, engine, dtype), dtype);
      }),
    );
  }

  /** Checks shapes, and builds the layer unless it is built. */
  private prepare(inputs: readonly unknown[]): void {
    const shapes = inputs.flatMap((input) =>
      input === null || input === undefined ? [] : [shapesOf(input)],
    );
    if (this.inputSpec !== null) checkInputs(shapes[0], this.inputSpec, this.name);
    if (this.built) return;
    this.build(...(shapes as [ShapeNest, ...ShapeNest[]]));
    this.built = true;
  }

  /** The mask of the result, for that of the first argument: by default the same. Layers that make or change masks override it. */
  computeMask(_inputs: unknown, mask: unknown = null): unknown {
    return mask;
  }

  /** The shape of the result for inputs of the given shape; builds the layer. */
  computeOutputShape(inputShape: ShapeNest): Nest<KerasShape> | KerasShape {
    const types: { dtype: DType; shape: ReturnType<typeof fromKerasShape> }[] = [];
    const index = mapShapes(
      inputShape,
      (shape) => types.push({ dtype: this.inputDType, shape: fromKerasShape(shape, this.name) }) - 1,
    );
    return scratchTrace(types, (inputs) => {
      const args = mapNest(index, (i) => inputs[i]);
      const out = this.compute([args], {});
      return mapNest<unknown, KerasShape>(out as Nest<unknown>, (tensor) =>
        toKerasShape((tensor as Tensor).shape),
      );
    });
  }

  /** The dtype of inputs that have none: layers of integers override it. */
  get inputDType(): DType {
    return this.computeDType;
  }

  // What belongs to the layer.

  /** Layers among the fields, in the order of assignment. */
  get sublayers(): readonly Layer<unknown>[] {
    return trackedIn(this, (value): value is Layer<unknown> => value instanceof Layer);
  }

  /** Layers that files list by class instead of by field: those of sequential and functional models. */
  get listedLayers(): readonly Layer<unknown>[] | undefined {
    return undefined;
  }

  /** Weights of the layer without those of sublayers, trainable ones first. */
  get ownWeights(): readonly Variable[] {
    const fields = trackedIn(this, (value): value is Variable => value instanceof Variable);
    const own = [...new Set([...this.#added, ...fields])];
    return [
      ...own.filter((variable) => variable.isTrainable),
      ...own.filter((variable) => !variable.isTrainable),
    ];
  }

  /** Own weights, then those of sublayers. */
  get weights(): readonly Variable[] {
    return [...new Set([...this.ownWeights, ...this.sublayers.flatMap((layer) => layer.weights)])];
  }

  /** Weights and the states of random generators. */
  get variables(): readonly Variable[] {
    const seeds = trackedIn(this, (value): value is SeedGenerator => value instanceof SeedGenerator);
    const inner = this.sublayers.flatMap((layer) => layer.variables);
    return [...new Set([...this.weights, ...seeds.map((seed) => seed.state), ...inner])];
  }

  get trainableWeights(): readonly Variable[] {
    return this.#isTrainable ? this.weights.filter((variable) => variable.trainable) : [];
  }
  get nonTrainableWeights(): readonly Variable[] {
    return this.#isTrainable ? this.weights.filter((variable) => !variable.trainable) : this.weights;
  }
  get trainableVariables(): readonly Variable[] {
    return this.trainableWeights;
  }

  get trainable(): boolean {
    return this.#isTrainable;
  }
  /** Freezes or thaws the layer and all inside it. A compiled model notices when it is compiled again. */
  set trainable(value: boolean) {
    this.#isTrainable = value;
    for (const variable of this.#added) variable.trainable = value && variable.isTrainable;
    for (const layer of this.sublayers) layer.trainable = value;
  }

  countParams(): number {
    return this.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /** The values of `weights`. */
  getWeights(): Promise<NDArray[]> {
    return Promise.all(this.weights.map((variable) => variable.array()));
  }

  /** Replaces the values of `weights`; throws ModelError where number or shapes differ. */
  setWeights(values: readonly NDArray[]): void {
    const { weights } = this;
    if (values.length !== weights.length) {
      throw new ModelError("wrong number of weights", {
        where: `layer "${this.name}"`,
        expected: `${weights.length}`,
        got: `${values.length}`,
      });
    }
    weights.forEach((variable, i) => variable.setArray(values[i]));
  }

  // The place in a functional model.

  /** The symbolic input of the first call. */
  get input(): Tensor | readonly Tensor[] {
    return singleOrAll(this.firstNode().inputs);
  }
  /** The symbolic output of the first call. */
  get output(): Tensor | readonly Tensor[] {
    return singleOrAll(this.firstNode().outputs);
  }

  private firstNode(): Node {
    const [node] = this.inboundNodes;
    if (node === undefined)
      throw new ModelError("the layer was never called on a symbolic tensor", {
        where: `layer "${this.name}"`,
      });
    return node;
  }

  /** The shape of the first input that the layer was built with. */
  get builtShape(): ShapeNest | undefined {
    return this.#builtWith?.[0];
  }

  /** What files hold beside the configuration: the shapes the layer was built with. */
  getBuildConfig(): JsonObject | undefined {
    if (this.#builtWith === undefined || !this.overridesBuild()) return undefined;
    return writeBuildConfig(this.#builtWith, this.argumentNames);
  }

  /** Builds the layer with the shapes that a file holds. */
  buildFromConfig(config: JsonObject): void {
    const [first, ...others] = readBuildConfig(config, this.argumentNames);
    if (!this.built && first !== undefined) this.build(first, ...others);
  }

  private overridesBuild(): boolean {
    const prototype: Layer<Out> = Object.getPrototypeOf(this);
    return prototype.build !== Layer.prototype.build;
  }

  override toString(): string {
    return `<${classNameOf(this)} name=${this.name}, built=${this.built}>`;
  }
}
