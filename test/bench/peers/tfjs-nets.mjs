/** The networks in TensorFlow.js. Those for inference carry batch normalization folded into the convolutions, as a converter leaves them. */

export const mnist = ({ layers, sequential }) =>
  sequential({
    layers: [
      layers.conv2d({ inputShape: [28, 28, 1], filters: 32, kernelSize: 3, activation: "relu" }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
      layers.flatten(),
      layers.dense({ units: 64, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
  });

const conv = ({ layers }, x, filters, kernelSize, strides = 1, activation = undefined) =>
  layers.conv2d({ filters, kernelSize, strides, padding: "same", activation }).apply(x);

const classify = (tf, inputs, x) => {
  const pooled = tf.layers.globalAveragePooling2d({}).apply(x);
  const outputs = tf.layers.dense({ units: 1000, activation: "softmax" }).apply(pooled);
  return tf.model({ inputs, outputs });
};

export function mobilenetv2(tf) {
  const { layers } = tf;
  const relu6 = (x) => layers.reLU({ maxValue: 6 }).apply(x);
  const input = tf.input({ shape: [224, 224, 3] });
  let x = relu6(conv(tf, input, 32, 3, 2));
  let channels = 32;
  const block = (expand, out, stride) => {
    let y = expand > 1 ? relu6(conv(tf, x, channels * expand, 1)) : x;
    y = relu6(layers.depthwiseConv2d({ kernelSize: 3, strides: stride, padding: "same" }).apply(y));
    y = conv(tf, y, out, 1);
    x = stride === 1 && channels === out ? layers.add().apply([x, y]) : y;
    channels = out;
  };
  const stages = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ];
  for (const [expand, out, count, stride] of stages)
    for (let i = 0; i < count; i++) block(expand, out, i === 0 ? stride : 1);
  return classify(tf, input, relu6(conv(tf, x, 1280, 1)));
}

/** As in Keras: the first convolution of a stage has its stride. */
export function resnet50(tf) {
  const { layers } = tf;
  const input = tf.input({ shape: [224, 224, 3] });
  const stem = conv(tf, input, 64, 7, 2, "relu");
  let x = layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }).apply(stem);
  const stages = [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ];
  for (const [filters, count, stride] of stages) {
    for (let i = 0; i < count; i++) {
      const step = i === 0 ? stride : 1;
      const shortcut = i === 0 ? conv(tf, x, 4 * filters, 1, step) : x;
      let y = conv(tf, x, filters, 1, step, "relu");
      y = conv(tf, y, filters, 3, 1, "relu");
      y = conv(tf, y, 4 * filters, 1);
      x = layers.reLU().apply(layers.add().apply([shortcut, y]));
    }
  }
  return classify(tf, input, x);
}

/** Six encoder layers over 128 tokens of 384, in core ops: tf.layers has no attention. */
export function encoder(tf) {
  const [tokens, width, heads, hidden] = [128, 384, 12, 1536];
  const weight = (a, b) => tf.randomNormal([a, b], 0, 0.02);
  const makeLayer = () => ({
    q: weight(width, width),
    k: weight(width, width),
    v: weight(width, width),
    o: weight(width, width),
    up: weight(width, hidden),
    down: weight(hidden, width),
    zeros: tf.zeros([width]),
    hiddenZeros: tf.zeros([hidden]),
    ones: tf.ones([width]),
  });
  const parameters = Array.from({ length: 6 }, makeLayer);
  const linear = (x, w, b) => tf.add(tf.matMul(x, w), b);
  const normalize = (x, { ones, zeros }) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-12))), ones), zeros);
  };
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const split = (x) => tf.transpose(tf.reshape(x, [tokens, heads, width / heads]), [1, 0, 2]);
  const join = (x) => tf.reshape(tf.transpose(x, [1, 0, 2]), [tokens, width]);
  const layer = (x, p) => {
    const [q, k, v] = [p.q, p.k, p.v].map((w) => split(linear(x, w, p.zeros)));
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width / heads));
    const mixed = linear(join(tf.matMul(tf.softmax(scores), v)), p.o, p.zeros);
    const y = normalize(tf.add(x, mixed), p);
    const fed = linear(gelu(linear(y, p.up, p.hiddenZeros)), p.down, p.zeros);
    return normalize(tf.add(y, fed), p);
  };
  return { predict: (x) => parameters.reduce(layer, tf.reshape(x, [tokens, width])) };
}
