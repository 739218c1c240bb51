/**
 * Options of layers as Keras 1 and 2 wrote them, in the words of Keras 3. Tables where a name changed, functions where a meaning did.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { isPlainObject, type Json, type JsonObject } from "../../options.ts";

/** A layer as a file holds it: its class and its options. */
export interface LegacyObject {
  readonly className: string;
  readonly config: JsonObject;
}

/** Classes that were renamed. */
const classNames: { readonly [old: string]: string } = {
  Convolution1D: "Conv1D",
  Convolution2D: "Conv2D",
  Convolution3D: "Conv3D",
  AtrousConvolution1D: "Conv1D",
  AtrousConvolution2D: "Conv2D",
  SeparableConvolution2D: "SeparableConv2D",
  Deconvolution2D: "Conv2DTranspose",
  TimeDistributedDense: "Dense",
  BatchNormalizationV1: "BatchNormalization",
  BatchNormalizationV2: "BatchNormalization",
  CuDNNLSTM: "LSTM",
  CuDNNGRU: "GRU",
  LSTMV1: "LSTM",
  LSTMV2: "LSTM",
  GRUV1: "GRU",
  GRUV2: "GRU",
  ThresholdedReLU: "ReLU",
};

/** Options that were renamed, in all layers that had them. */
const optionNames: { readonly [old: string]: string } = {
  output_dim: "units",
  nb_filter: "filters",
  filter_length: "kernel_size",
  subsample: "strides",
  subsample_length: "strides",
  border_mode: "padding",
  dim_ordering: "data_format",
  image_dim_ordering: "data_format",
  atrous_rate: "dilation_rate",
  bias: "use_bias",
  init: "kernel_initializer",
  inner_init: "recurrent_initializer",
  inner_activation: "recurrent_activation",
  W_regularizer: "kernel_regularizer",
  U_regularizer: "recurrent_regularizer",
  b_regularizer: "bias_regularizer",
  W_constraint: "kernel_constraint",
  b_constraint: "bias_constraint",
  dropout_W: "dropout",
  dropout_U: "recurrent_dropout",
  pool_length: "pool_size",
  stride: "strides",
  length: "size",
  p: "rate",
  sigma: "stddev",
};

/** Options that the layers of Keras 3 do not have and that change no result. */
const dropped: readonly string[] = [
  "implementation", "time_major", "input_length", "consume_less", "batch_size", "forget_bias_init", "nb_row", "nb_col", "kernel_dim1",
  "kernel_dim2", "kernel_dim3", "batch_input_shape", "input_dtype", "virtual_batch_size", "adjustment", "fused", "expects_training_arg",
]; // biome-ignore format: one list

/** In these, `input_dim` and `output_dim` keep their names; elsewhere `input_dim` said what the first layer expects. */
const embeddings: readonly string[] = ["Embedding"];

/** A layer in the words of Keras 3. Throws ModelError for layers that there are no more. */
export function upgradeLayer({ className, config }: LegacyObject, version: number): LegacyObject {
  const name = Object.hasOwn(classNames, className) ? classNames[className] : className;
  if (name === "Merge") return upgradeMerge(config);
  const options = version < 2 || usesOldNames(config) ? renamed(name, config) : { ...config };
  for (const key of dropped) delete options[key];
  if (!embeddings.includes(name)) delete options.input_dim;
  fixMeanings(name, className, options, version);
  return { className: name, config: options };
}

const usesOldNames = (config: JsonObject): boolean =>
  ["nb_filter", "dim_ordering", "image_dim_ordering", "border_mode", "inner_init"].some(
    (key) => key in config,
  );

function renamed(name: string, config: JsonObject): { [key: string]: Json } {
  const options: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(config)) {
    const keeps = embeddings.includes(name) && (key === "output_dim" || key === "input_dim");
    const target = keeps || !Object.hasOwn(optionNames, key) ? key : optionNames[key];
    options[embeddings.includes(name) ? target.replace("kernel_", "embeddings_") : target] = renamedValue(
      target,
      value,
    );
  }
  if ("nb_row" in config) options.kernel_size = [config.nb_row, config.nb_col];
  if ("kernel_dim1" in config)
    options.kernel_size = [config.kernel_dim1, config.kernel_dim2, config.kernel_dim3];
  // The last flattened in the order of the data, whatever that was.
  if (name === "Flatten") options.data_format = "channels_last";
  return options;
}

