/** Chains of eager ops in keratin, on the backend that KERAS_BACKEND names. Arguments after the usual ones: the bundled library. */
import { pathToFileURL } from "node:url";
import { net, random, serve } from "./serve.mjs";

const bundle = process.argv[6];

await serve(async () => {
  const { ops } = await import(pathToFileURL(bundle).href);
  const a = ops.reshape(
    random(4096).map((v) => v / 64),
    [64, 64],
  );
  return () => {
    let x = a;
    if (net === "add") for (let i = 0; i < 100; i++) x = ops.add(x, a);
    else for (let i = 0; i < 50; i++) x = ops.matmul(ops.add(x, a), a);
    return x.array();
  };
});
