/**
 * Walks over the graph IR: rebuild a block once, count uses, find what is live, and the structural key by
 * which two ops are the same.
 *
 * All of them are pure, and share: an op whose operands and regions did not change stays the very object it was, and a block, function or
 * module of unchanged parts too, so that "did this pass do anything?" is a comparison by identity.
 */
import {
  type Attr,
  type Attrs,
  type Block,
  type Func,
  type Module,
  makeOp,
  type Op,
  type Value,
} from "../ir/graph.ts";
import { bytesOf, type NDArray } from "../ir/ndarray.ts";
import { printType } from "../ir/type.ts";
import { mapShared } from "../ir/walk-kernel.ts";

/** What stands for a value now. Values that are not in it stand for themselves. */
export type Mapping = Map<Value, Value>;

/** The op with other operands and regions; the same object when neither differs. */
export function withOperands(op: Op, operands: readonly Value[], regions: readonly Block[] = op.regions): Op {
  const same = (a: readonly unknown[], b: readonly unknown[]): boolean => a.every((item, i) => item === b[i]);
  if (same(op.operands, operands) && same(op.regions, regions)) return op;
  const types = op.results.map((result) => result.type);
  return makeOp(op.name, operands, types, op.attrs, regions, op.loc);
}

/** The block with other ops and returns; the same object when neither differs. */
export function withOps(block: Block, ops: readonly Op[], returns: readonly Value[]): Block {
  const same = <T>(a: readonly T[], b: readonly T[]): boolean =>
    a.length === b.length && a.every((item, i) => item === b[i]);
  return same(block.ops, ops) && same(block.returns, returns) ? block : { args: block.args, ops, returns };
}

/**
 * Rebuilds a block in one walk. `visit` gets each op with its operands already replaced. It answers the values that stand for the results,
 * after having emitted the ops these need, or undefined to keep the op as it is. `original` is the op as it stood in the block given.
 */
export function rebuildBlock(
  block: Block,
  visit: (op: Op, emit: (op: Op) => void, original: Op) => readonly (Value | undefined)[] | undefined,
): Block {
  const mapping: Mapping = new Map();
  const ops: Op[] = [];
  const emit = (op: Op): void => void ops.push(op);
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  for (const op of block.ops) {
    const current = withOperands(op, op.operands.map(resolve));
    const values = visit(current, emit, op);
    if (values === undefined) emit(current);
    replaceResults(op, values ?? current.results, mapping);
  }
  return withOps(block, ops, block.returns.map(resolve));
}

/** Notes what stands for each result of an op. */
export function replaceResults(op: Op, values: readonly (Value | undefined)[], mapping: Mapping): void {
  op.results.forEach((result, i) => {
    const value = values[i];
    if (value !== undefined && value !== result) mapping.set(result, value);
  });
}

/** The module with every body, and every region inside, rebuilt by `rebuild`: regions first, then the block around them. */
export function mapBlocks(module: Module, rebuild: (block: Block, func: Func) => Block): Module {
  return mapFuncs(module, (func) => {
    const inside = (block: Block): Block => rebuild(mapRegions(block, inside), func);
    const body = inside(func.body);
    return body === func.body ? func : { ...func, body };
  });
}

/** True for a function that `split-prepare` made: all its results are prepared. It is evaluated once, not compiled. */
export const isPrepare = (func: Func): boolean =>
  func.results.length > 0 && func.results.every(({ kind }) => kind === "prepared");

export function mapFuncs(module: Module, change: (func: Func) => Func): Module {
  const funcs = mapShared(module.funcs, change);
  return funcs === module.funcs ? module : { funcs };
}

function mapRegions(block: Block, change: (block: Block) => Block): Block {
  if (block.ops.every((op) => op.regions.length === 0)) return block;
  return rebuildBlock(block, (op, emit) => {
    const changed = withOperands(op, op.operands, mapShared(op.regions, change));
    emit(changed);
    return changed.results;
  });
}

/** How often each value is used, by ops of the block and as a return. */
export function countUses(block: Block): Map<Value, number> {
  const counts = new Map<Value, number>();
  const use = (value: Value): void => void counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const op of block.ops) op.operands.forEach(use);
  block.returns.forEach(use);
  return counts;
}

