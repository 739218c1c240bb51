/** An artifact of keratin, as its users load it. Arguments after the usual ones: the folder of the wasm artifact. */
import { pathToFileURL } from "node:url";
import { batch, kind, labels, net, random, serve, shapes, threads } from "./serve.mjs";

const folder = process.argv[6];

await serve(async () => {
  const { load } = await import(pathToFileURL(`${folder}/model.js`).href);
  const model = await load({ threads });
  const tensors = shapes[net].map((shape) => ({ shape, data: random(shape.reduce((a, b) => a * b)) }));
  if (kind === "train") {
    const y = { shape: [batch, 10], data: labels() };
    return () => model.trainStep(...tensors, y);
  }
  if (tensors.length === 1) return () => model.predict(tensors[0]);
  const [a, b] = tensors;
  return () => model.predict({ a, b });
});