function renamedValue(key: string, value: Json): Json {
  if (key === "data_format") return { tf: "channels_last", th: "channels_first" }[String(value)] ?? null;
  if (key.endsWith("_initializer") && typeof value === "string") return initializers[value] ?? value;
  if (isPlainObject(value) && typeof value.name === "string" && !("class_name" in value))
    return unnamed(value as JsonObject);
  return value;
}

const initializers: { readonly [old: string]: string } = {
  uniform: "random_uniform",
  normal: "random_normal",
  zero: "zeros",
  one: "ones",
};

/** Regularizers and constraints of Keras 1 carried their class among their options. */
function unnamed({ name, m, ...options }: JsonObject): JsonObject {
  const weight = name === "WeightRegularizer" || name === "ActivityRegularizer";
  const config = m === undefined ? options : { ...options, max_value: m };
  return { class_name: weight ? "L1L2" : name, config };
}

function fixMeanings(name: string, old: string, options: { [key: string]: Json }, version: number): void {
  if (Array.isArray(options.axis) && options.axis.length === 1 && name === "BatchNormalization")
    options.axis = options.axis[0];
  if (isPlainObject(options.dtype) && version < 3) options.dtype = policyName(options.dtype as JsonObject);
  for (const key of Object.keys(options))
    if (key.endsWith("_initializer")) options[key] = withoutDtype(options[key]);
  if (name === "LeakyReLU" && "alpha" in options) {
    options.negative_slope = numberOf(options.alpha);
    delete options.alpha;
  }
  if (name === "ReLU")
    for (const key of ["max_value", "negative_slope", "threshold", "theta"])
      if (isPlainObject(options[key])) options[key] = numberOf(options[key]);
  if (old === "ThresholdedReLU") {
    options.threshold = numberOf(options.theta);
    delete options.theta;
  }
  if (name === "GRU" && !("reset_after" in options) && version < 3) options.reset_after = old === "CuDNNGRU";
  if (name === "DepthwiseConv2D" || name === "SeparableConv2D" || name === "SeparableConv1D")
    for (const key of ["groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"])
      if (version < 3) delete options[key];
  if (name === "BatchNormalization") {
    if (options.mode !== undefined && options.mode !== 0 && options.mode !== 2)
      throw new ModelError("a BatchNormalization of this mode is not available", {
        got: `mode ${JSON.stringify(options.mode)}`,
      });
    delete options.mode;
  }
  if (name === "Conv2DTranspose" && version < 2) delete options.output_shape;
  if (name === "Embedding") delete options.dropout;
}

/** Initializers of TensorFlow said which dtype they give. */
function withoutDtype(value: Json): Json {
  if (!isPlainObject(value) || !isPlainObject(value.config)) return value;
  const { dtype: _, ...config } = value.config as JsonObject;
  return { ...(value as JsonObject), config };
}

/** numpy numbers in files: {"class_name": "__numpy__" or "type": "ndarray", "value": 0.2}. */
function numberOf(value: Json | undefined): Json {
  if (isPlainObject(value))
    return numberOf((value.value ?? (value.config as JsonObject | undefined)?.value) as Json);
  return value ?? null;
}

/** {"class_name": "Policy", "config": {"name": "float32"}}. */
function policyName(policy: JsonObject): Json {
  const { config } = policy;
  return isPlainObject(config) && typeof config.name === "string" ? config.name : "float32";
}

const merges: { readonly [mode: string]: string } = {
  sum: "Add",
  mul: "Multiply",
  concat: "Concatenate",
  ave: "Average",
  max: "Maximum",
  dot: "Dot",
};

/** Keras 1 had one layer for all ways to merge. */
function upgradeMerge(config: JsonObject): LegacyObject {
  const { mode, concat_axis: axis = -1, dot_axes: axes = -1, name } = config;
  const className = typeof mode === "string" && Object.hasOwn(merges, mode) ? merges[mode] : undefined;
  if (className === undefined || "layers" in config) {
    throw new ModelError("this Merge layer is not read", {
      where: `layer "${String(name)}"`,
      expected: `one of the modes ${Object.keys(merges).join(", ")}, in a functional model`,
      got: "layers" in config ? "layers inside of it" : JSON.stringify(mode),
      hint: "Merges with code in them are never run",
    });
  }
  const own: JsonObject = className === "Concatenate" ? { axis } : className === "Dot" ? { axes } : {};
  return { className, config: { name, ...own } };
}
