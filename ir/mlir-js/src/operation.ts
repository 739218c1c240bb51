/**
 * Operations, regions, blocks, values: handles on the IR. There is one live handle per operation, so `===` compares.
 *
 * A handle dies with what it stands for: when it is erased, when a pass runs over the operation around it (which may have rewritten
 * anything), when the context is disposed. Using it then throws DeadHandleError. Mutations that would leave the IR in pieces throw
 * UsageError and change nothing.
 */
import { Type } from "./attribute.ts";
import { DeadHandleError, UsageError } from "./errors.ts";
import type { Exports, Ptr } from "./exports.ts";
import { Handle } from "./handle.ts";
import type { Location } from "./location.ts";
import { OperationFacts } from "./operation-facts.ts";
import type { Root, Store } from "./store.ts";

/** A use of a value: operand number `index` of `operation`. */
export interface Use {
  readonly operation: Operation;
  readonly index: number;
}

/** What a handle is found from: it is in the same context and tree. */
interface Origin {
  readonly store: Store;
  readonly root: Root;
}

const operationAt = ({ store, root }: Origin, at: Ptr): Operation =>
  store.node(at, () => new Operation(store, at, root));
const blockAt = ({ store, root }: Origin, at: Ptr): Block => store.node(at, () => new Block(store, at, root));
const regionAt = ({ store, root }: Origin, at: Ptr): Region =>
  store.node(at, () => new Region(store, at, root));

function valueAt(from: Origin, at: Ptr): Value {
  if (at === 0) throw new UsageError("an operand whose definition was destroyed");
  return from.store.instance.call((exports) => {
    if (exports.mlirValueIsABlockArgument(at) !== 0) {
      const block = blockAt(from, exports.mlirBlockArgumentGetOwner(at));
      return block.args[exports.mlirBlockArgumentGetArgNumber(at)];
    }
    const owner = operationAt(from, exports.mlirOpResultGetOwner(at));
    return owner.results[exports.mlirOpResultGetResultNumber(at)];
  });
}

/** A result of an operation, or an argument of a block. */
export class Value {
  readonly owner: Operation | Block;
  /** Its number among the results or arguments. */
  index: number;
  private dead = false;

  constructor(owner: Operation | Block, index: number) {
    this.owner = owner;
    this.index = index;
  }

  get store(): Store {
    return this.owner.store;
  }

  get isAlive(): boolean {
    return !this.dead && this.owner.isAlive;
  }

  /** Called when the argument is erased. */
  kill(): void {
    this.dead = true;
  }

  get ptr(): Ptr {
    if (this.dead) throw new DeadHandleError("this argument was erased");
    const { owner, index } = this;
    const at = owner.ptr;
    return this.store.instance.call((exports) =>
      owner instanceof Operation
        ? exports.mlirOperationGetResult(at, index)
        : exports.mlirBlockGetArgument(at, index),
    );
  }

  get type(): Type {
    const { ptr, store } = this;
    return Type.at(
      store,
      store.instance.call((exports) => exports.mlirValueGetType(ptr)),
    );
  }

  /** Changes the type and nothing else; verify afterwards. */
  set type(type: Type) {
    this.store.same(type.store, "a type");
    const { ptr } = this;
    this.store.instance.call((exports) => exports.mlirValueSetType(ptr, type.ptr));
  }

  /** Everything that reads it. */
  get uses(): readonly Use[] {
    const { ptr, store, owner } = this;
    const words = store.instance.words((exports) => exports.mw_value_uses(ptr));
    return Array.from({ length: words.length / 2 }, (_, i) => ({
      operation: operationAt(owner, words[2 * i]),
      index: words[2 * i + 1],
    }));
  }

  /** Makes everything that reads this value read `other`. */
  replaceAllUsesWith(other: Value): void {
    this.store.same(other.store, "a value");
    const [from, to] = [this.ptr, other.ptr];
    if (from !== to) this.store.instance.call((exports) => exports.mlirValueReplaceAllUsesOfWith(from, to));
  }
}

export type WalkOrder = "pre" | "post";

/** One operation, and how it hangs together with others. */
export class Operation extends OperationFacts {
  private cachedResults: readonly Value[] | undefined;

  /** The handle of an operation without a parent, which it owns. */
  static detached(store: Store, at: Ptr): Operation {
    return operationAt({ store, root: store.own(at) }, at);
  }

  // What it is made of.

  get results(): readonly Value[] {
    const length = this.ask("mlirOperationGetNumResults");
    this.cachedResults ??= Array.from({ length }, (_, i) => new Value(this, i));
    return this.cachedResults;
  }

