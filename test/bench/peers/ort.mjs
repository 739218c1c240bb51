/** ONNX Runtime in JavaScript: `web` (its wasm) or `node` (its native library). */
import { readFileSync } from "node:fs";
import { importPeer, onnxFile } from "./root.mjs";
import { batch, net, random, serve, shapes, threads } from "./serve.mjs";

const flavour = process.argv[6];

/** ONNX files come from torch: channels first. */
const channelsFirst = (shape) => (shape.length === 4 ? [shape[0], shape[3], shape[1], shape[2]] : shape);

await serve(async () => {
  const ort = await importPeer(`onnxruntime-${flavour}`);
  if (flavour === "web") ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(readFileSync(onnxFile(net, batch)), {
    executionProviders: [flavour === "web" ? "wasm" : "cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  const tensors = shapes[net].map(
    (shape) => new ort.Tensor("float32", random(shape.reduce((a, b) => a * b)), channelsFirst(shape)),
  );
  const feeds = Object.fromEntries(session.inputNames.map((name, i) => [name, tensors[i]]));
  return () => session.run(feeds);
});
