/**
 * A variable: a named array that lives on between calls. Its value is wherever it was last written: in host memory, in an eager tensor, or
 * in the session of a compiled program, from where it is fetched when somebody asks. Inside a trace a variable is an argument of the
 * function being traced, and assigning to it makes a result.
 */
import { type DType, isFloat } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import { castArray, isArrayLike, toArray } from "../arrays.ts";
import { cast, type Tensor, type TensorLike, TensorMethods, toTensor } from "../tensor.ts";
import { session } from "./session.ts";

/** Where a value is kept that changed on a device: the session of a program. */
export interface VariableStore {
  fetch(variable: Variable): Promise<NDArray>;
}

type Held =
  | { readonly kind: "array"; readonly array: NDArray }
  | { readonly kind: "tensor"; readonly tensor: Tensor }
  | { readonly kind: "store"; readonly store: VariableStore };

export interface VariableOptions {
  /** The last part of the path; default "variable". */
  readonly name?: string;
  /** Default true. */
  readonly trainable?: boolean;
  /** Default: the names of the layers being built, then the name. */
  readonly path?: string;
  /** Whether it begins anew from time to time, as the state of metrics does with each epoch; default false. */
  readonly resets?: boolean;
  /** Whether layers of mixed precision read it in the dtype they compute in; default true. */
  readonly autocast?: boolean;
}

/**
 * Example: `const step = new keras.Variable(0, { name: "step", trainable: false })`, then `step.assign(step.add(1))`.
 */
export class Variable extends TensorMethods {
  readonly name: string;
  readonly path: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Whether an optimizer changes it; freezing a layer clears it. */
  trainable: boolean;
  /** Whether it was made to be trained: moving statistics are not. */
  readonly isTrainable: boolean;
  /** Whether it begins anew from time to time, as the state of metrics does. */
  readonly resets: boolean;
  private readonly autocast: boolean;
  /** Its penalty in the loss. */
  regularizer: ((weight: Tensor) => TensorLike) | null = null;
  /** What an optimizer does to it after each update. */
  constraint: ((weight: Tensor) => TensorLike) | null = null;
  /** Grows with every change, so that compiled programs know whether they hold the newest value. */
  version = 0;
  private held: Held;

  constructor(initial: TensorLike, options: VariableOptions = {}) {
    super();
    this.name = options.name ?? "variable";
    this.path = options.path ?? [...session.namePath(), this.name].join("/");
    this.isTrainable = options.trainable ?? true;
    this.trainable = this.isTrainable;
    this.resets = options.resets ?? false;
    this.autocast = options.autocast ?? true;
    const array =
      initial instanceof TensorMethods ? initial.value.arraySync() : toArray(initial, session.floatx);
    this.dtype = array.dtype;
    this.shape = array.shape;
    this.held = { kind: "array", array };
  }

  /** The present value as a tensor: of the open trace or tape, else of the default backend. In layers of mixed precision, in their dtype. */
  override get value(): Tensor {
    const value = session.scope()?.read(this) ?? this.eager();
    const dtype = this.autocast && isFloat(this.dtype) ? session.call()?.autocast : undefined;
    return dtype === undefined ? value : cast(value, dtype);
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The value in the default backend. Throws ModelError where a program holds a newer one, which only `array()` can fetch. */
  eager(): Tensor {
    const { eager } = session.backend();
    if (this.held.kind === "store") {
      throw new ModelError("the newest value is in the compiled program", {
        where: this.path,
        hint: "Await variable.array() or model.getWeights() first; fit does it by itself at its end",
      });
    }
    const tensor =
      this.held.kind === "tensor" ? toTensor(this.held.tensor, eager) : eager.constant(this.held.array);
    this.held = { kind: "tensor", tensor };
    return tensor;
  }

  /** Replaces the value; shapes must match, the dtype is converted. Returns the variable. */
  assign(value: TensorLike): this {
    const scope = session.scope();
    if (scope === undefined && !(value instanceof TensorMethods) && isArrayLike(value))
      return this.setArray(toArray(value, this.dtype));
    const tensor = cast(toTensor(value, scope?.engine ?? session.backend().eager, this.dtype), this.dtype);
    this.check(
      tensor.shape.every((dim, axis) => dim === this.shape[axis]) && tensor.rank === this.shape.length,
      tensor.toString(),
    );
    return scope?.write(this, tensor) ? this : this.setTensor(tensor);
  }

  /** Replaces the value by a tensor with elements, of the right shape and dtype. */
  setTensor(tensor: Tensor): this {
    this.held = { kind: "tensor", tensor: toTensor(tensor, session.backend().eager) };
    this.version += 1;
    return this;
  }

  assignAdd(value: TensorLike): this {
    return this.assign(this.add(value));
  }

  assignSub(value: TensorLike): this {
    return this.assign(this.sub(value));
  }

  /** Replaces the value by an array, without touching a backend. */
  setArray(array: NDArray): this {
    this.check(
      array.shape.length === this.shape.length && array.shape.every((dim, axis) => dim === this.shape[axis]),
      `[${array.shape}]`,
    );
    this.held = { kind: "array", array: castArray(array, this.dtype) };
    this.version += 1;
    return this;
  }

  /** The elements. Fetches them from the program that changed them last, if one did. */
  async array(): Promise<NDArray> {
    const { held } = this;
    if (held.kind === "array") return held.array;
    const array = await (held.kind === "tensor" ? held.tensor.array() : held.store.fetch(this));
    if (this.held === held) this.held = { kind: "array", array };
    return array;
  }

  /** The same at once; throws ModelError where a program or a device would have to be asked. */
  arraySync(): NDArray {
    return this.held.kind === "array" ? this.held.array : this.eager().arraySync();
  }

  /** Says that `store` holds a newer value now. */
  moveTo(store: VariableStore): void {
    if (this.held.kind !== "store" || this.held.store !== store) this.held = { kind: "store", store };
    this.version += 1;
  }

  /** The value that `store` holds, unless another one came meanwhile. */
  arrive(store: VariableStore, array: NDArray): void {
    if (this.held.kind === "store" && this.held.store === store) this.held = { kind: "array", array };
  }

  /** The store that holds the newest value, if one does. */
  get store(): VariableStore | undefined {
    return this.held.kind === "store" ? this.held.store : undefined;
  }

  private check(fits: boolean, got: string): void {
    if (!fits)
      throw new ModelError("the value does not fit the variable", {
        where: this.path,
        expected: `shape [${this.shape}]`,
        got,
      });
  }
}
