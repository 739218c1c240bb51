/**
 * `keras.ops` against the real Keras, values and gradients; and what tensors can do by themselves.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isNDArray } from "../compiler/arrays.ts";
import type { JsonObject } from "../compiler/formats/json.ts";
import { grad, keras, ops, type Tensor } from "../compiler/index.ts";
import { toCamel } from "../compiler/keras/options.ts";
import { GradientTape } from "../compiler/keras/tape.ts";
import { asArray, asObject, goldenTensors } from "./support/goldens.ts";
import {
  argument,
  array,
  arrays,
  closenessOf,
  differences,
  goldenCases,
  tensorsIn,
  watched,
} from "./support/keras-cases.ts";

keras.config.setBackend("reference");

/** What differs, or is not there, and why. */
const missing: { readonly [id: string]: string } = {
  gelu_1: "f16 is not evaluated yet",
  gelu_2: "bf16 is not evaluated yet",
  norm_2: "norms of matrices",
  repeat_2: "another count for each element",
  array_0: "plain whole numbers are f32 here",
  einsum_2: "a diagonal",
};

const tensors = goldenTensors("ops.safetensors");
const table: { readonly [name: string]: unknown } = ops;

for (const golden of goldenCases("ops.json")) {
  const id = String(golden.id);
  if (missing[id] === undefined) test(id, () => assert.equal(runCase(golden), []));
}

function runCase(golden: JsonObject): string[] {
  const f = table[toCamel(String(golden.op))] as (...args: readonly unknown[]) => unknown;
  const tape = new GradientTape();
  const watch = (value: unknown): unknown => watched(value, (item) => tape.watch(item));
  const args = asArray(golden.args).map((arg) => watch(argument(arg, tensors)));
  const kwargs = watch(argument(golden.kwargs, tensors) ?? {}) as { readonly [name: string]: unknown };
  const named = Object.keys(kwargs).length === 0 ? [] : [kwargs];
  const result = tape.record(() => f(...args, ...named));
  const expected = argument(golden.output ?? golden.outputs, tensors);
  if (golden.check === "shape") return [];
  // Shapes and the like are no tensors.
  if (!isNDArray(expected) && arrays(golden.output ?? golden.outputs, tensors).length === 0)
    return JSON.stringify(result) === JSON.stringify(expected) ? [] : [`got ${JSON.stringify(result)}`];
  const results = tensorsIn(result);
  const inputs = tensorsIn([
    ...args,
    ...Object.keys(kwargs)
      .sort()
      .map((key) => kwargs[key]),
  ]);
  return [
    ...differences("result", results, arrays(golden.output ?? golden.outputs, tensors), closenessOf(golden)),
    ...gradientDifferences(golden, tape, results, inputs),
  ];
}

function gradientDifferences(
  golden: JsonObject,
  tape: GradientTape,
  results: readonly Tensor[],
  inputs: readonly Tensor[],
): string[] {
  if (golden.grads === undefined) return [];
  const grads = asObject(golden.grads);
  const cotangents = asArray(grads.cotangents).map((item) => array(item, tensors));
  const loss = tape.record(() =>
    cotangents
      .map((cotangent, i) => ops.sum(ops.multiply(results[i], cotangent)))
      .reduce((a, b) => ops.add(a, b)),
  );
  const floats = inputs.filter((tensor) => tensor.dtype === "f32");
  return differences(
    "gradient",
    tape.gradient(loss, floats),
    arrays(grads.inputs, tensors),
    closenessOf(grads),
  );
}

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
  const x = ops.array([1, 2]);
  const tape = new GradientTape();
  const y = tape.record(() => ops.square(x));
  assert.equal(values(tape.gradient(ops.sum(y), x)), [2, 4]);
  assert.equal(values(tape.gradient(y, x)), [2, 4], "a vector stands for its sum");
  assert.throws(() => tape.gradient(ops.sum(ops.square(x)), x), /this tape did not record the target/);
  assert.equal(values(tape.gradient(y, ops.array([7]))), [0], "zeros where there is no connection");
});

test("stopGradient", () => {
  assert.equal(values(grad((x) => ops.sum(ops.multiply(x, ops.stopGradient(x))))([3])), [3]);
});

test.run();
