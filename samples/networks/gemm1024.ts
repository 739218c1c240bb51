// A product of two matrices of 1024 by 1024: a model need not have weights.
import { keras, ops } from "keratin";

export function model() {
  const a = keras.Input({ batchShape: [1024, 1024], name: "a" });
  const b = keras.Input({ batchShape: [1024, 1024], name: "b" });
  return keras.Model({ inputs: [a, b], outputs: ops.matmul(a, b), name: "gemm1024" });
}
