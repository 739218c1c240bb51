/** Chains of eager ops in keratin, on the backend that KERAS_BACKEND names. */
import { ops, type Tensor } from "../../../compiler/index.ts";
// @ts-expect-error: plain JavaScript, shared with peers that know no TypeScript
import { net, random, serve } from "./serve.mjs";

await serve(async () => {
  const a = ops.reshape(
    random(4096).map((v: number) => v / 64),
    [64, 64],
  );
  return (): Promise<unknown> => {
    let x: Tensor = a;
    if (net === "add") for (let i = 0; i < 100; i++) x = ops.add(x, a);
    else for (let i = 0; i < 50; i++) x = ops.matmul(ops.add(x, a), a);
    return x.array();
  };
});