  /** The only result; throws UsageError where there are none or several. */
  get result(): Value {
    const { results } = this;
    if (results.length !== 1) throw new UsageError(`${this.name} has ${results.length} results`);
    return results[0];
  }

  get operands(): readonly Value[] {
    const count = this.ask("mlirOperationGetNumOperands");
    return Array.from({ length: count }, (_, i) => valueAt(this, this.ask("mlirOperationGetOperand", i)));
  }

  setOperand(index: number, value: Value): void {
    this.store.same(value.store, "a value");
    checkIndex(index, this.ask("mlirOperationGetNumOperands"), "operand");
    const { ptr } = value;
    this.ask("mlirOperationSetOperand", index, ptr);
  }

  get regions(): readonly Region[] {
    const count = this.ask("mlirOperationGetNumRegions");
    return Array.from({ length: count }, (_, i) => regionAt(this, this.ask("mlirOperationGetRegion", i)));
  }

  /** Blocks that a branch leads to. */
  get successors(): readonly Block[] {
    const count = this.ask("mlirOperationGetNumSuccessors");
    return Array.from({ length: count }, (_, i) => blockAt(this, this.ask("mlirOperationGetSuccessor", i)));
  }

  setSuccessor(index: number, block: Block): void {
    this.store.same(block.store, "a block");
    checkIndex(index, this.ask("mlirOperationGetNumSuccessors"), "successor");
    const { ptr } = block;
    this.ask("mlirOperationSetSuccessor", index, ptr);
  }

  // Where it stands.

  get parent(): Operation | undefined {
    return this.optional((exports, at) => exports.mlirOperationGetParentOperation(at));
  }

  get block(): Block | undefined {
    const at = this.ask("mlirOperationGetBlock");
    return at === 0 ? undefined : blockAt(this, at);
  }

  get next(): Operation | undefined {
    return this.optional((exports, at) =>
      exports.mlirOperationGetBlock(at) === 0 ? 0 : exports.mlirOperationGetNextInBlock(at),
    );
  }

  get previous(): Operation | undefined {
    return this.optional((exports, at) => exports.mw_op_previous(at));
  }

  private optional(use: (exports: Exports, at: Ptr) => Ptr): Operation | undefined {
    const { ptr: self } = this;
    const at = this.store.instance.call((exports) => use(exports, self));
    return at === 0 ? undefined : operationAt(this, at);
  }

  /** Whether it is `other` or inside of it. */
  isInside(other: Operation): boolean {
    const { ptr } = other;
    return this.ask("mw_op_is_inside", ptr) !== 0;
  }

  /**
   * Visits it and everything inside: "pre" parents first, "post" what is inside first. `visit` may change the IR; what it erased is not
   * visited, what it adds is not either. Returning "stop" ends the walk.
   */
  walk(visit: (operation: Operation) => unknown, order: WalkOrder = "pre"): void {
    const { ptr } = this;
    const found = this.store.instance.words((exports) => exports.mw_op_walk(ptr, Number(order === "post")));
    const handles = Array.from(found, (at) => operationAt(this, at));
    for (const handle of handles) if (handle.isAlive && visit(handle) === "stop") return;
  }

  // Changing.

  /** Moves it, or puts it there if it had no parent yet. */
  moveBefore(other: Operation): void {
    this.place(other, (exports, block) =>
      exports.mlirBlockInsertOwnedOperationBefore(block, other.ptr, this.ptr),
    );
  }

  moveAfter(other: Operation): void {
    this.place(other, (exports, block) =>
      exports.mlirBlockInsertOwnedOperationAfter(block, other.ptr, this.ptr),
    );
  }

  private place(other: Operation, insert: (exports: Exports, block: Ptr) => void): void {
    const { block } = other;
    if (block === undefined) throw new UsageError("the other operation is in no block");
    if (this === other) return;
    block.take(this);
    const { ptr } = block;
    this.store.instance.call((exports) => insert(exports, ptr));
  }

  /** Takes it out of its block. It then belongs to its handle. */
  detach(): void {
    if (this.block === undefined) return;
    this.ask("mlirOperationRemoveFromParent");
    this.store.rehome(this.at, this.store.own(this.at));
  }

  /** Gives what is in a block to the owner of that block. */
  adopt(owner: Root): void {
    if (this.block === undefined) this.store.disown(this.root.last, owner.last);
    else this.ask("mlirOperationRemoveFromParent");
    this.store.rehome(this.at, owner.last);
  }

