/** The networks in keratin's own Keras API. */
import type { Model } from "../../compiler/keras/models/model.ts";
import * as mnist from "../../samples/mnist/model.ts";
import * as encoder from "../../samples/networks/encoder.ts";
import * as gemm from "../../samples/networks/gemm1024.ts";
import * as mobilenet from "../../samples/networks/mobilenet-v2.ts";
import * as resnet from "../../samples/networks/resnet50.ts";

const makers: { readonly [net: string]: () => Model<unknown> } = {
  mnist() {
    const model = mnist.makeModel();
    model.compile({ optimizer: "adam", loss: "categorical_crossentropy" });
    return model;
  },
  mobilenetv2: mobilenet.model,
  resnet50: resnet.model,
  encoder: encoder.model,
  gemm1024: gemm.model,
};

/** The network called so, or undefined where keratin has none yet. */
export const makeNet = (net: string): Model<unknown> | undefined => makers[net]?.();
