/**
 * What all applications share: their options and the checks of them, the input, the classifier or pooling on top, and where weights come from.
 * An architecture is its body: a function from the tensor of images to that of features, layer for layer as Keras builds it.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import {
  type ActivationLike,
  get as getActivation,
  serialize as serializeActivation,
} from "../activations.ts";
import { sourceInputs } from "../functional/graph.ts";
import type { InitializerLike } from "../initializers/index.ts";
import { Dense, GlobalAveragePooling2D, GlobalMaxPooling2D, Input } from "../layers/index.ts";
import { Functional } from "../models/functional.ts";
import { type Options, readOptions } from "../options.ts";
import { type KerasShape, printKerasShape, toKerasShape } from "../shapes.ts";
import { obtainInputShape } from "./input-shape.ts";
import { pretrainedFile, type WeightsFiles } from "./pretrained.ts";

export interface ApplicationOptions {
  /** Ends in a classifier; default true. */
  includeTop?: boolean;
  /**
   * Null for random weights, "imagenet" (default) for those that Keras publishes, or the path of a weight file. The function returns the model itself
   * for null, else a promise of it.
   */
  weights?: string | null;
  /** A symbolic tensor to begin at instead of a new Input; default null. */
  inputTensor?: Tensor | null;
  /** Of one image, as [224, 224, 3]; default that of the architecture. */
  inputShape?: KerasShape | null;
  /** Without the classifier: null (default) for the features of each place, "avg" or "max" over all places. */
  pooling?: "avg" | "max" | null;
  /** Default 1000. */
  classes?: number;
  /** Default "softmax"; null gives logits. */
  classifierActivation?: ActivationLike;
  name?: string | null;
}

export const applicationDefaults = {
  includeTop: true,
  weights: "imagenet" as string | null,
  inputTensor: null as Tensor | null,
  inputShape: null as KerasShape | null,
  pooling: null as "avg" | "max" | null,
  classes: 1000,
  classifierActivation: "softmax" as ActivationLike,
  name: null as string | null,
};

/** The options of an architecture that has none of its own. */
export const readApplication = (options: object, owner: string): typeof applicationDefaults =>
  readOptions([options], applicationDefaults, { owner, positional: [] });

export interface Architecture {
  /** The size of images that the published weights were trained on. */
  readonly defaultSize: number;
  readonly minSize: number;
  /** Of the model, where the user gives none. */
  readonly name: string;
  /** From images to features. */
  readonly body: (images: Tensor) => Tensor;
  /** From features to what the classifier reads; default the mean over all places. */
  readonly head?: (features: Tensor) => Tensor;
  /** Of the classifier; default "glorot_uniform". */
  readonly classifierInitializer?: InitializerLike;
  /** The name of the layer that pools in front of the classifier, where it is another than that without one. */
  readonly topPoolingName?: string;
  /** Names of the layers that pool; default the automatic ones. */
  readonly poolingNames?: { readonly avg: string; readonly max: string };
  /** Where the published weights lie. */
  readonly files: WeightsFiles;
}

/** An application: the model itself with `weights: null`, a promise of it where weights have to be read. */
export interface Application<O extends ApplicationOptions = ApplicationOptions> {
  (options: Options<O> & { weights: null }): Functional;
  (options?: Options<O> & { weights?: string }): Promise<Functional>;
}

/** Builds an architecture and loads its weights. Throws ModelError for options that do not fit together. */
export function makeApplication(
  { defaultSize, minSize, ...architecture }: Architecture,
  options: typeof applicationDefaults,
): Functional | Promise<Functional> {
  const { includeTop, weights, inputTensor, classes } = options;
  checkOptions(options);
  const pretrained = weights === "imagenet";
  const shape = obtainInputShape(options.inputShape, { defaultSize, minSize, includeTop, pretrained });
  if (inputTensor !== null && options.inputShape !== null) checkInputTensor(inputTensor, shape);
  if (pretrained && includeTop && classes !== 1000) {
    throw new ModelError(`with weights: "imagenet" and includeTop: true, classes must be 1000`, {
      got: `Received: classes=${classes}`,
    });
  }
  const image = inputTensor ?? Input(shape);
  const output = addTop(architecture.body(image), architecture, options);
  const inputs = sourceInputs(image);
  const model = new Functional(inputs.length === 1 ? inputs[0] : [...inputs], output, {
    name: options.name ?? architecture.name,
  });
  return weights === null ? model : withWeights(model, weights, architecture.files, includeTop);
}

/** As Keras's `validate_activation`: published classifiers give probabilities or logits. */
function checkOptions({
  weights,
  includeTop,
  classifierActivation,
  pooling,
}: typeof applicationDefaults): void {
  if (pooling !== null && pooling !== "avg" && pooling !== "max")
    throw new ModelError("unknown pooling", {
      expected: `null, "avg" or "max"`,
      got: `Received: pooling=${pooling}`,
    });
  if (weights === null || !includeTop || classifierActivation === null) return;
  const name = serializeActivation(getActivation(classifierActivation));
  if (name === "softmax" || name === "linear") return;
  throw new ModelError(
    "only null and softmax activations are allowed for the classifier of pretrained weights",
    {
      got: `Received: classifierActivation=${String(classifierActivation)}`,
    },
  );
}

function checkInputTensor(tensor: Tensor, shape: KerasShape): void {
  const own = toKerasShape(tensor.shape).slice(1);
  if (
    own.length === shape.length &&
    own.every((dim, i) => dim === null || shape[i] === null || dim === shape[i])
  )
    return;
  throw new ModelError("inputTensor and inputShape differ", {
    got: `Received: inputTensor.shape=${printKerasShape(toKerasShape(tensor.shape))}, inputShape=${printKerasShape(shape)}`,
  });
}

type Top = Pick<Architecture, "head" | "classifierInitializer" | "poolingNames" | "topPoolingName">;

function addTop(features: Tensor, top: Top, options: typeof applicationDefaults): Tensor {
  const { includeTop, pooling, classes, classifierActivation } = options;
  const average = (x: Tensor): Tensor =>
    GlobalAveragePooling2D({ name: (includeTop ? top.topPoolingName : undefined) ?? top.poolingNames?.avg })(
      x,
    );
  if (includeTop) {
    const kernelInitializer = top.classifierInitializer ?? "glorot_uniform";
    const classifier = { activation: classifierActivation, kernelInitializer, name: "predictions" };
    return Dense(classes, classifier)((top.head ?? average)(features));
  }
  if (pooling === "avg") return average(features);
  return pooling === "max" ? GlobalMaxPooling2D({ name: top.poolingNames?.max })(features) : features;
}

async function withWeights(
  model: Functional,
  weights: string,
  files: WeightsFiles,
  includeTop: boolean,
): Promise<Functional> {
  await model.loadWeights(weights === "imagenet" ? await pretrainedFile(files, includeTop) : weights);
  return model;
}
