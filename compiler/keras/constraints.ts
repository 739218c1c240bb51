/**
 * `keras.constraints`: what a weight is forced to be after each update. The optimizer applies the constraint of a variable when it has stepped.
 */
import { ModelError } from "../../ir/errors.ts";
import { type Axes, elementwise, sum, type Tensor, type TensorLike } from "../tensor.ts";
import { Callable, factory } from "./callable.ts";
import { type ClassTable, resolve } from "./config.ts";
import { asTensor } from "./ops/operation.ts";
import { type JsonObject, type Options, readOptions } from "./options.ts";
import { session } from "./session.ts";

/** `constraint(weight)` is the weight as it may be. */
export abstract class Constraint extends Callable<[weight: TensorLike], Tensor> {
  static readonly module = "keras.constraints";
  override invoke([weight]: readonly unknown[]): Tensor {
    return this.project(asTensor(weight as TensorLike));
  }
  abstract project(weight: Tensor): Tensor;
  getConfig(): JsonObject {
    return {};
  }
}

/** Negative elements become 0. */
export class NonNeg extends Constraint {
  static readonly className = "NonNeg";
  constructor(options: object = {}) {
    super();
    readOptions([options], {}, { owner: "NonNeg", positional: [] });
  }
  override project(weight: Tensor): Tensor {
    return elementwise("max", [weight, 0]);
  }
}

const axisOptions = { axis: 0 as Axes };

/** A constraint on the norm of each unit: the weight times wanted(norm) / (norm + epsilon), with norms over `axis`. */
abstract class NormConstraint extends Constraint {
  private readonly axis: Axes;

  constructor(axis: Axes) {
    super();
    this.axis = axis;
  }

  override project(weight: Tensor): Tensor {
    const norms = elementwise("sqrt", [sum(elementwise("mul", [weight, weight]), this.axis, true)]);
    const scale = elementwise("div", [this.wanted(norms), elementwise("add", [norms, session.epsilon])]);
    return elementwise("mul", [weight, scale]);
  }

  protected abstract wanted(norms: Tensor): TensorLike;

  override getConfig(): JsonObject {
    return { axis: this.axis };
  }
}

const clip = (x: Tensor, low: number, high: number): Tensor =>
  elementwise("min", [elementwise("max", [x, low]), high]);

/** Norms are at most `maxValue` (default 2). */
export class MaxNorm extends NormConstraint {
  static readonly className = "MaxNorm";
  private readonly maxValue: number;
  constructor(...args: [maxValue?: number | Options<{ maxValue?: number; axis?: Axes }>, axis?: Axes]) {
    const defaults = { maxValue: 2, ...axisOptions };
    const read = readOptions(args, defaults, { owner: "MaxNorm", positional: ["maxValue", "axis"] });
    super(read.axis);
    this.maxValue = read.maxValue;
  }
  protected override wanted(norms: Tensor): Tensor {
    return clip(norms, 0, this.maxValue);
  }
  override getConfig(): JsonObject {
    return { max_value: this.maxValue, ...super.getConfig() };
  }
}

/** Norms are 1. */
export class UnitNorm extends NormConstraint {
  static readonly className = "UnitNorm";
  constructor(...args: [axis?: Axes | Options<{ axis?: Axes }>]) {
    super(readOptions(args, axisOptions, { owner: "UnitNorm", positional: ["axis"] }).axis);
  }
  protected override wanted(): number {
    return 1;
  }
}

const minMaxDefaults = { minValue: 0, maxValue: 1, rate: 1, ...axisOptions };

/** Norms move by the share `rate` (default 1) of the way into [minValue, maxValue] (default [0, 1]). */
export class MinMaxNorm extends NormConstraint {
  static readonly className = "MinMaxNorm";
  private readonly options: typeof minMaxDefaults;
  constructor(options: Options<{ minValue?: number; maxValue?: number; rate?: number; axis?: Axes }> = {}) {
    const read = readOptions([options], minMaxDefaults, { owner: "MinMaxNorm", positional: [] });
    super(read.axis);
    this.options = read;
    if (!(read.minValue <= read.maxValue))
      throw new ModelError("minValue must not be above maxValue", {
        where: "MinMaxNorm",
        got: `${read.minValue} and ${read.maxValue}`,
      });
  }
  protected override wanted(norms: Tensor): Tensor {
    const { minValue, maxValue, rate } = this.options;
    const kept = elementwise("mul", [norms, 1 - rate]);
    return elementwise("add", [elementwise("mul", [clip(norms, minValue, maxValue), rate]), kept]);
  }
  override getConfig(): JsonObject {
    const { minValue, maxValue, rate } = this.options;
    return { min_value: minValue, max_value: maxValue, rate, ...super.getConfig() };
  }
}

/** A function of the user: weight to weight. */
export type ConstraintFunction = (weight: Tensor) => TensorLike;
export type ConstraintLike = string | Constraint | ConstraintFunction | JsonObject | null;

const classes: ClassTable<Constraint> = { MaxNorm, MinMaxNorm, NonNeg, UnitNorm };

/** The constraint that an identifier means; null stays null. */
export function get(identifier: unknown): Constraint | ConstraintFunction | null {
  if (identifier === null || identifier === undefined) return null;
  if (typeof identifier === "function" && !(identifier instanceof Constraint))
    return identifier as ConstraintFunction;
  const isInstance = (value: unknown): value is Constraint => value instanceof Constraint;
  return resolve(identifier, { kind: "constraint", classes, isInstance });
}

/** `keras.constraints`. */
export const constraints = {
  MaxNorm: factory(MaxNorm),
  MinMaxNorm: factory(MinMaxNorm),
  NonNeg: factory(NonNeg),
  UnitNorm: factory(UnitNorm),
  get,
};
