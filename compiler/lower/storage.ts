/**
 * Where values live. Reshapes share the memory of what they reshape; the parts of a join lie inside it; results that are outputs or the next
 * value of a state are written where they belong. A loop's variable has one place from its first value to its last, which iterations
 * overwrite where they can; slices of stacked arrays lie in the stack. Everything else is a temporary.
 */

import { equalExprs } from "../../ir/affine.ts";
import { type Dim, mulDims, productOf } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Block, BlockArg, Func, Value } from "../../ir/graph.ts";
import type { Expr } from "../../ir/kernel.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Region } from "../../ir/program.ts";
import { expressionsOf, visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import { loweringOf } from "./group.ts";
import type { ControlItem, Item, Launch } from "./launches.ts";

/** A piece of memory of its own; several values may lie in it. */
export interface Home {
  readonly name: string;
  readonly region: Region;
  readonly bytes: Dim;
  /** Bytes from the start of the region, where that is known before planning. */
  readonly offset?: number;
}

export interface Place {
  readonly home: Home;
  /** Bytes from the start of the home. */
  readonly offset: number;
}

/** Memory that has to be copied to where it belongs. */
export interface Transfer {
  readonly from: Place;
  readonly to: Place;
  readonly value: Value;
}

export interface Storage {
  readonly places: ReadonlyMap<Value, Place>;
  /** What is copied once all items of a block are done: results, next values of a loop's variables. */
  readonly ends: ReadonlyMap<Block, readonly Transfer[]>;
  /** What is copied before a loop begins: first values. */
  readonly starts: ReadonlyMap<ControlItem, readonly Transfer[]>;
}

export const bytesOf = (value: Value): Dim =>
  mulDims(productOf(value.type.shape), byteWidth(value.type.dtype));

/** Offsets of parameters and states, by path. */
export type FieldOffsets = ReadonlyMap<
  string,
  { readonly region: "weights" | "state"; readonly offset: number }
>;

export interface StorageRequest {
  readonly func: Func;
  readonly items: readonly Item[];
  readonly ops: OpTable;
  readonly fields: FieldOffsets;
  /** Whether two items run equally often, so that one may write where the other begins. */
  together(a: Item, b: Item): boolean;
}

export const assignStorage = (request: StorageRequest): Storage => new Assignment(request).run();

/** A block, what it launches, and who uses its values. */
interface Scope {
  readonly block: Block;
  readonly items: readonly Item[];
}

class Assignment {
  private readonly places = new Map<Value, Place>();
  private readonly names = new Map<string, number>();
  private readonly ends = new Map<Block, Transfer[]>();
  private readonly starts = new Map<ControlItem, Transfer[]>();
  private readonly maker = new Map<Value, Item>();
  private readonly request: StorageRequest;

  constructor(request: StorageRequest) {
    this.request = request;
    this.noteMakers(request.items);
  }

  private noteMakers(items: readonly Item[]): void {
    for (const item of items) {
      for (const result of item.results) this.maker.set(result, item);
      if (item.kind === "control") item.bodies.forEach((body) => this.noteMakers(body));
    }
  }

  run(): Storage {
    const { func, items } = this.request;
    const scope = { block: func.body, items };
    this.ends.set(func.body, []);
    this.placeArguments();
    this.placeResults(scope);
    this.placeInside(scope);
    return { places: this.places, ends: this.ends, starts: this.starts };
  }

  /** Everything of a block but its arguments and returns. */
  private placeInside(scope: Scope): void {
    const { block, items } = scope;
    this.placeJoins(block);
    // From the last: the place of a loop's result is the place of what it begins with.
    for (const item of [...items].reverse()) if (item.kind === "control") this.placeControl(item, scope);
    for (const { results } of items) for (const value of results) this.placeOf(value);
    for (const op of block.ops) for (const value of op.results) this.placeOf(value);
  }

  private placeArguments(): void {
    const { func } = this.request;
    let input = 0;
    func.body.args.forEach((arg, i) => {
      const role = func.args[i];
      if (role.kind === "input") {
        const region = { kind: "input", index: input++ } as const;
        this.places.set(arg, {
          home: { name: role.name, region, bytes: bytesOf(arg), offset: 0 },
          offset: 0,
        });
      } else this.places.set(arg, this.fieldPlace(role.path, arg));
    });
  }

  private fieldPlace(path: string, value: Value): Place {
    const field = this.request.fields.get(path);
    const region = field?.region ?? "weights";
    return {
      home: { name: path, region: { kind: region }, bytes: bytesOf(value), offset: field?.offset ?? 0 },
      offset: 0,
    };
  }

  /** Results are computed in place where nothing stands against it, else copied there in the end. */
  private placeResults(scope: Scope): void {
    const { func } = this.request;
    let output = 0;
    func.body.returns.forEach((value, i) => {
      const role = func.results[i];
      if (role.kind === "output") {
        const region = { kind: "output", index: output++ } as const;
        const home = { name: role.name, region, bytes: bytesOf(value), offset: 0 };
        this.deliver(scope, value, { home, offset: 0 }, true);
      } else {
        const present = this.present(role.path);
        const direct = present === undefined || this.canOverwrite(scope, value, present);
        this.deliver(scope, value, this.fieldPlace(role.path, value), role.kind !== "state" || direct);
      }
    });
  }

  /** The argument that holds a state before the call. */
  private present(path: string): BlockArg | undefined {
    const { func } = this.request;
    return func.body.args.find((_, i) => {
      const role = func.args[i];
      return role.kind === "state" && role.path === path;
    });
  }

  /** Sees to it that a return of the block is at `to` in the end: computed there, if it may be, else copied. */
  private deliver({ block }: Scope, value: Value, to: Place, mayCompute: boolean): void {
    const root = this.rootOf(value);
    if (mayCompute && this.maker.has(root) && !this.places.has(root)) this.places.set(root, to);
    else if (!this.isAlready(root, to)) this.ends.get(block)?.push({ from: this.placeOf(value), to, value });
  }

  private isAlready(root: Value, to: Place): boolean {
    const place = this.places.get(root);
    return (
      place?.home.name === to.home.name &&
      place.home.region.kind === to.home.region.kind &&
      place.offset === to.offset
    );
  }

  /** The value whose memory a chain of reshapes shares. */
  private rootOf(value: Value): Value {
    if (value.kind === "arg" || this.maker.has(value)) return value;
    return loweringOf(value.op, this.request.ops).kind === "alias"
      ? this.rootOf(value.op.operands[0])
      : value;
  }

  /**
   * The launch that makes the next value of a variable may write over the present one when it is the last to read it, and reads each element
   * only to write that same element.
   */
  private canOverwrite({ block, items }: Scope, next: Value, present: Value): boolean {
    const value = this.rootOf(next);
    const maker = items.findIndex(({ results }) => results.includes(value));
    const item = items[maker];
    if (item === undefined || item.kind === "control") return false;
    const reads = ({ operands }: Item): boolean =>
      operands.some((operand) => this.rootOf(operand) === present);
    const returned = block.returns.some((other) => this.rootOf(other) === present);
    if (returned || items.slice(maker + 1).some(reads)) return false;
    return !reads(item) || readsWhereItWrites(item, present, value);
  }

  private placeJoins(block: Block): void {
    for (const op of block.ops) {
      if (loweringOf(op, this.request.ops).kind !== "join") continue;
      const [whole] = op.results;
      const { home, offset } = this.placeOf(whole);
      let start = offset;
      for (const part of op.operands) {
        const root = this.rootOf(part);
        const place = { home, offset: start };
        if (this.maker.has(root) && !this.places.has(root)) this.places.set(root, place);
        else this.ends.get(block)?.unshift({ from: this.placeOf(part), to: place, value: part });
        start += Number(bytesOf(part));
      }
    }
  }

  private placeControl(item: ControlItem, scope: Scope): void {
    const { op, control } = item;
    item.results.forEach((result) => this.placeOf(result));
    if (control.runs === "choice") {
      item.bodies.forEach((items, i) =>
        this.placeRegion({ block: op.regions[i], items }, op.operands.slice(1), item),
      );
      return;
    }
    const carries = this.carriesOf(item);
    const starts = op.operands.slice(0, carries).flatMap((first, i) => this.begin(item, scope, first, i));
    this.starts.set(item, starts);
    item.bodies.forEach((items, i) => this.placeRegion({ block: op.regions[i], items }, op.operands, item));
  }

  private carriesOf({ op, control }: ControlItem): number {
    if (control.runs === "for") return control.counts(op.attrs).carries;
    return control.runs === "while" ? control.carries(op.attrs) : 0;
  }

  /** Puts the first value of a variable where the variable lives: computed there, where nobody else wants it. */
  private begin(item: ControlItem, scope: Scope, first: Value, at: number): Transfer[] {
    const to = this.placeOf(item.results[at]);
    const root = this.rootOf(first);
    const maker = this.maker.get(root);
    const own =
      scope.items.includes(maker ?? item) && maker !== undefined && this.request.together(maker, item);
    if (own && !this.places.has(root) && this.isOnlyUse(root, scope)) {
      this.places.set(root, to);
      return [];
    }
    return [{ from: this.placeOf(first), to, value: first }];
  }

  /** Whether one operand of one item is all that wants a value. */
  private isOnlyUse(root: Value, { block, items }: Scope): boolean {
    const wants = (values: readonly Value[]): number =>
      values.filter((value) => this.rootOf(value) === root).length;
    const uses = items.reduce((sum, { operands }) => sum + wants(operands), 0);
    return uses === 1 && wants(block.returns) === 0;
  }

  /** Arguments lie where operands do; variables where results do. */
  private placeRegion(scope: Scope, operands: readonly Value[], item: ControlItem): void {
    const { block } = scope;
    const carries = this.carriesOf(item);
    this.ends.set(block, []);
    block.args.forEach((arg, i) => {
      this.places.set(arg, this.placeOf(i < carries ? item.results[i] : operands[i]));
    });
    // A condition's return is no result: it stays where it is computed.
    if (block.returns.length === item.results.length && !this.isCondition(scope, item)) {
      block.returns.forEach((value, i) => this.deliverReturn(scope, value, i, item));
    }
    this.placeInside(scope);
  }

  private isCondition({ block }: Scope, { op, control }: ControlItem): boolean {
    return control.runs === "while" && block === op.regions[0];
  }

  private deliverReturn(scope: Scope, value: Value, at: number, item: ControlItem): void {
    const to = this.placeOf(item.results[at]);
    const variable = at < this.carriesOf(item) ? scope.block.args[at] : undefined;
    if (value === variable) return;
    const mayCompute = variable === undefined || this.canOverwrite(scope, value, variable);
    if (at >= this.carriesOf(item) && item.control.runs === "for") this.deliverSlice(value, to);
    else this.deliver(scope, value, to, mayCompute);
  }

  /** Slices are computed where they lie in their stack; copying one would take more than a start and a length. */
  private deliverSlice(value: Value, to: Place): void {
    if (!this.maker.has(value) || this.places.has(value))
      throw new CompilerBug("lower", "a slice that no kernel of the loop writes for its stack alone");
    this.places.set(value, to);
  }

  /** Memory in the arena, under a name of its own. */
  private temporary(value: Value): Home {
    const base = value.kind === "arg" ? (value.name ?? "arg") : value.op.loc || value.op.name;
    const count = this.names.get(base) ?? 0;
    this.names.set(base, count + 1);
    return {
      name: count === 0 ? base : `${base} ${count + 1}`,
      region: { kind: "arena" },
      bytes: bytesOf(value),
    };
  }

  private placeOf(value: Value): Place {
    const root = this.rootOf(value);
    const known = this.places.get(root);
    const place = known ?? { home: this.temporary(root), offset: 0 };
    this.places.set(root, place);
    this.places.set(value, place);
    return place;
  }
}

/** In the launch's kernel, every load of `present` is at the index of the one store that writes `value`, and none comes after it. */
function readsWhereItWrites({ kernel, operands, results }: Launch, present: Value, value: Value): boolean {
  // Under another shape, indices cannot be compared.
  if (!operands.includes(present)) return false;
  // Merged kernels may have several parameters for one value.
  const from = new Set(kernel.params.flatMap(({ buffer }, i) => (operands[i] === present ? [buffer] : [])));
  const to = kernel.params[operands.length + results.indexOf(value)].buffer;
  const loads: (readonly Expr[])[] = [];
  const stores: (readonly Expr[])[] = [];
  let isOrdered = true;
  visitStmts(kernel.body, (stmt) => {
    for (const expr of expressionsOf(stmt)) {
      visitExprs(expr, (inner) => {
        if (inner.kind !== "load" || !from.has(inner.buffer)) return;
        isOrdered &&= stores.length === 0;
        loads.push(inner.index);
      });
    }
    if (stmt.kind === "store" && stmt.buffer === to) stores.push(stmt.index);
  });
  const [written] = stores;
  const isSame = (index: readonly Expr[]): boolean =>
    index.every((expr, axis) => equalExprs(expr, written[axis]));
  return isOrdered && stores.length === 1 && loads.every(isSame);
}
