// Configurations as Keras 2.4 wrote them into .h5 files.

import type { JsonValue } from "../../compiler/formats/json.ts";

const common = { trainable: true, dtype: "float32" };
const denseOptions = {
  ...common,
  activation: "linear",
  use_bias: true,
  kernel_initializer: { class_name: "GlorotUniform", config: { seed: null, dtype: "float32" } },
  bias_initializer: { class_name: "Zeros", config: { dtype: "float32" } },
  kernel_regularizer: null,
  bias_regularizer: null,
  activity_regularizer: null,
  kernel_constraint: null,
  bias_constraint: null,
};
const inner = {
  class_name: "Sequential",
  name: "inner",
  config: {
    name: "inner",
    layers: [
      {
        class_name: "Dense",
        config: { name: "dense", batch_input_shape: [null, 3], units: 4, ...denseOptions },
      },
      { class_name: "LeakyReLU", config: { name: "leaky", ...common, alpha: 0.2 } },
      {
        class_name: "BatchNormalizationV1",
        config: {
          name: "bn",
          ...common,
          axis: [1],
          momentum: 0.99,
          epsilon: 0.001,
          center: true,
          scale: true,
          beta_initializer: { class_name: "Zeros", config: {} },
          gamma_initializer: { class_name: "Ones", config: {} },
          moving_mean_initializer: { class_name: "Zeros", config: {} },
          moving_variance_initializer: { class_name: "Ones", config: {} },
          beta_regularizer: null,
          gamma_regularizer: null,
          beta_constraint: null,
          gamma_constraint: null,
        },
      },
    ],
  },
  inbound_nodes: [[["x", 0, 0, {}]]],
};
/** The layers of a functional model around a nested one: nodes as references, options that Keras 3 no longer has. */
export const nestedLayers: JsonValue = [
  {
    class_name: "InputLayer",
    name: "x",
    config: { batch_input_shape: [null, 3], dtype: "float32", sparse: false, ragged: false, name: "x" },
    inbound_nodes: [],
  },
  inner,
  {
    class_name: "Dropout",
    name: "drop",
    config: { name: "drop", ...common, rate: 0.5, noise_shape: null, seed: null },
    inbound_nodes: [[["inner", 1, 0, { training: false }]]],
  },
  {
    class_name: "Dense",
    name: "out",
    config: { name: "out", units: 2, ...denseOptions },
    inbound_nodes: [[["drop", 0, 0, {}]]],
  },
];

/** What it was compiled with: a metric in the wrapper of its time. */
export const nestedTraining = {
  loss: "mse",
  metrics: [
    [
      {
        class_name: "MeanMetricWrapper",
        config: { name: "mae", dtype: "float32", fn: "mean_absolute_error" },
      },
    ],
  ],
  weighted_metrics: null,
  loss_weights: null,
  optimizer_config: {
    class_name: "SGD",
    config: { name: "SGD", lr: 0.05, decay: 0, momentum: 0.9, nesterov: false },
  },
};
