/** jax-js on its wasm backend: the MNIST network (channels first), the matrix product, eager chains. */
import { importPeer } from "./root.mjs";
import { batch, kind, net, random, serve } from "./serve.mjs";

function mnist({ numpy: np, lax, nn, jit, tree }) {
  const weight = (...shape) =>
    np.array(random(shape.reduce((a, b) => a * b)).map((v) => v * 0.1)).reshape(shape);
  const parameters = [
    weight(32, 1, 3, 3),
    np.zeros([32, 1, 1]),
    weight(64, 32, 3, 3),
    np.zeros([64, 1, 1]),
    weight(64, 64, 3, 3),
    np.zeros([64, 1, 1]),
    weight(576, 64),
    np.zeros([64]),
    weight(64, 10),
    np.zeros([10]),
  ];
  const conv = (x, w, b) => nn.relu(lax.conv(x, w, [1, 1], "VALID").add(b));
  const pool = (x) => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);
  const predict = jit((p, image) => {
    let x = pool(conv(image, p[0], p[1]));
    x = pool(conv(x, p[2], p[3]));
    x = conv(x, p[4], p[5]).reshape([-1, 576]);
    x = nn.relu(np.matmul(x, p[6]).add(p[7]));
    return nn.softmax(np.matmul(x, p[8]).add(p[9]), -1);
  });
  const image = np.array(random(batch * 784)).reshape([batch, 1, 28, 28]);
  return () => predict(tree.ref(parameters), image.ref).data();
}

function gemm({ numpy: np, jit }) {
  const [a, b] = [0, 1].map(() => np.array(random(1024 * 1024)).reshape([1024, 1024]));
  const product = jit((x, y) => np.matmul(x, y));
  return async () => {
    const y = product(a.ref, b.ref);
    await y.blockUntilReady();
    y.dispose();
  };
}

function chain({ numpy: np }) {
  const a = np
    .array(random(4096))
    .reshape([64, 64])
    .mul(1 / 64);
  return () => {
    let x = a.ref;
    if (net === "add") for (let i = 0; i < 100; i++) x = np.add(x, a.ref);
    else for (let i = 0; i < 50; i++) x = np.matmul(np.add(x, a.ref), a.ref);
    return x.data();
  };
}

await serve(async () => {
  const jax = await importPeer("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  if (kind === "eager") return chain(jax);
  return net === "gemm1024" ? gemm(jax) : mnist(jax);
});
