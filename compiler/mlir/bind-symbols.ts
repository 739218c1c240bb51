/**
 * A function for one size of the batch: dialects that want constant shapes get them.
 */
import { type Bindings, evaluateDim, evaluateShape, parseDim, symbolsOf } from "../../ir/dim.ts";
import { ModelError } from "../../ir/errors.ts";
import {
  type Attr,
  type Attrs,
  type BlockArg,
  type Func,
  makeOp,
  type Op,
  type Value,
} from "../../ir/graph.ts";
import type { TensorType } from "../../ir/type.ts";

/** The function with every symbol replaced by its value; the same object where it has none. */
export function bindSymbols(func: Func, bindings: Bindings): Func {
  const { args, ops, returns } = func.body;
  const used = args.flatMap(({ type }) => symbolsOf(type.shape));
  if (used.length === 0) return func;
  const mapping = new Map<Value, Value>();
  const fixed = (type: TensorType): TensorType => ({ ...type, shape: evaluateShape(type.shape, bindings) });
  const bound = args.map((arg): BlockArg => ({ ...arg, type: fixed(arg.type) }));
  args.forEach((arg, i) => void mapping.set(arg, bound[i]));
  const resolve = (value: Value): Value => mapping.get(value) ?? value;
  const rebuilt = ops.map((op): Op => {
    const types = op.results.map(({ type }) => fixed(type));
    const made = makeOp(
      op.name,
      op.operands.map(resolve),
      types,
      bindAttrs(op.attrs, bindings),
      op.regions,
      op.loc,
    );
    op.results.forEach((result, i) => void mapping.set(result, made.results[i]));
    return made;
  });
  return { ...func, body: { args: bound, ops: rebuilt, returns: returns.map(resolve) } };
}

const bindAttrs = (attrs: Attrs, bindings: Bindings): Attrs =>
  Object.fromEntries(
    Object.entries(attrs).map(([name, attr]) => [
      name,
      attr === undefined ? attr : bindAttr(attr, bindings, false),
    ]),
  );

/** Dimensions in attributes are texts like "10*n", in lists numbers as well. */
function bindAttr(attr: Attr, bindings: Bindings, isItem: boolean): Attr {
  if (Array.isArray(attr)) return attr.map((item: Attr) => bindAttr(item, bindings, true));
  if (typeof attr !== "string") return attr;
  const [name, size] = attr.split("=");
  if (isItem && size !== undefined) return `${name}=${bindAttr(size, bindings, true)}`;
  const value = sizeIn(attr, bindings);
  if (value === undefined) return attr;
  return isItem ? value : String(value);
}

function sizeIn(text: string, bindings: Bindings): number | undefined {
  try {
    const dim = parseDim(text);
    return symbolsOf([dim]).every((symbol) => bindings.has(symbol)) ? evaluateDim(dim, bindings) : undefined;
  } catch (error) {
    if (error instanceof ModelError) return undefined; // a text that is no dimension
    throw error;
  }
}
