/**
 * The state of a Keras session, in one explicit object: counters for automatic names, the default backend, random seeds, defaults such as
 * epsilon, registered custom objects, and the stacks that layer calls push to. Keras's functions take no session argument, so there is one
 * `session`; nothing else in this folder keeps state between calls.
 */
import type { DType } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import type { Backend, BackendName } from "../backend.ts";
import { createBackend } from "../backends/index.ts";
import type { Engine, Tensor, TensorMethods } from "../tensor.ts";
import { backendFromEnvironment, checkBackend } from "./backend-config.ts";

/** While a scope is open, variables have the values it gives: arguments of a trace, or watched values of a tape. */
export interface VariableScope {
  readonly engine: Engine;
  read(variable: TensorMethods): Tensor;
  /** Takes a new value; false leaves it to the variable. */
  write(variable: TensorMethods, value: Tensor): boolean;
  /** Whether these variables, in this order, lie in one piece. */
  hasGroup?(variables: readonly TensorMethods[]): boolean;
  /** The values of variables that lie in one piece, end to end. */
  readGroup?(variables: readonly TensorMethods[]): Tensor;
  writeGroup?(variables: readonly TensorMethods[], value: Tensor): void;
  /** Values that variables have or will have, and that later code may read. */
  known?(): readonly Tensor[];
}

/** What calls inside a layer's call inherit. */
export interface CallContext {
  /** Undefined where no caller said so: inference, unless a layer in a graph was called with `training: true`. */
  readonly training: boolean | undefined;
  /** In which dtype weights that are floats are read; undefined: in their own. */
  readonly autocast?: DType;
}

/** Elements of one weight: 8 GB of floats. */
const maxWeight = 2 ** 31;

export class KerasSession {
  /** Dtype of weights and of inputs without one. */
  floatx: DType = "f32";
  /** The dtype policy of layers without one, by name; undefined: `floatx`. */
  globalPolicy: string | undefined;
  /** The fuzz factor of losses: probabilities are clipped to [epsilon, 1 - epsilon]. */
  epsilon = 1e-7;
  dataFormat: "channels_last" | "channels_first" = "channels_last";
  /** Names in use, by base name. */
  private names = new Map<string, number>();
  private selected: BackendName | undefined;
  private created: Backend | undefined;
  private seed: number | undefined;
  private draws = 0;
  private readonly scopes: VariableScope[] = [];
  private readonly calls: CallContext[] = [];
  private readonly lossLists: Tensor[][] = [];
  private path: readonly string[] = [];
  /** Masks by the tensor they belong to. */
  readonly masks = new WeakMap<Tensor, Tensor>();
  /** Custom classes and functions by registered name ("package>Name"). */
  readonly registered = new Map<string, unknown>();
  private weightsOfFile: { left: number } | undefined;
  /** Custom objects of open scopes, innermost last. */
  private readonly customScopes: { readonly [name: string]: unknown }[] = [];

  /** `dense`, `dense_1`, ...: a name that no object of this session has yet. */
  uniqueName(base: string): string {
    const used = this.names.get(base) ?? 0;
    this.names.set(base, used + 1);
    return used === 0 ? base : `${base}_${used}`;
  }

  /** Forgets automatic names; layers made before keep theirs. */
  clear(): void {
    this.names = new Map();
  }

  /** What a name of the user means: in the innermost scope that knows it, else as registered. */
  customObject(name: string): unknown {
    const scope = this.customScopes.findLast((objects) => Object.hasOwn(objects, name));
    return scope === undefined ? this.registered.get(name) : scope[name];
  }

  /** Runs `body` with more custom objects; where it returns a promise, until that settles. */
  withCustomObjects<T>(objects: { readonly [name: string]: unknown }, body: () => T): T {
    const close = (): void => {
      this.customScopes.splice(this.customScopes.lastIndexOf(objects), 1);
    };
    this.customScopes.push(objects);
    try {
      const result = body();
      if (result instanceof Promise) return result.finally(close) as T;
      close();
      return result;
    } catch (error) {
      close();
      throw error;
    }
  }

