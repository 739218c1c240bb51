/** The networks in keratin's own Keras API. */
import { keras, ops } from "../../compiler/index.ts";
import type { Model } from "../../compiler/keras/models/model.ts";
import { makeModel } from "../../samples/mnist/model.ts";

const makers: { readonly [net: string]: () => Model<unknown> } = {
  mnist() {
    const model = makeModel();
    model.compile({ optimizer: "adam", loss: "categorical_crossentropy" });
    return model;
  },
  gemm1024() {
    const a = keras.Input({ batchShape: [1024, 1024], name: "a" });
    const b = keras.Input({ batchShape: [1024, 1024], name: "b" });
    return keras.Model({ inputs: [a, b], outputs: ops.matmul(a, b), name: "gemm1024" });
  },
};

/** The network called so, or undefined where keratin has none yet. */
export const makeNet = (net: string): Model<unknown> | undefined => makers[net]?.();
