import { ModelError } from "../../../ir/errors.ts";
import { isNDArray } from "../../arrays.ts";
import { TensorMethods } from "../../tensor.ts";
import { Trace } from "../../trace.ts";
import { getMask, setMask } from "../masks.ts";
import { flatten, isNested, mapNest, type Nest } from "../nest.ts";
import { camelKeys, isPlainObject, type PlainObject } from "../options.ts";
import { session } from "../session.ts";
import { type ShapeNest, toKerasShape } from "../shapes.ts";

/** Options of a call: `layer(x, { training: true })`. Other names go to `call` as they are. */
export interface CallOptions {
  /** Default: that of the outer call, else false. */
  readonly training?: boolean;
  readonly [option: string]: unknown;
}

/** Positional arguments and the options behind them. */
export function splitArguments(args: readonly unknown[]): {
  readonly inputs: readonly unknown[];
  readonly options: CallOptions;
} {
  const last = args.at(-1);
  if (args.length < 2 || !isPlainObject(last) || isNDArray(last) || isTensorDictionary(last))
    return { inputs: args, options: {} };
  return { inputs: args.slice(0, -1), options: camelKeys(last) };
}

/** A dictionary of tensors is an input, not options; unless it names an option that is one. */
function isTensorDictionary(value: PlainObject): boolean {
  const items = Object.values(value);
  return items.length > 0 && !("mask" in value) && items.every((item) => item instanceof TensorMethods);
}

/** Ops that the trace records during `body` carry the path of the layer, for errors and for readers of the IR. */
export function located<T>(body: () => T): T {
  const { engine } = session.scope() ?? {};
  if (!(engine instanceof Trace)) return body();
  const outer = engine.builder.loc;
  engine.builder.loc = session.namePath().join("/");
  try {
    return body();
  } finally {
    engine.builder.loc = outer;
  }
}

export function shapesOf(value: unknown): ShapeNest {
  if (value instanceof TensorMethods) return toKerasShape(value.value.shape);
  if (!isNested(value))
    throw new ModelError("layers take tensors", {
      got: String(value),
      hint: "Pass other values in the options of the call",
    });
  if (Array.isArray(value)) return value.map(shapesOf);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapesOf(item)]));
}

/** The masks of an argument, in its structure; null for each tensor without one. */
export const masksOf = (argument: unknown): unknown =>
  mapNest<unknown, unknown>(argument as Nest<unknown>, (value) =>
    value instanceof TensorMethods ? (getMask(value.value) ?? null) : null,
  );

export const hasMask = (masks: unknown): boolean =>
  flatten<unknown>(masks as Nest<unknown>).some((mask) => mask instanceof TensorMethods);

/** Gives each result its mask, unless it has one. One mask for several results is that of the first. */
export function giveMasks(results: unknown, masks: unknown): void {
  const found = flatten<unknown>(masks as Nest<unknown>);
  flatten<unknown>(results as Nest<unknown>).forEach((result, i) => {
    const mask = found[i];
    if (!(result instanceof TensorMethods) || !(mask instanceof TensorMethods)) return;
    if (getMask(result.value) === undefined) setMask(result.value, mask.value);
  });
}
