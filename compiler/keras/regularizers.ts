/**
 * `keras.regularizers`: penalties on weights, which are added to the loss.
 */
import { ModelError } from "../../ir/errors.ts";
import { elementwise, sum, type Tensor, type TensorLike } from "../tensor.ts";
import { Callable, factory } from "./callable.ts";
import { type ClassTable, resolve } from "./config.ts";
import { asTensor } from "./ops/operation.ts";
import { type JsonObject, type Options, readOptions } from "./options.ts";

/** `regularizer(weight)` is a scalar. */
export abstract class Regularizer extends Callable<[weight: TensorLike], Tensor> {
  static readonly module = "keras.regularizers";
  override invoke([weight]: readonly unknown[]): Tensor {
    return this.penalty(asTensor(weight as TensorLike));
  }
  abstract penalty(weight: Tensor): Tensor;
  abstract getConfig(): JsonObject;
}

/** l1 sum(|w|) + l2 sum(w^2). */
export class L1L2 extends Regularizer {
  static readonly className: string = "L1L2";
  readonly l1: number;
  readonly l2: number;
  constructor(options: Options<{ l1?: number; l2?: number }> = {}) {
    super();
    const { l1, l2 } = readOptions([options], { l1: 0, l2: 0 }, { owner: "L1L2", positional: [] });
    for (const factor of [l1, l2])
      if (!(factor >= 0)) throw new ModelError("a penalty must not be negative", { got: String(factor) });
    this.l1 = l1;
    this.l2 = l2;
  }
  override penalty(weight: Tensor): Tensor {
    const terms = [
      ...(this.l1 === 0
        ? []
        : [elementwise("mul", [sum(elementwise("abs", [weight]), null, false), this.l1])]),
      ...(this.l2 === 0
        ? []
        : [elementwise("mul", [sum(elementwise("mul", [weight, weight]), null, false), this.l2])]),
    ];
    return terms.reduce((a, b) => elementwise("add", [a, b]), asTensor(0));
  }
  override getConfig(): JsonObject {
    return { l1: this.l1, l2: this.l2 };
  }
}

/** l1 sum(|w|); default 0.01. */
export class L1 extends L1L2 {
  static override readonly className = "L1";
  constructor(...args: [l1?: number | Options<{ l1?: number }>]) {
    super({ l1: readOptions(args, { l1: 0.01 }, { owner: "L1", positional: ["l1"] }).l1 });
  }
  override getConfig(): JsonObject {
    return { l1: this.l1 };
  }
}

/** l2 sum(w^2); default 0.01. */
export class L2 extends L1L2 {
  static override readonly className = "L2";
  constructor(...args: [l2?: number | Options<{ l2?: number }>]) {
    super({ l2: readOptions(args, { l2: 0.01 }, { owner: "L2", positional: ["l2"] }).l2 });
  }
  override getConfig(): JsonObject {
    return { l2: this.l2 };
  }
}

/** A function of the user: weight to scalar. */
export type RegularizerFunction = (weight: Tensor) => TensorLike;
export type RegularizerLike = string | Regularizer | RegularizerFunction | JsonObject | null;

const classes: ClassTable<Regularizer> = { L1, L2, L1L2 };

/** The regularizer that an identifier means; null stays null. */
export function get(identifier: unknown): Regularizer | RegularizerFunction | null {
  if (identifier === null || identifier === undefined) return null;
  if (typeof identifier === "function" && !(identifier instanceof Regularizer))
    return identifier as RegularizerFunction;
  const isInstance = (value: unknown): value is Regularizer => value instanceof Regularizer;
  return resolve(identifier, { kind: "regularizer", classes, isInstance });
}

/** `keras.regularizers`. */
export const regularizers = { L1: factory(L1), L2: factory(L2), L1L2: factory(L1L2), get };