/** Who uses each value: the ops, once per operand, in order. Returns are not ops. */
export function usersOf(block: Block): Map<Value, Op[]> {
  const users = new Map<Value, Op[]>();
  for (const op of block.ops) {
    for (const operand of op.operands) {
      const known = users.get(operand);
      if (known === undefined) users.set(operand, [op]);
      else known.push(op);
    }
  }
  return users;
}

/** The ops of `ops`, in order, that any of `roots` depends on. `ops` stand in order of dependence. */
export function dependenciesOf(ops: readonly Op[], roots: readonly Value[]): readonly Op[] {
  const needed = new Set<Op>();
  for (const root of roots) if (root.kind === "result") needed.add(root.op);
  for (let i = ops.length - 1; i >= 0; i--) {
    if (!needed.has(ops[i])) continue;
    for (const operand of ops[i].operands) if (operand.kind === "result") needed.add(operand.op);
  }
  return ops.filter((op) => needed.has(op));
}

/**
 * A function from ops to text, equal for ops that compute the same: name, operands by identity, attributes by content, regions by
 * structure; never the location. Its numbering of values is its own: compare keys of one function only.
 */
export function structuralKeys(): (op: Op) => string {
  const number = numbering<Value>();
  const keys = new StructuralKeys(arrayNumbering());
  return (op) => keys.op(op, number);
}

/** The structure of a region as text, arrays included: equal for regions that compute the same. */
export const regionKey = (region: Block): string =>
  new StructuralKeys((array) => `${printType(array)}(${array.data})`).block(region);

class StructuralKeys {
  private readonly arrayKey: (array: NDArray) => number | string;

  constructor(arrayKey: (array: NDArray) => number | string) {
    this.arrayKey = arrayKey;
  }

  op(op: Op, name: (value: Value) => number): string {
    const regions = op.regions.map((block) => `{${this.block(block)}}`);
    return `${op.name}(${op.operands.map(name)})${attrsKey(op.attrs, this.arrayKey)}${regions.join("")}`;
  }

  block(block: Block): string {
    const local = numbering<Value>();
    const args = block.args.map((arg) => `${local(arg)}:${printType(arg.type)}`);
    const ops = block.ops.map((op) => {
      const key = this.op(op, local);
      return `${op.results.map(local)}=${key}`;
    });
    return [args.join(), ...ops, block.returns.map(local).join()].join(";");
  }
}

function numbering<T>(): (item: T) => number {
  const numbers = new Map<T, number>();
  return (item) => {
    const known = numbers.get(item) ?? numbers.size;
    numbers.set(item, known);
    return known;
  };
}

const isList = (attr: Attr): attr is readonly Attr[] => Array.isArray(attr);

function attrsKey(attrs: Attrs, arrayKey: (array: NDArray) => number | string): string {
  const text = (attr: Attr): string => {
    if (isList(attr)) return `[${attr.map(text)}]`;
    if (typeof attr === "number") return Object.is(attr, -0) ? "-0" : `${attr}`;
    if (typeof attr !== "object") return JSON.stringify(attr);
    return "data" in attr ? `#${arrayKey(attr)}` : printType(attr);
  };
  const names = Object.keys(attrs).sort();
  return names.map((name) => `${name}=${text(attrs[name] ?? "")}`).join();
}

/** Numbers arrays by content: equal bytes, shape and dtype give one number. */
function arrayNumbering(): (array: NDArray) => number {
  const known = new Map<string, { readonly array: NDArray; readonly number: number }[]>();
  let count = 0;
  return (array) => {
    const key = `${printType(array)}${hashOf(bytesOf(array))}`;
    const alike = known.get(key) ?? [];
    const found = alike.find((other) => other.array === array || equalBytes(other.array, array));
    if (found !== undefined) return found.number;
    known.set(key, [...alike, { array, number: count }]);
    return count++;
  };
}

/** FNV-1a, 32 bits; equal hashes are compared in full. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}

function equalBytes(a: NDArray, b: NDArray): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}
