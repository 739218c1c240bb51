/**
 * What tensors can do by themselves, indexing, promotion and gradients. `keras.ops` against the real Keras: test/keras-goldens.test.ts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad, keras, ops, type Tensor } from "../compiler/index.ts";
import { GradientTape } from "../compiler/keras/tape.ts";

keras.config.setBackend("reference");

const values = (tensor: Tensor): number[] => [...tensor.arraySync().data].map(Number);
const matrix = ops.array([
  [1, 2, 3],
  [4, 5, 6],
]);

test("methods chain", () => {
  assert.equal(values(matrix.add([1, 1, 1]).mul(2).at([":", 0])), [4, 10]);
  assert.equal(values(matrix.sub(1).div(2).pow(2).sum(1)), [1.25, 12.5]);
  assert.equal(matrix.neg().reshape([3, -1]).cast("i32").toString(), "Tensor(i32[3, 2])");
});

test("indexing", () => {
  assert.equal(values(matrix.at([-1, "::-1"])), [6, 5, 4]);
  assert.equal(values(matrix.at(["...", "1:"])), [2, 3, 5, 6]);
  assert.equal(matrix.at([null, 0]).shape, [1, 3]);
  assert.throws(() => matrix.at([2]), /index out of range; expected an integer below 2; got 2/);
  assert.throws(() => matrix.at(["x"]), /not an index; expected "start:stop:step"; got x/);
});

test("whole numbers", () => {
  assert.is(ops.array([[1, 2]]).dtype, "i32");
  assert.is(ops.array([1, 2.5]).dtype, "f32");
  assert.is(ops.array([1, 2], "float32").dtype, "f32");
  assert.is(ops.convertToTensor([1, 2]).dtype, "f32");
});

test("shapes that depend on data", () => {
  assert.equal(ops.nonzero([0, 3, 0, 5]).map(values), [[1, 3]]);
  assert.equal(ops.nonzero([0, 3, 0, 5], { size: 3 }).map(values), [[1, 3, 0]]);
  assert.equal(ops.where([0, 1, 1]).map(values), [[1, 2]]);
  assert.equal(values(ops.bincount(ops.array([1, 1, 3]))), [0, 2, 0, 1]);
  assert.equal(values(ops.repeat([1, 2], [1, 2])), [1, 2, 2]);
});

test("the same seed gives the numbers of Keras on JAX", () => {
  const { random } = keras;
  assert.equal(values(random.randint([6], -3, 17, null, 11)), [6, 14, 16, 13, 7, 0]);
  assert.equal(values(random.shuffle([0, 1, 2, 3, 4, 5], { seed: 5 })), [4, 5, 3, 1, 2, 0]);
  const uniform = [0.3307110071182251, 0.2777543067932129, 0.5969884395599365];
  assert.equal(values(random.uniform([3], { seed: 7 })), uniform);
  const generator = new random.SeedGenerator(42);
  const [first, second] = [1, 2].map(() => values(random.uniform([1], { seed: generator }))[0]);
  assert.equal([first, second], [0.5667296648025513, 0.7233974933624268]);
});

test("gamma, beta and binomial numbers have their moments", () => {
  const { random } = keras;
  const moments = (x: Tensor): number[] => [ops.mean(x), ops.var(x)].map((y) => values(y)[0]);
  const near = (got: readonly number[], wanted: readonly number[]): void =>
    got.forEach((value, i) =>
      assert.ok(Math.abs(value - wanted[i]) < 0.15 * wanted[i] + 0.01, `${got}: not ${wanted}`),
    );
  near(moments(random.gamma([1000], { alpha: 2.5, seed: 1 })), [2.5, 2.5]);
  near(moments(random.gamma([1000], { alpha: 0.3, seed: 1 })), [0.3, 0.3]);
  near(moments(random.beta([1000], { alpha: 2, beta: 3, seed: 1 })), [0.4, 0.04]);
  near(moments(random.binomial([1000], { counts: 10, probabilities: 0.3, seed: 1 })), [3, 2.1]);
});

test("a mask of attention with three axes is one for all samples", () => {
  const { random } = keras;
  const [q, k] = [3, 4].map((time, seed) => random.normal([2, time, 2, 4], { seed }));
  const mask = ops.less(random.uniform([2, 3, 4], { seed: 5 }), 0.6);
  const attention = (m: Tensor): number[] => values(ops.dotProductAttention(q, k, k, { mask: m }));
  assert.equal(attention(mask), attention(ops.expandDims(mask, 0)));
});

test("vectorize", () => {
  const larger = ops.vectorize((a, b) => ops.maximum(a, b));
  assert.equal(values(larger([1, 5, 3], 2) as Tensor), [2, 5, 3]);
  const dot = ops.vectorize((a, b) => ops.sum(ops.multiply(a, b)), { signature: "(n),(n)->()" });
  assert.equal(
    values(
      dot(
        [
          [1, 2],
          [3, 4],
        ],
        [1, 1],
      ) as Tensor,
    ),
    [3, 7],
  );
});

test("dtypes promote as in Keras", () => {
  const type = (tensor: Tensor): string => tensor.dtype;
  const ints = ops.cast([1, 2], "int32");
  assert.is(type(ints.mul(2)), "i32");
  assert.is(type(ints.mul(2.5)), "f32");
  assert.is(type(ops.divide(ints, 2)), "f32");
  assert.is(type(ops.add(ops.cast([1], "uint8"), ops.cast([1], "int8"))), "i16");
  assert.is(type(ops.equal(ints, 1)), "bool");
});

test("shapes that do not fit", () => {
  assert.throws(() => matrix.add([1, 2]), /shapes do not broadcast/);
  assert.throws(() => ops.reshape(matrix, [4, -1]), /cannot reshape/);
  assert.throws(() => ops.matmul(matrix, matrix), /inner dimensions differ/);
  assert.throws(() => ops.array([[1, 2], [3]]), /ragged nested array/);
});

test("grad of a function, also twice", () => {
  const cube = (x: Tensor): Tensor => ops.sum(x.pow(3));
  assert.equal(values(grad(cube)([1, 2])), [3, 12]);
  const slope = (x: Tensor): Tensor => ops.sum(ops.multiply(ops.square(x), 3));
  assert.equal(values(grad(slope)([1, 2])), [6, 12]);
});

test("a tape knows what it recorded", () => {
  const x = ops.array([1, 2], "float32");
  const tape = new GradientTape();
  const y = tape.record(() => ops.square(x));
  assert.equal(values(tape.gradient(ops.sum(y), x)), [2, 4]);
  assert.equal(values(tape.gradient(y, x)), [2, 4], "a vector stands for its sum");
  assert.throws(() => tape.gradient(ops.sum(ops.square(x)), x), /this tape did not record the target/);
  assert.equal(values(tape.gradient(y, ops.array([7.5]))), [0], "zeros where there is no connection");
});

test("stopGradient", () => {
  assert.equal(values(grad((x) => ops.sum(ops.multiply(x, ops.stopGradient(x))))([3])), [3]);
});

test.run();
