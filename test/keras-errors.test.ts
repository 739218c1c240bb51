/**
 * What goes wrong in user code says what, where, what was expected, what came, and what to do.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, layers, ModelError, ops, type Tensor } from "../compiler/index.ts";
import { checkBackend } from "../compiler/keras/backend-config.ts";
import { modelFromBytes } from "../compiler/keras/saving/load.ts";
import { clusters, noise } from "./support/keras-data.ts";

keras.config.setBackend("reference");
const quiet = { verbose: 0 } as const;

function throws(name: string, body: () => unknown, message: string): void {
  test(name, () => {
    keras.utils.clearSession();
    try {
      body();
    } catch (error) {
      assert.instance(error, ModelError);
      return assert.is((error as Error).message, message);
    }
    return assert.unreachable("nothing was thrown");
  });
}

function rejects(name: string, body: () => Promise<unknown>, message: string): void {
  test(name, async () => {
    keras.utils.clearSession();
    const error = await body().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.instance(error, ModelError, String(error));
    assert.is((error as Error).message, message);
  });
}

const { x, y } = clusters(8);
/** The classes of metrics, in the order of the public list. */
const metricNames = Object.keys(keras.metrics)
  .filter((name) => /^[A-Z]/.test(name) && !/^Metric$|Wrapper/.test(name))
  .join(", ");

function classifier(compiled = true, units = 3) {
  const model = keras.Sequential(
    [keras.Input([4], { name: "points" }), layers.Dense(units, { activation: "softmax" })],
    { name: "net" },
  );
  if (compiled)
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return model;
}

// Layers.

throws(
  "an option that there is not",
  () => layers.Dense(3, { activaton: "relu" } as never),
  "Dense: unrecognized option; expected one of activation, activityRegularizer, biasConstraint, biasInitializer, biasRegularizer, dtype, kernelConstraint, kernelInitializer, kernelRegularizer, name, trainable, units, useBias; got activaton",
);
throws(
  "a missing argument",
  () => layers.Conv2D({ filters: 3 } as never),
  `Conv2D: missing argument "kernelSize"`,
);
throws(
  "units",
  () => layers.Dense(0),
  'layer "dense": `units` must be a positive integer. Received: units=0',
);
throws(
  "an unknown activation",
  () => layers.Activation("reluu"),
  `unknown activation; expected one of linear, relu, relu6, leaky_relu, elu, selu, celu, gelu, glu, silu, swish, mish, softmax, log_softmax, softplus, softsign, squareplus, sparse_plus, sparse_sigmoid, sparsemax, sigmoid, log_sigmoid, hard_sigmoid, hard_silu, hard_swish, hard_tanh, hard_shrink, soft_shrink, tanh, tanh_shrink, exponential; got "reluu"`,
);
throws(
  "another number of axes",
  () => layers.Conv2D(2, 3)(noise([2, 5, 5])),
  `layer "conv2d": input 0 does not fit the layer; expected min_ndim=4, found ndim=3; got shape (2, 5, 5)`,
);
throws(
  "another size",
  () => {
    const layer = layers.Dense(3);
    layer(noise([2, 4]));
    layer(noise([2, 5]));
  },
  `layer "dense": input 0 does not fit the layer; expected axis -1 of the input to have size 4; got shape (2, 5)`,
);
throws(
  "strides and dilation",
  () => layers.Conv2D(2, 3, { strides: 2, dilationRate: 2 }),
  'layer "conv2d": `strides > 1` and `dilation_rate > 1` do not go together. Received: strides=[2,2] and dilation_rate=[2,2]',
);
throws(
  "merging one tensor",
  () => layers.Add()(noise([2, 3])),
  `layer "add": a merging layer takes a list of tensors. Received: input_shape=[2,3]`,
);
throws(
  "concatenating what does not match",
  () => layers.Concatenate()([noise([2, 3, 4]), noise([2, 5, 4])]),
  `layer "concatenate": shapes must match except on the axis of concatenation; expected shapes like (2, 3, 4), but for axis -1; got (2, 3, 4), (2, 5, 4)`,
);
throws(
  "an unknown size",
  () => keras.Input([null, 4]),
  `Input "input_layer": only the batch size may be unknown; expected a number on every axis but the first; got (None, None, 4). Give the size in Input(shape), or as an override when loading the model`,
);
throws(
  "an unknown policy",
  () => layers.Dense(3, { dtype: "mixed_float8" }),
  "Cannot convert 'mixed_float8' to a mixed precision DTypePolicy. Valid policies include 'mixed_float16', 'mixed_bfloat16', and the name of any float dtype such as 'float32'.",
);
throws(
  "dropout",
  () => layers.Dropout(1.5),
  'layer "dropout": `rate` must be a number from 0 to 1. Received: rate=1.5',
);

