/**
 * `keras.Model`: a layer that can be trained, evaluated, asked for predictions and saved. Functional and sequential models are subclasses; users
 * subclass it with a `call` of their own.
 */
import { ModelError } from "../../../ir/errors.ts";
import { printJson } from "../../formats/json.ts";
import type { Tensor } from "../../tensor.ts";
import { classNameOf, serializeObject } from "../config.ts";
import type { Node, Operation } from "../functional/node.ts";
import type { Layer } from "../layers/layer.ts";
import { camelKeys, type Options } from "../options.ts";
import { type SaveOptions, saveModel, saveWeights } from "../saving/save.ts";
import { type LoadWeightsOptions, loadWeights } from "../saving/weights.ts";
import { Trainer } from "../training/trainer.ts";
import { type SummaryModel, type SummaryOptions, summaryText } from "./summary.ts";

export class Model<Out = Tensor> extends Trainer<Out> implements SummaryModel {
  static override readonly module: string = "keras";
  static readonly className: string = "Model";

  override call(_inputs: never, ..._rest: never[]): Out {
    throw new ModelError("a model of your own needs a call method", {
      where: classNameOf(this),
      hint: "class MyModel extends keras.Model { call(x) { ... } }",
    });
  }

  // Looking inside.

  /** The layers of the model, in order. */
  get layers(): readonly Layer<unknown>[] {
    return this.sublayers;
  }

  /** What `summary` lists. */
  get operations(): readonly Operation[] {
    return this.layers;
  }
  get levels(): readonly (readonly Node[])[] | undefined {
    return undefined;
  }

  /** A layer by name or by position. Throws ModelError where there is none. */
  getLayer(which: string | number): Layer<unknown> {
    const found =
      typeof which === "number" ? this.layers.at(which) : this.layers.find(({ name }) => name === which);
    if (found !== undefined) return found;
    throw new ModelError("no such layer", {
      where: this.name,
      expected: this.layers.map(({ name }) => name).join(", "),
      got: String(which),
    });
  }

  /** Prints layers, shapes and parameter counts. */
  summary(options: Options<SummaryOptions> = {}): void {
    const read: SummaryOptions = camelKeys(options);
    const text = summaryText(this, read);
    if (read.printFn) read.printFn(text);
    else if (typeof process === "undefined") console.log(text);
    else process.stdout.write(text);
  }

  // Files.

  /**
   * Writes a file that Keras 3 loads too: configuration, weights, and the state of the optimizer. A `.keras` file, or by its ending an `.h5` file of the
   * older layout. Rejects with ModelError for other endings, and where it cannot be written.
   */
  save(path: string, options: Options<SaveOptions> = {}): Promise<void> {
    return saveModel(this, path, camelKeys(options));
  }
  /** Writes a `.weights.h5` file. */
  saveWeights(path: string): Promise<void> {
    return saveWeights(this, path);
  }
  /** Reads the weights of a `.weights.h5`, `.keras` or `.h5` file, or of the bytes of one, into a model of the same build. */
  loadWeights(file: string | Uint8Array, options: LoadWeightsOptions = {}): Promise<void> {
    return loadWeights(this, file, options);
  }
  /** The configuration as text: what `keras.models.modelFromJson` reads. */
  toJson(): string {
    return printJson(serializeObject(this));
  }
}