  /**
   * Runs `body`, which builds the model of a file: its weights come from there, so they are not drawn, and there cannot be many more of them than
   * the file holds. Else a few bytes that say "units: 1e9" would take hours and all memory.
   */
  withWeightsOfFile<T>(elements: number, body: () => T): T {
    const outer = this.weightsOfFile;
    // Wrappers build the layer they are given, and then copies of it: that is a few times as many, but not thousands.
    this.weightsOfFile = { left: 4 * elements + 2 ** 20 };
    try {
      return body();
    } finally {
      this.weightsOfFile = outer;
    }
  }

  /** Says that a weight is made; true where its value will come from a file. Throws ModelError where there would be too many. */
  claimWeight(elements: number, where: string): boolean {
    const file = this.weightsOfFile;
    const most = file?.left ?? maxWeight;
    if (elements > most) {
      throw new ModelError("absurdly large weight", {
        where,
        expected:
          file === undefined
            ? `at most ${maxWeight} elements`
            : `at most ${most} elements, by the size of the file`,
        got: `${elements}`,
      });
    }
    if (file !== undefined) file.left -= elements;
    return file !== undefined;
  }

  /** The backend of calls without one of their own; made on first use. */
  backend(): Backend {
    this.created ??= createBackend(this.backendName());
    return this.created;
  }

  backendName(): BackendName {
    this.selected ??= backendFromEnvironment();
    return this.selected;
  }

  /** Throws ModelError for names that are no backend. Existing models keep theirs until compiled again. */
  setBackend(name: string): void {
    const checked = checkBackend(name);
    if (checked !== this.selected) this.created = undefined;
    this.selected = checked;
  }

  /** Where operations on plain numbers run: the open scope, else the default backend. */
  engine(): Engine {
    return this.scope()?.engine ?? this.backend().eager;
  }

  scope(): VariableScope | undefined {
    return this.scopes.at(-1);
  }

  /** Runs `body` with variables as `scope` sees them. */
  within<T>(scope: VariableScope, body: () => T): T {
    return pushed(this.scopes, scope, body);
  }

  /** The context of the call that is running. */
  call(): CallContext | undefined {
    return this.calls.at(-1);
  }

  withCall<T>(context: CallContext, body: () => T): T {
    return pushed(this.calls, context, body);
  }

  /** Runs `body` and gathers the losses that layers add meanwhile. */
  collectLosses<T>(body: () => T): { readonly result: T; readonly losses: readonly Tensor[] } {
    const losses: Tensor[] = [];
    return { result: pushed(this.lossLists, losses, body), losses };
  }

  /** Outside of a step, losses of layers have no use and are dropped. */
  addLoss(loss: Tensor): void {
    this.lossLists.at(-1)?.push(loss);
  }

  /** What layers have added to the loss of the step that is running. */
  presentLosses(): readonly Tensor[] {
    return this.lossLists.at(-1) ?? [];
  }

  /** Names of the layers being built or called, outermost first. */
  namePath(): readonly string[] {
    return this.path;
  }

  withName<T>(names: readonly string[], body: () => T): T {
    const outer = this.path;
    this.path = [...outer, ...names];
    try {
      return body();
    } finally {
      this.path = outer;
    }
  }

  /** Makes all later random draws reproducible. */
  setSeed(seed: number): void {
    this.seed = seed >>> 0;
    this.draws = 0;
  }

  /** A fresh key of two words for a random generator. Without a seed it is different in each process. */
  nextKey(): [number, number] {
    this.seed ??= Math.floor(Math.random() * 2 ** 32);
    this.draws += 1;
    return [this.seed, this.draws];
  }
}

function pushed<S, T>(stack: S[], item: S, body: () => T): T {
  stack.push(item);
  try {
    return body();
  } finally {
    stack.pop();
  }
}

/** The session of this process. */
export const session = new KerasSession();
