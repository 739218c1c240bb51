/**
 * `keras.layers`: the public list of layers. Each may be made with or without `new`. To add one: write its file, add it here and to `classes`.
 */

import { factory } from "../callable.ts";
import type { ClassTable } from "../config.ts";
import * as activation from "./activation.ts";
import * as batchNormalization from "./batch-normalization.ts";
import * as conv from "./conv.ts";
import * as dense from "./dense.ts";
import * as depthwise from "./depthwise-conv2d.ts";
import * as dropout from "./dropout.ts";
import * as embedding from "./embedding.ts";
import * as input from "./input-layer.ts";
import type { Layer } from "./layer.ts";
import * as layerNormalization from "./layer-normalization.ts";
import * as merging from "./merging.ts";
import * as pooling from "./pooling.ts";
import * as rescaling from "./rescaling.ts";
import * as reshaping from "./reshaping.ts";

export { Input } from "./input-layer.ts";
export { Layer } from "./layer.ts";
export const InputLayer = factory(input.InputLayer);

export const Dense = factory(dense.Dense);
export const Embedding = factory(embedding.Embedding);

export const Conv1D = factory(conv.Conv1D);
export const Conv2D = factory(conv.Conv2D);
export const DepthwiseConv2D = factory(depthwise.DepthwiseConv2D);

export const MaxPooling1D = factory(pooling.MaxPooling1D);
export const MaxPooling2D = factory(pooling.MaxPooling2D);
export const AveragePooling1D = factory(pooling.AveragePooling1D);
export const AveragePooling2D = factory(pooling.AveragePooling2D);
export const GlobalAveragePooling1D = factory(pooling.GlobalAveragePooling1D);
export const GlobalAveragePooling2D = factory(pooling.GlobalAveragePooling2D);
export const GlobalMaxPooling1D = factory(pooling.GlobalMaxPooling1D);
export const GlobalMaxPooling2D = factory(pooling.GlobalMaxPooling2D);
export const MaxPool1D = MaxPooling1D;
export const MaxPool2D = MaxPooling2D;
export const AvgPool1D = AveragePooling1D;
export const AvgPool2D = AveragePooling2D;
export const GlobalAvgPool2D = GlobalAveragePooling2D;
export const GlobalMaxPool2D = GlobalMaxPooling2D;

export const Flatten = factory(reshaping.Flatten);
export const Reshape = factory(reshaping.Reshape);
export const Permute = factory(reshaping.Permute);
export const ZeroPadding2D = factory(reshaping.ZeroPadding2D);
export const UpSampling2D = factory(reshaping.UpSampling2D);
export const Rescaling = factory(rescaling.Rescaling);

export const Activation = factory(activation.Activation);
export const ReLU = factory(activation.ReLU);
export const LeakyReLU = factory(activation.LeakyReLU);
export const ELU = factory(activation.ELU);
export const Softmax = factory(activation.Softmax);

export const Dropout = factory(dropout.Dropout);
export const BatchNormalization = factory(batchNormalization.BatchNormalization);
export const LayerNormalization = factory(layerNormalization.LayerNormalization);

export const Add = factory(merging.Add);
export const Subtract = factory(merging.Subtract);
export const Multiply = factory(merging.Multiply);
export const Average = factory(merging.Average);
export const Maximum = factory(merging.Maximum);
export const Minimum = factory(merging.Minimum);
export const Concatenate = factory(merging.Concatenate);

const merge = (Class: new () => Layer) => (inputs: Parameters<Layer>[0]) => new Class()(inputs);
/** The merging layers as functions: `layers.add([a, b])`. */
export const add = merge(merging.Add);
export const subtract = merge(merging.Subtract);
export const multiply = merge(merging.Multiply);
export const average = merge(merging.Average);
export const maximum = merge(merging.Maximum);
export const minimum = merge(merging.Minimum);
export const concatenate = (inputs: Parameters<Layer>[0], options: { axis?: number } = {}) =>
  new merging.Concatenate(options)(inputs);

/** Layers by the name that model files use. */
export const classes: ClassTable<Layer> = {
  InputLayer,
  Dense,
  Embedding,
  Conv1D,
  Conv2D,
  DepthwiseConv2D,
  MaxPooling1D,
  MaxPooling2D,
  AveragePooling1D,
  AveragePooling2D,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  Flatten,
  Reshape,
  Permute,
  ZeroPadding2D,
  UpSampling2D,
  Rescaling,
  Activation,
  ReLU,
  LeakyReLU,
  ELU,
  Softmax,
  Dropout,
  BatchNormalization,
  LayerNormalization,
  Add,
  Subtract,
  Multiply,
  Average,
  Maximum,
  Minimum,
  Concatenate,
};