  /** Destroys it and all inside. Throws UsageError where others use what it defines. */
  erase(): void {
    if (this.ask("mw_op_is_used_outside") !== 0)
      throw new UsageError(`${this.name} is used by others: replace its uses first`);
    this.detach();
    this.store.destroy(this.at);
  }

  /** A copy without a parent; operands are those of the original. */
  clone(): Operation {
    return Operation.detached(this.store, this.ask("mlirOperationClone"));
  }
}

function checkIndex(index: number, count: number, what: string): void {
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new UsageError(`${what} ${index} of ${count}`);
}

/** A list of blocks that belongs to an operation. */
export class Region extends Handle {
  get parent(): Operation {
    return operationAt(this, this.ask("mw_region_parent"));
  }

  get blocks(): readonly Block[] {
    const found: Block[] = [];
    let at = this.ask("mlirRegionGetFirstBlock");
    while (at !== 0) {
      const block = at;
      found.push(blockAt(this, block));
      at = this.store.instance.call((exports) => exports.mlirBlockGetNextInRegion(block));
    }
    return found;
  }

  /** A new block at the end, with arguments of these types. */
  addBlock(types: readonly Type[] = [], location: Location = this.parent.location): Block {
    for (const type of types) this.store.same(type.store, "a type");
    const { ptr } = this;
    const at = this.store.instance.with((exports, put) =>
      exports.mw_region_add_block(
        ptr,
        types.length,
        put.words(types.map((type) => type.ptr)),
        put.words(types.map(() => location.ptr)),
      ),
    );
    return blockAt(this, at);
  }
}

export class Block extends Handle {
  private readonly cachedArgs: Value[] = [];

  get region(): Region {
    return regionAt(this, this.ask("mlirBlockGetParentRegion"));
  }

  /** The operation it is in. */
  get parent(): Operation {
    return operationAt(this, this.ask("mlirBlockGetParentOperation"));
  }

  get args(): readonly Value[] {
    const count = this.ask("mlirBlockGetNumArguments");
    while (this.cachedArgs.length < count) this.cachedArgs.push(new Value(this, this.cachedArgs.length));
    return this.cachedArgs.slice(0, count);
  }

  addArgument(type: Type, location: Location = this.parent.location): Value {
    this.store.same(type.store, "a type");
    this.ask("mlirBlockAddArgument", type.ptr, location.ptr);
    const { args } = this;
    return args[args.length - 1];
  }

  /** Throws UsageError where it is used. */
  eraseArgument(index: number): void {
    const { args } = this;
    checkIndex(index, args.length, "argument");
    const { ptr } = args[index];
    if (this.store.instance.call((exports) => exports.mw_value_is_used(ptr)) !== 0)
      throw new UsageError(`argument ${index} is used`);
    this.ask("mlirBlockEraseArgument", index);
    this.cachedArgs.splice(index, 1)[0].kill();
    this.cachedArgs.forEach((arg, i) => {
      arg.index = i;
    });
  }

  get operations(): readonly Operation[] {
    const found: Operation[] = [];
    let at = this.ask("mlirBlockGetFirstOperation");
    while (at !== 0) {
      const op = at;
      found.push(operationAt(this, op));
      at = this.store.instance.call((exports) => exports.mlirOperationGetNextInBlock(op));
    }
    return found;
  }

  /** The last operation. */
  get last(): Operation | undefined {
    const at = this.ask("mw_block_last");
    return at === 0 ? undefined : operationAt(this, at);
  }

  /** Puts an operation at the end, taking it from where it is. */
  append(operation: Operation): Operation {
    this.take(operation);
    const { ptr } = operation;
    this.ask("mlirBlockAppendOwnedOperation", ptr);
    return operation;
  }

  /** Makes an operation ours to insert. */
  take(operation: Operation): void {
    this.store.same(operation.store, "an operation");
    const { parent } = this;
    if (parent.isInside(operation)) throw new UsageError(`${operation.name} cannot be put inside itself`);
    operation.adopt(this.root);
  }

  /** Destroys the block. Throws UsageError where others use what it defines, or branch to it. */
  erase(): void {
    const outcome = this.ask("mw_block_obstacle");
    if (outcome === 1) throw new UsageError("what the block defines is used by others");
    if (outcome === 2) throw new UsageError("branches lead to the block");
    for (const op of this.operations) {
      this.store.killInside(op.ptr);
      this.store.forget(op.ptr);
    }
    this.ask("mw_block_erase");
    this.store.forget(this.at);
  }
}
