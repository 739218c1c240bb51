/**
 * `keras`: everything under one name, as in `import keras`.
 */

import { dtypes } from "../../ir/dtype.ts";
import { activations } from "./activations.ts";
import { applications } from "./applications/index.ts";
import { factory } from "./callable.ts";
import { callbacks } from "./callbacks/index.ts";
import { constraints } from "./constraints.ts";
import { loadData } from "./datasets/mnist.ts";
import { dtypeOf } from "./dtype-names.ts";
import {
  DTypePolicy,
  type DTypePolicyLike,
  globalPolicy,
  layerPolicy,
  setGlobalPolicy,
} from "./dtype-policy.ts";
import { initializers } from "./initializers/index.ts";
import * as layers from "./layers/index.ts";
import { Input } from "./layers/input-layer.ts";
import { Layer } from "./layers/layer.ts";
import { losses } from "./losses/index.ts";
import { metrics } from "./metrics/index.ts";
import { Functional, Model, models, Sequential } from "./models/index.ts";
import * as ops from "./ops/index.ts";
import { optimizers } from "./optimizers/index.ts";
import * as random from "./random/index.ts";
import { regularizers } from "./regularizers.ts";
import { saving } from "./saving/index.ts";
import { session } from "./session.ts";
import { GradientTape, grad } from "./tape.ts";
import { tree } from "./tree.ts";
import { utils } from "./utils/index.ts";
import { Variable } from "./variable.ts";

const config = {
  /** Chooses where code runs from now on: "wasm", "webgpu", "cpp", "cuda", "reference" or "numpy". Throws ModelError for other names. */
  setBackend: (name: string): void => session.setBackend(name),
  backend: (): string => session.backendName(),
  floatx: (): string => dtypes[session.floatx].keras,
  setFloatx(name: string): void {
    session.floatx = dtypeOf(name);
  },
  epsilon: (): number => session.epsilon,
  setEpsilon(value: number): void {
    session.epsilon = value;
  },
  imageDataFormat: (): string => session.dataFormat,
  setImageDataFormat(format: "channels_last" | "channels_first"): void {
    session.dataFormat = format;
  },
  /** The dtype policy of layers without one. */
  dtypePolicy: globalPolicy,
  setDtypePolicy: setGlobalPolicy,
};

export const keras = {
  Input,
  Layer,
  Model,
  Sequential,
  Functional,
  Variable,
  GradientTape,
  grad,
  layers,
  ops,
  models,
  activations,
  applications,
  initializers,
  regularizers,
  constraints,
  losses,
  metrics,
  optimizers,
  callbacks,
  dtypePolicies: {
    DTypePolicy: factory(DTypePolicy),
    FloatDTypePolicy: factory(DTypePolicy),
    get: (policy: DTypePolicyLike): DTypePolicy => layerPolicy(policy, "dtype_policies"),
  },
  mixedPrecision: {
    DTypePolicy: factory(DTypePolicy),
    Policy: factory(DTypePolicy),
    LossScaleOptimizer: optimizers.LossScaleOptimizer,
    dtypePolicy: globalPolicy,
    globalPolicy,
    setDtypePolicy: setGlobalPolicy,
    setGlobalPolicy,
  },
  datasets: { mnist: { loadData } },
  random,
  tree,
  utils,
  saving,
  config,
};
