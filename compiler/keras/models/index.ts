/**
 * `keras.Model`, `keras.Sequential`, and `keras.models`.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { factory, withStatics } from "../callable.ts";
import { symbolicIn } from "../functional/node.ts";
import type { LayerOptions } from "../layers/layer.ts";
import type { Nest } from "../nest.ts";
import { isPlainObject, type JsonObject, type Options } from "../options.ts";
import { type LoadOptions, loadModel, modelFromBytes, modelFromJson, readObject } from "../saving/load.ts";
import type { SaveOptions } from "../saving/save.ts";
import { cloneModel } from "./clone.ts";
import { Functional as FunctionalClass } from "./functional.ts";
import { Model as ModelClass } from "./model.ts";
import { Sequential as SequentialClass } from "./sequential.ts";

interface ByName<O> extends LayerOptions {
  readonly inputs: Nest<Tensor>;
  readonly outputs: O;
}

/**
 * `keras.Model(inputs, outputs)` and `keras.Model({ inputs, outputs })` make a functional model, with or without `new`;
 * `class MyModel extends keras.Model` makes one with a `call` of its own.
 */
export interface ModelFactory {
  <O extends Nest<Tensor>>(inputs: Nest<Tensor>, outputs: O, options?: LayerOptions): FunctionalClass<O>;
  <O extends Nest<Tensor>>(options: ByName<O>): FunctionalClass<O>;
  new <O extends Nest<Tensor>>(inputs: Nest<Tensor>, outputs: O, options?: LayerOptions): FunctionalClass<O>;
  new <O extends Nest<Tensor>>(options: ByName<O>): FunctionalClass<O>;
}

function makeFunctional([first, outputs, options]: readonly unknown[]): FunctionalClass<unknown> | undefined {
  if (isPlainObject(first) && "inputs" in first && "outputs" in first) {
    const { inputs, outputs: results, ...rest } = first;
    return new FunctionalClass(inputs as Nest<Tensor>, results, rest as LayerOptions);
  }
  return symbolicIn(first).length === 0
    ? undefined
    : new FunctionalClass(first as Nest<Tensor>, outputs, (options ?? {}) as LayerOptions);
}

/** Makes a model again from what `getConfig` gives: `keras.Sequential.fromConfig(config)`. Models have layers inside, which the reader of files knows. */
const fromConfigOf =
  (className: string) =>
  (config: JsonObject, options: LoadOptions = {}): unknown =>
    readObject({ class_name: className, config }, options);

export interface FromConfig<M> {
  fromConfig(config: JsonObject, options?: LoadOptions): M;
}

const makeModel: ModelFactory & typeof ModelClass = new Proxy(ModelClass, {
  construct(target, args: readonly unknown[], newTarget): object {
    const functional = newTarget === Model ? makeFunctional(args) : undefined;
    return functional ?? Reflect.construct(target, args, newTarget);
  },
  apply(_target, _self, args: readonly unknown[]): object {
    const functional = makeFunctional(args);
    if (functional !== undefined) return functional;
    throw new ModelError("a model is made from symbolic inputs and outputs", {
      expected: "keras.Model(inputs, outputs)",
      got: args.map(String).join(", "),
    });
  },
}) as ModelFactory & typeof ModelClass;

export const Model: ModelFactory & typeof ModelClass & FromConfig<FunctionalClass> = withStatics(makeModel, {
  fromConfig: fromConfigOf("Functional"),
}) as ModelFactory & typeof ModelClass & FromConfig<FunctionalClass>;

export const Sequential = withStatics(factory(SequentialClass), {
  fromConfig: fromConfigOf("Sequential") as FromConfig<SequentialClass>["fromConfig"],
});
export const Functional = FunctionalClass;

const saveModel = (
  model: ModelClass<unknown>,
  path: string,
  options: Options<SaveOptions> = {},
): Promise<void> => model.save(path, options);

/** `keras.models`. */
export const models = {
  Model,
  Sequential,
  Functional,
  cloneModel,
  loadModel,
  saveModel,
  modelFromBytes,
  modelFromJson,
};
