/** One cold start: import, load the MNIST network, predict once, end. Arguments: which peer, and for keratin the artifact's folder. */
import { pathToFileURL } from "node:url";

const [peer, folder] = process.argv.slice(2);

async function ort(flavour) {
  const { readFileSync } = await import("node:fs");
  const { importPeer, onnxFile } = await import("./root.mjs");
  const { env, InferenceSession, Tensor } = await importPeer(`onnxruntime-${flavour}`);
  if (flavour === "web") env.wasm.numThreads = 1;
  const session = await InferenceSession.create(readFileSync(onnxFile("mnist", 1)));
  await session.run({ x: new Tensor("float32", new Float32Array(784), [1, 1, 28, 28]) });
}

const starts = {
  node: () => undefined,
  async keratin() {
    const { load } = await import(pathToFileURL(`${folder}/model.js`).href);
    (await load()).predict({ shape: [1, 28, 28, 1], data: new Float32Array(784) });
  },
  "ort-web": () => ort("web"),
  "ort-node": () => ort("node"),
  async "tfjs-wasm"() {
    console.warn = () => undefined;
    const { folderOf, requirePeer } = await import("./root.mjs");
    const tf = requirePeer("@tensorflow/tfjs");
    requirePeer("@tensorflow/tfjs-backend-wasm").setWasmPaths(folderOf("@tensorflow/tfjs-backend-wasm"));
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    await tf.setBackend("wasm");
    await tf.ready();
    const { mnist } = await import("./tfjs-nets.mjs");
    mnist(tf)
      .predict(tf.zeros([1, 28, 28, 1]))
      .dataSync();
  },
};

await starts[peer]();
process.exit(0);
