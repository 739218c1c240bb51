/**
 * `keras.regularizers`: penalties on weights, which are added to the loss.
 */
import { ModelError } from "../../ir/errors.ts";
import { elementwise, sum, type Tensor, type TensorLike } from "../tensor.ts";
import { Callable, factory } from "./callable.ts";
import { type ClassTable, resolve, serializeMaybe } from "./config.ts";
import { eye } from "./ops/create.ts";
import { matmulOf } from "./ops/linalg.ts";
import { transpose } from "./ops/movement.ts";
import { normalize } from "./ops/normalization.ts";
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
  constructor(...args: [l1?: number | Options<{ l1?: number; l2?: number }>, l2?: number]) {
    super();
    const { l1, l2 } = readOptions(args, { l1: 0, l2: 0 }, { owner: "L1L2", positional: ["l1", "l2"] });
    this.l1 = checkFactor(l1, "l1");
    this.l2 = checkFactor(l2, "l2");
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

function checkFactor(value: number, name: string): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ModelError(
    `Invalid value for argument ${name}: expected a non-negative float. Received: ${name}=${value}`,
  );
}

interface OrthogonalOptions {
  /** Default 0.01. */
  factor?: number;
  /** What is to be at right angles: "rows" (default) or "columns". */
  mode?: "rows" | "columns";
}

/** factor times the mean |cosine| between two rows (or columns) of a matrix. */
export class OrthogonalRegularizer extends Regularizer {
  static readonly className = "OrthogonalRegularizer";
  readonly factor: number;
  readonly mode: "rows" | "columns";
  constructor(...args: [factor?: number | Options<OrthogonalOptions>, mode?: "rows" | "columns"]) {
    super();
    const { factor, mode } = readOptions(
      args,
      { factor: 0.01, mode: "rows" as "rows" | "columns" },
      { owner: "OrthogonalRegularizer", positional: ["factor", "mode"] },
    );
    this.factor = checkFactor(factor, "factor");
    this.mode = mode;
    if (mode !== "rows" && mode !== "columns")
      throw new ModelError(
        `Invalid value for argument \`mode\`. Expected one of {"rows", "columns"}. Received: mode=${mode}`,
      );
  }
  override penalty(weight: Tensor): Tensor {
    if (weight.rank !== 2)
      throw new ModelError(
        `Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape=${weight}`,
      );
    const rows = normalize(this.mode === "rows" ? weight : transpose(weight), { axis: 1 });
    const size = Number(rows.shape[0]);
    const apart = elementwise("sub", [1, eye(size)]);
    const cosines = elementwise("mul", [matmulOf(rows, transpose(rows)), apart]);
    const total = sum(elementwise("abs", [cosines]), null, false);
    return elementwise("mul", [total, (0.5 * this.factor) / ((size * (size - 1)) / 2)]);
  }
  override getConfig(): JsonObject {
    return { factor: this.factor, mode: this.mode };
  }
}

/** A function of the user: weight to scalar. */
export type RegularizerFunction = (weight: Tensor) => TensorLike;
export type RegularizerLike = string | Regularizer | RegularizerFunction | JsonObject | null;

const classes: ClassTable<Regularizer> = { L1, L2, L1L2, OrthogonalRegularizer };
const aliases = { l1_l2: "L1L2" };

/** The regularizer that an identifier means; null stays null. */
export function get(identifier: unknown): Regularizer | RegularizerFunction | null {
  if (identifier === null || identifier === undefined) return null;
  if (typeof identifier === "function" && !(identifier instanceof Regularizer))
    return identifier as RegularizerFunction;
  const isInstance = (value: unknown): value is Regularizer => value instanceof Regularizer;
  return resolve(identifier, { kind: "regularizer", classes, aliases, isInstance });
}

/** `keras.regularizers`. */
export const regularizers = {
  Regularizer,
  L1: factory(L1),
  L2: factory(L2),
  L1L2: factory(L1L2),
  OrthogonalRegularizer: factory(OrthogonalRegularizer),
  get,
  deserialize: get,
  serialize: serializeMaybe,
};
