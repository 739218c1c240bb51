/**
 * npy, npz and safetensors, back and forth; the golden tensors; the data sets.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readNpy, readNpz, writeNpy, writeNpz } from "../compiler/formats/npy.ts";
import { readSafetensors, writeSafetensors } from "../compiler/formats/safetensors.ts";
import { loadData, parseMnist } from "../compiler/keras/datasets/mnist.ts";
import { dtypeNames } from "../ir/dtype.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { loadDigits } from "../samples/mnist/digits.ts";
import { asArray, counting, goldenCase, goldenTensors, resolveGolden } from "./support/goldens.ts";
import { refused } from "./support/hostile.ts";

const byPath = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

// ---- npy ----

test("npy: every dtype, shape and back", () => {
  for (const dtype of dtypeNames) {
    if (dtype === "bf16") continue;
    for (const shape of [[], [0], [5], [2, 3], [2, 0, 3], [2, 3, 4]]) {
      const array = counting(dtype, shape);
      const bytes = writeNpy(array);
      assert.is(bytes.length % 64, array.data.byteLength % 64);
      assert.equal(readNpy(bytes), array, `${dtype} [${shape}]`);
    }
  }
});

/** A .npy file with a header of one's own. */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const length =
    version === 1
      ? [header.length & 255, header.length >> 8]
      : [header.length & 255, header.length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...Buffer.from("NUMPY"),
    version,
    0,
    ...length,
    ...Buffer.from(header),
    ...data,
  ]);
}

test("npy: versions 1 to 3, Fortran order, numpy's own spelling", () => {
  const data = Uint8Array.of(0, 1, 2, 3, 4, 5);
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }          \n";
  for (const version of [1, 2, 3]) assert.equal(readNpy(npy(header, data, version)).data, data);
  const fortran = readNpy(npy(header.replace("False", "True"), data));
  assert.equal([fortran.shape, fortran.data], [[2, 3], Uint8Array.of(0, 2, 4, 1, 3, 5)]);
  const cube = npy(
    "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3, 2), }\n",
    new Uint8Array(counting("i16", [12]).data.buffer),
  );
  assert.equal(readNpy(cube).data, Int16Array.of(0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11));
});

test("npz back and forth", () => {
  const arrays = new Map([
    ["x", counting("u8", [2, 2])],
    ["y", counting("f32", [3])],
  ]);
  assert.equal(readNpz(writeNpz(arrays)), arrays);
  const deflated = zipSync({ "x.npy": writeNpy(counting("u8", [200])) });
  assert.equal(readNpz(deflated).get("x"), counting("u8", [200]));
});

// ---- safetensors ----

test("safetensors: every dtype and back, with metadata", () => {
  const tensors = new Map(dtypeNames.map((dtype) => [`t.${dtype}`, counting(dtype, [3, 1])]));
  tensors
    .set("scalar", counting("f32", []))
    .set("empty", counting("i32", [0, 2]))
    .set("__proto__", counting("u8", [2]));
  const metadata = new Map([
    ["format", "np"],
    ["é", "\n"],
  ]);
  const bytes = writeSafetensors(tensors, metadata);
  const again = readSafetensors(bytes);
  assert.equal(byPath(again.tensors), byPath(tensors));
  assert.equal(again.metadata, metadata);
  assert.equal(writeSafetensors(again.tensors, metadata), bytes);
});

test("golden tensors and values", () => {
  const tensors = goldenTensors("models/mnist_cnn/io.safetensors");
  const { inputs } = goldenCase("models.json", "mnist_cnn");
  const [input] = asArray(inputs).map((value) => resolveGolden(value, tensors));
  assert.equal(input, tensors.get("inputs/0"));
  assert.equal(tensors.get("inputs/0")?.shape, [2, 28, 28, 1]);
  assert.ok(Number.isNaN(resolveGolden({ $float: "NaN" }, tensors)));
  assert.equal(resolveGolden({ $slice: [null, { $float: "Infinity" }, 2] }, tensors), {
    kind: "slice",
    start: null,
    stop: Number.POSITIVE_INFINITY,
    step: 2,
  });
});

// ---- data sets ----

test("mnist.npz is parsed", () => {
  const part = (count: number) => [counting("u8", [count, 28, 28]), counting("u8", [count])] as const;
  const [[x_train, y_train], [x_test, y_test]] = [part(3), part(2)];
  const { train, test: rest } = parseMnist(
    writeNpz(new Map(Object.entries({ x_train, y_train, x_test, y_test }))),
  );
  assert.equal(
    [train.x.shape, train.y.shape, rest.x.shape, rest.y.shape],
    [[3, 28, 28], [3], [2, 28, 28], [2]],
  );
});

test("mnist without a network, or with the wrong file, says so in one line and leaves nothing behind", async () => {
  const home = mkdtempSync(join(tmpdir(), "keratin-"));
  const before = process.env.KERAS_HOME;
  process.env.KERAS_HOME = home;
  const server = createServer((_, response) => response.end("not it")).listen(0, "127.0.0.1");
  try {
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await refused(
      () => loadData({ origin: `http://127.0.0.1:${port}/mnist.npz` }),
      /not the MNIST file.*SHA-256/,
    );
    await new Promise((resolve) => server.close(resolve));
    await refused(
      () => loadData({ origin: `http://127.0.0.1:${port}/mnist.npz` }),
      /cannot download MNIST; got (ECONNREFUSED|UND_ERR_SOCKET)/,
    );
    assert.equal(readdirSync(home), []);
  } finally {
    server.close();
    if (before === undefined) delete process.env.KERAS_HOME;
    else process.env.KERAS_HOME = before;
    rmSync(home, { recursive: true });
  }
});

test("the digits of the sample: 9,000 and 1,000, all classes in proportion", () => {
  const { train, test: rest } = loadDigits();
  assert.equal([train.x.shape, train.y.shape], [[9000, 28, 28], [9000]]);
  assert.equal([rest.x.shape, rest.y.shape], [[1000, 28, 28], [1000]]);
  const count = ({ y }: { y: NDArray }) =>
    Array.from(
      { length: 10 },
      (_, label) => Array.from(y.data, Number).filter((value) => value === label).length,
    );
  assert.equal(count(rest), [100, 113, 99, 103, 98, 86, 102, 107, 94, 98]);
  assert.equal(count(train), [901, 1014, 892, 929, 882, 777, 912, 963, 850, 880]);
  // The mean of MNIST is 33.3: bytes, not bits or fractions.
  const mean = Array.from(train.x.data, Number).reduce((a, b) => a + b, 0) / train.x.data.length;
  assert.ok(mean > 30 && mean < 37, `${mean}`);
});

test.run();
