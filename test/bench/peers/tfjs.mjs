/** TensorFlow.js on its wasm backend. Its threads do not start in Node, and it cannot train a convolution. */
import { folderOf, requirePeer } from "./root.mjs";
import { batch, kind, net, random, serve, shapes } from "./serve.mjs";
import { encoder, mnist, mobilenetv2, resnet50 } from "./tfjs-nets.mjs";

const nets = { encoder, mnist, mobilenetv2, resnet50 };

async function start() {
  const tf = requirePeer("@tensorflow/tfjs");
  requirePeer("@tensorflow/tfjs-backend-wasm").setWasmPaths(folderOf("@tensorflow/tfjs-backend-wasm"));
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await tf.setBackend("wasm");
  await tf.ready();
  if (tf.getBackend() !== "wasm") throw new Error(`fell back to ${tf.getBackend()}`);
  return tf;
}

function chain(tf) {
  const a = tf.tensor2d(random(4096), [64, 64]).div(64);
  const add = () => {
    let x = a;
    for (let i = 0; i < 100; i++) x = tf.add(x, a);
    return x;
  };
  const matmul = () => {
    let x = a;
    for (let i = 0; i < 50; i++) x = tf.matMul(tf.add(x, a), a);
    return x;
  };
  return net === "add" ? add : matmul;
}

console.warn = () => undefined;
await serve(async () => {
  const tf = await start();
  if (kind === "eager") {
    const run = chain(tf);
    return () => tf.tidy(() => run().dataSync());
  }
  if (net === "gemm1024") {
    const [a, b] = shapes[net].map((shape) => tf.tensor(random(1024 * 1024), shape));
    return () => tf.tidy(() => tf.matMul(a, b).dataSync());
  }
  const model = nets[net](tf);
  const x = tf.randomNormal(shapes[net][0]);
  return () => tf.tidy(() => model.predict(x, { batchSize: batch }).dataSync());
});