// Models.

throws(
  "a graph that is not connected",
  () => keras.Model(keras.Input([2]), layers.Dense(1)(keras.Input([2]))),
  `"dense": the graph is disconnected; expected tensors that follow from the inputs; got the output Tensor(f32[n, 2]) of "input_layer_1". List all inputs in Model(inputs, outputs)`,
);
throws(
  "a name twice",
  () => {
    const input = keras.Input([2]);
    keras.Model(input, layers.Dense(1, { name: "same" })(layers.Dense(2, { name: "same" })(input)));
  },
  `names of layers must be unique in a model; got "same" more than once`,
);
throws(
  "no such layer",
  () => classifier().getLayer("nothing"),
  "net: no such layer; expected dense; got nothing",
);
throws(
  "a model without call",
  () => new keras.Model()(noise([1, 2])),
  "Model: a model of your own needs a call method. class MyModel extends keras.Model { call(x) { ... } }",
);
throws(
  "elements of a symbolic tensor",
  () => keras.Input([3]).arraySync(),
  "a symbolic tensor has no elements; got Tensor(f32[n, 3]). Call the model on data instead",
);
throws(
  "another number of weights",
  () => classifier().setWeights([]),
  `layer "net": wrong number of weights; expected 2; got 0`,
);
throws(
  "a custom layer that was not registered",
  () => {
    class Mine extends keras.Layer {
      override call(value: Tensor): Tensor {
        return value;
      }
    }
    keras.Sequential([keras.Input([2]), new Mine()]).toJson();
  },
  "Mine: a custom class must be registered to be saved. Call keras.saving.registerKerasSerializable(TheClass) once, before saving and before loading",
);

// Training.

rejects(
  "a model that is not compiled",
  () => classifier(false).fit(x, y, quiet),
  "fit: You must call `compile()` before using the model. model.compile({ optimizer, loss })",
);
throws(
  "a loss that there is not",
  () => classifier(false).compile({ loss: 5 as never }),
  "Could not interpret loss identifier: 5; expected a name, an instance or a configuration",
);
throws(
  "a metric that there is not",
  () => classifier(false).compile({ metrics: ["acuracy"] }),
  `Could not interpret metric identifier: acuracy; expected one of ${metricNames}`,
);
rejects(
  "labels out of range",
  () => classifier(true, 2).fit(x, y, { shuffle: false, ...quiet }),
  "labels of net: a label is out of range; expected class numbers from 0 to 1; got 2 in sample 0. Number the classes from 0, or give the last layer more units",
);
rejects(
  "labels that are NaN",
  () => classifier().fit(x, { dtype: "f32", shape: [8], data: new Float32Array(8).fill(Number.NaN) }, quiet),
  "labels of net: a label is NaN; expected numbers; got NaN in sample 0",
);
rejects(
  "data of another shape",
  () => classifier().fit(noise([8, 5]), y, quiet),
  `input "points" of net: the data has another shape than the input; expected shape (None, 4); got shape (8, 5)`,
);
rejects(
  "other numbers of samples",
  () => classifier().fit(x, { ...y, shape: [4], data: y.data.slice(4) }, quiet),
  "all arrays must hold the same number of samples; got x: 8, y: 4",
);
rejects(
  "no data",
  () => classifier().predict({ dtype: "f32", shape: [0, 4], data: new Float32Array(0) }, quiet),
  "the data is empty; expected at least one sample; got 0 samples",
);
rejects(
  "one-hot labels for a sparse loss",
  () => classifier().fit(x, noise([8, 3]), quiet),
  "sparseCategoricalCrossentropy: labels and predictions do not fit; expected labels with the shape of the predictions, less the classes; got labels Tensor(f32[n, 3]), predictions Tensor(f32[n, 3]). One-hot labels want categorical_crossentropy",
);
rejects(
  "too few samples to split",
  () => classifier().fit(x, y, { validationSplit: 0.99, ...quiet }),
  "fit: too few samples to split; expected both parts with samples; got 8 samples, validationSplit 0.99",
);
rejects(
  "a missing input",
  () => {
    const inputs = { a: keras.Input([1], { name: "a" }), b: keras.Input([1], { name: "b" }) };
    return keras.Model(inputs, ops.add(inputs.a, inputs.b)).predict({ a: [[1]] }, quiet);
  },
  `model "functional": data for an input is missing; expected a, b; got a`,
);
rejects(
  "fractions for integers",
  () =>
    keras
      .Sequential([keras.Input([2], { dtype: "int32" }), layers.Embedding(3, 2)])
      .predict([[0.5, 1]], quiet),
  `input "input_layer" of sequential: the data has fractions, but the input takes integers; expected i32; got f32`,
);

