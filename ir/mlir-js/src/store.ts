/**
 * The core of a context, below all handles: whether it lives, what MLIR said, which handle stands for which address, and who owns which
 * tree of operations.
 *
 * Memory: a tree of operations belongs to a `Root`, to which every handle into it refers; when no handle is left, the tree is destroyed, and
 * so is the context when nothing refers to it. Disposing does the same at once, and whatever is used afterwards throws DeadHandleError.
 * Addresses are used again by MLIR, so a handle whose operation goes away is marked dead in the same step.
 */
import type { Diagnostic } from "./diagnostics.ts";
import { DeadHandleError, type MlirError, UsageError } from "./errors.ts";
import type { Ptr } from "./exports.ts";
import type { Instance } from "./instance.ts";

/** What outlives the handles: finalizers hold it. */
interface State {
  readonly instance: Instance;
  readonly context: Ptr;
  /** Operations without a parent, to be destroyed before the context. */
  readonly roots: Set<Ptr>;
  isAlive: boolean;
}

/** A handle on something that can go away: an operation, a block, a region. */
export interface Node {
  readonly isAlive: boolean;
  /** The operation that it is in, or is. */
  root: Root;
  kill(): void;
}

/** The owner of a tree of operations; once the tree is put into another, whoever owns that. */
export class Root {
  private owner: Root | undefined;
  readonly op: Ptr;

  constructor(op: Ptr) {
    this.op = op;
  }

  moveTo(owner: Root): void {
    this.owner = owner;
  }

  /** Keeps all owners on the way alive. */
  get last(): Root {
    return this.owner?.last ?? this;
  }
}

const trees = new FinalizationRegistry<{ state: State; op: Ptr }>(({ state, op }) => {
  if (!state.isAlive || state.instance.isBroken || !state.roots.delete(op)) return;
  state.instance.call((exports) => exports.mw_op_destroy(op));
});

const contexts = new FinalizationRegistry<State>(destroyContext);

function destroyContext(state: State): void {
  if (!state.isAlive) return;
  state.isAlive = false;
  if (state.instance.isBroken) return;
  for (const op of state.roots) state.instance.call((exports) => exports.mw_op_destroy(op));
  state.roots.clear();
  state.instance.call((exports) => exports.mw_context_destroy(state.context));
}

/** Handles swept at the least. */
const SWEEP_FROM = 4096;

export class Store {
  private readonly state: State;
  private readonly nodes = new Map<Ptr, WeakRef<Node>>();
  private sweepAt = SWEEP_FROM;
  /** Types, attributes and locations live as long as the context. A location is an attribute too, with another handle. */
  private readonly uniqued = {
    type: new Map<Ptr, object>(),
    attribute: new Map<Ptr, object>(),
    location: new Map<Ptr, object>(),
  };

  constructor(instance: Instance, allowUnregistered: boolean) {
    const context = instance.call((exports) => exports.mw_context_create(Number(allowUnregistered)));
    this.state = { instance, context, roots: new Set(), isAlive: true };
    contexts.register(this, this.state, this);
  }

  get isAlive(): boolean {
    return this.state.isAlive && !this.state.instance.isBroken;
  }

  /** Throws where the context was disposed. */
  assertAlive(): void {
    if (!this.state.isAlive) throw new DeadHandleError("the context was disposed");
  }

  /** The instance; throws where the context was disposed. */
  get instance(): Instance {
    this.assertAlive();
    return this.state.instance;
  }

  get context(): Ptr {
    return this.state.context;
  }

  dispose(): void {
    contexts.unregister(this);
    destroyContext(this.state);
    this.nodes.clear();
  }

  /** The diagnostics since they were taken last. */
  takeDiagnostics(): readonly Diagnostic[] {
    const text = this.instance.text((exports) => exports.mw_diagnostics(this.context));
    return text === "[]" ? [] : (JSON.parse(text) as Diagnostic[]);
  }

  /** `value`, or the error with what MLIR said about it where it is 0. */
  check(
    value: Ptr,
    Kind: new (message: string, diagnostics: readonly Diagnostic[]) => MlirError,
    what: string,
  ): Ptr {
    if (value === 0) throw new Kind(what, this.takeDiagnostics());
    return value;
  }

  /** The one handle of a type, attribute or location. */
  unique<T extends object>(kind: "type" | "attribute" | "location", at: Ptr, make: () => T): T {
    const handles = this.uniqued[kind];
    const known = handles.get(at);
    if (known !== undefined) return known as T;
    const made = make();
    handles.set(at, made);
    return made;
  }

  /** The one live handle of an operation, block or region. */
  node<T extends Node>(at: Ptr, make: () => T): T {
    const known = this.nodes.get(at)?.deref();
    if (known?.isAlive) return known as Node as T;
    const made = make();
    this.nodes.set(at, new WeakRef<Node>(made));
    if (this.nodes.size > this.sweepAt) this.sweep();
    return made;
  }

  private sweep(): void {
    for (const [at, node] of this.nodes) if (node.deref() === undefined) this.nodes.delete(at);
    this.sweepAt = Math.max(SWEEP_FROM, 2 * this.nodes.size);
  }

  /** Makes an operation without a parent the property of its handles. */
  own(op: Ptr): Root {
    const root = new Root(op);
    this.state.roots.add(op);
    trees.register(root, { state: this.state, op }, root);
    return root;
  }

  /** The operation got a parent: it lives as long as what it is in. */
  disown(root: Root, owner: Root): void {
    this.state.roots.delete(root.op);
    trees.unregister(root);
    root.moveTo(owner);
  }

  /** Destroys an operation that has no parent. */
  destroy(op: Ptr): void {
    this.killInside(op);
    this.nodes.get(op)?.deref()?.kill();
    this.nodes.delete(op);
    this.state.roots.delete(op);
    this.instance.call((exports) => exports.mw_op_destroy(op));
  }

  /** Marks the handles of all that is inside of an operation dead: a pass may have rewritten any of it. */
  killInside(op: Ptr): void {
    for (const at of this.contents(op)) {
      if (at === op) continue;
      this.nodes.get(at)?.deref()?.kill();
      this.nodes.delete(at);
    }
  }

  /** Marks the handle of one block, and of all in it, dead. */
  forget(at: Ptr): void {
    this.nodes.get(at)?.deref()?.kill();
    this.nodes.delete(at);
  }

  /** Gives the handles of an operation that was taken out, and of all inside, to its new root. */
  rehome(op: Ptr, root: Root): void {
    for (const at of this.contents(op)) {
      const node = this.nodes.get(at)?.deref();
      if (node !== undefined) node.root = root;
    }
  }

  private contents(op: Ptr): Ptr[] {
    const words = this.instance.words((exports) => exports.mw_op_contents(op));
    const found: Ptr[] = [];
    for (let at = 0; at < words.length; at += words[at] + 1)
      for (let i = 1; i <= words[at]; i++) found.push(words[at + i]);
    return found;
  }

  /** Throws where something belongs to another context. */
  same(other: Store, what: string): void {
    if (other !== this) throw new UsageError(`${what} of another context`);
  }
}
