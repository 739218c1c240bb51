/**
 * The public entry: `import { keras, layers, ops } from "keratin"`.
 *
 * `keras` holds everything under Keras's names in camelCase; its parts are exported by themselves too. Data goes in and comes out as NDArrays,
 * tensors, typed arrays and nested arrays of numbers.
 */
export type { DType } from "../ir/dtype.ts";
export { CompilerBug, ModelError, Unsupported } from "../ir/errors.ts";
export { type NDArray, ndarray } from "../ir/ndarray.ts";
export type { ArrayLike } from "./arrays.ts";
export { activations } from "./keras/activations.ts";
export { Callback, type Logs } from "./keras/callbacks/callback.ts";
export type { History } from "./keras/callbacks/history.ts";
export { callbacks } from "./keras/callbacks/index.ts";
export { constraints } from "./keras/constraints.ts";
export { initializers } from "./keras/initializers/index.ts";
export { keras } from "./keras/keras.ts";
export type { CallOptions } from "./keras/layers/call.ts";
export * as layers from "./keras/layers/index.ts";
export { Layer } from "./keras/layers/layer.ts";
export { losses } from "./keras/losses/index.ts";
export { metrics } from "./keras/metrics/index.ts";
export { Model, models, Sequential } from "./keras/models/index.ts";
export * as ops from "./keras/ops/index.ts";
export { optimizers } from "./keras/optimizers/index.ts";
export { regularizers } from "./keras/regularizers.ts";
export type { KerasShape } from "./keras/shapes.ts";
export { GradientTape, grad } from "./keras/tape.ts";
export { Variable } from "./keras/variable.ts";
export { Tensor, type TensorLike } from "./tensor.ts";