// Files.

rejects(
  "a name without .keras",
  () => classifier().save("model.json"),
  "unexpected file name; expected a name that ends in .keras or .h5 or .hdf5; got model.json",
);
rejects(
  "a file that is not there",
  () => keras.models.loadModel("/nowhere/model.keras"),
  "/nowhere/model.keras: cannot read the file; got ENOENT: no such file or directory, open '/nowhere/model.keras'",
);
throws(
  "a Lambda layer",
  () =>
    keras.models.modelFromJson(JSON.stringify({ class_name: "Lambda", module: "keras.layers", config: {} })),
  'layer "lambda": a Lambda layer with code is not loaded: nothing in a file is run. Register the function with keras.saving.registerKerasSerializable, or write a Layer',
);
throws(
  "an unknown layer",
  () =>
    keras.models.modelFromJson(
      JSON.stringify({ class_name: "Magic", module: "mine", registered_name: "mine>Magic", config: {} }),
    ),
  `unknown layer; got Magic (registered as "mine>Magic"). Register your own with keras.saving.registerKerasSerializable, or pass it in customObjects`,
);
rejects(
  "weights of another model",
  async () => {
    const bytes = await keras.saving.toBytes(classifier());
    const other = await modelFromBytes(bytes);
    const { writeFile, rm } = await import("node:fs/promises");
    await writeFile("/tmp/keratin-other.keras", bytes);
    const wide = keras.Sequential([keras.Input([4]), layers.Dense(5)]);
    assert.is(other.countParams(), 15);
    await wide.loadWeights("/tmp/keratin-other.keras").finally(() => rm("/tmp/keratin-other.keras"));
  },
  `/tmp/keratin-other.keras, layer "dense_1" at layers/dense: a weight has another shape; expected kernel [4,5]; got [4,3]`,
);

// Backends.

throws(
  "a backend of Keras that is not here",
  () => checkBackend("torch"),
  `KERAS_BACKEND: no such backend; expected one of wasm, webgpu, cpp, cuda, reference, numpy; got "torch". torch as a backend is planned as a package of its own; until then wasm is the nearest`,
);
throws(
  "a backend that nobody knows",
  () => keras.config.setBackend("abacus"),
  `KERAS_BACKEND: no such backend; expected one of wasm, webgpu, cpp, cuda, reference, numpy; got "abacus". Set KERAS_BACKEND, or call keras.config.setBackend("wasm")`,
);
test("numpy is the reference", () => assert.is(checkBackend("numpy"), "reference"));

test.run();
