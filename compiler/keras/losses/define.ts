/**
 * How a loss is declared: a function of labels, predictions and options becomes a class with that function behind it, read from options or from
 * a configuration and written to one.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import { type JsonObject, type Options, readOptions, snakeClassName, toSnake } from "../options.ts";
import { FunctionLoss, type Labels, type LossOptions, type Reduction } from "./loss.ts";

/** Labels and predictions to one number per sample. */
export type LossFormula<O> = (yTrue: TensorLike, yPred: TensorLike, options?: O) => Tensor;

export interface LossDetails<O> {
  /** Default: the class name in snake case. */
  readonly name?: string;
  /** What labels are; default "values". */
  readonly labels?: Labels;
  /** Options that Keras leaves out of configurations. */
  readonly unsaved?: readonly (keyof O & string)[];
  /** Order of positional arguments; default the options, then reduction and name. */
  readonly positional?: readonly string[];
  /** Says what is wrong with options, in Keras's words. */
  readonly check?: (options: O) => string | undefined;
}

/** The class of a loss; named, because declarations cannot describe an anonymous class. */
export interface LossClass<O extends object> {
  readonly module: string;
  readonly className: string;
  readonly prototype: FunctionLoss;
  /** Options by name, or by position in Keras's order. */
  new (...args: (O[keyof O] | Reduction | Options<LossOptions & Partial<O>>)[]): FunctionLoss;
}

const own = ["reduction", "name", "dtype"] as const;

/** Declares a loss: its class name, its formula, its options with their defaults. */
export function defineLoss<O extends object>(
  className: string,
  formula: LossFormula<Partial<O>>,
  defaults: O = {} as O,
  details: LossDetails<O> = {},
): LossClass<O> {
  const { name = snakeClassName(className), labels = "values", unsaved = [] } = details;
  const keys = Object.keys(defaults) as (keyof O & string)[];
  const positional = details.positional ?? [...keys, ...own];
  return class extends FunctionLoss {
    static override readonly className = className;
    constructor(...args: readonly unknown[]) {
      const given = readOptions(args, defaults, { owner: className, positional, also: own });
      const problem = details.check?.(given);
      if (problem !== undefined) throw new ModelError(problem, { where: className });
      const options = Object.fromEntries(keys.map((key) => [key, given[key]])) as O;
      const saved = keys.filter((key) => !unsaved.includes(key)).map((key) => [toSnake(key), options[key]]);
      super((y, p) => formula(y, p, options), { name, ...given }, Object.fromEntries(saved) as JsonObject);
      this.labels = labels;
      this.ignoredClass = "ignoreClass" in options ? (options.ignoreClass as number | null) : null;
    }
  };
}
