// deadline: 400
/**
 * The real Keras 3 reads what we write: the golden models, read and written again, load with the same predictions,
 * names, dtypes and optimizer state; and we read what Keras writes in every dtype that it has.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  readKeras,
  readWeights,
  variablesAt,
  writeKeras,
  writeWeights,
} from "../compiler/formats/keras-archive.ts";
import { readNpz, writeNpz } from "../compiler/formats/npy.ts";
import { type NDArray, ndarray } from "../ir/ndarray.ts";
import { goldenBytes } from "./support/goldens.ts";
import { projectRoot, requireTool } from "./support/tools.ts";

const python = requireTool("keras-python");
const models = ["mnist_cnn", "compiled_mlp", "resnet_tiny", "bilstm_text"];

/** Loads originals and copies, asserts that they are the same, prints one line for each; saves some files for us. */
const script = `
import os, sys
os.environ["KERAS_BACKEND"] = "jax"
import h5py, keras, numpy as np
goldens, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]

def tree(path):
    found = {}
    def visit(name, item):
        data = (item.dtype.str, item.shape, item[()].tobytes()) if isinstance(item, h5py.Dataset) else "group"
        found[name] = (data, dict(item.attrs))
    with h5py.File(path) as file:
        file.visititems(visit)
    return found

def inputs(model):
    random = np.random.default_rng(0)
    for item in model.inputs:
        shape = (3,) + tuple(dim or 5 for dim in item.shape[1:])
        yield random.integers(0, 20, shape) if "bilstm" in model.name else random.random(shape, "float32")

for name in names:
    first = keras.models.load_model(f"{goldens}/{name}/model.keras")
    second = keras.models.load_model(f"{folder}/{name}.keras")
    x = list(inputs(first))
    assert np.array_equal(first.predict(x, verbose=0), second.predict(x, verbose=0)), name
    assert [w.path for w in first.weights] == [w.path for w in second.weights], name
    optimizer = getattr(first, "optimizer", None)
    if optimizer is not None:
        pairs = list(zip(optimizer.variables, second.optimizer.variables, strict=True))
        assert len(pairs) > 2 and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs), name
        assert int(second.optimizer.iterations) > 0
    for weight in first.weights:
        weight.assign(np.zeros(weight.shape))
    first.load_weights(f"{folder}/{name}.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(first.weights, second.weights)), name
    second.save(f"{folder}/{name}.again.keras")
    print(name, "optimizer" if optimizer is not None else "plain")

class Odd(keras.layers.Layer):
    def build(self, shape):
        kinds = ["float16", "bfloat16", "float32", "int8", "uint8", "int32", "uint32", "bool"]
        self.kept = [self.add_weight(shape=(2, 3), dtype=kind, initializer="ones", name=kind) for kind in kinds]
    def call(self, x):
        return x

model = keras.Sequential([keras.Input((3,)), Odd(), keras.layers.Dropout(0.5)])
model.save_weights(f"{folder}/odd.weights.h5")
for weight in model.weights:
    weight.assign(keras.ops.zeros(weight.shape, weight.dtype))
model.load_weights(f"{folder}/odd-ours.weights.h5")
for weight in model.weights:
    if "seed" not in weight.path:
        assert bool(keras.ops.all(weight == 1)), weight.path
print("odd", " ".join(str(weight.dtype) for weight in model.weights))
ours = dict(np.load(f"{folder}/ours.npz"))
assert ours["x"].shape == (2, 3) and ours["x"].dtype == np.float32 and ours["x"][1, 2] == 5, ours
np.savez(f"{folder}/stored.npz", x=np.asfortranarray(ours["x"]), flag=np.array(True))
np.savez_compressed(f"{folder}/deflated.npz", x=ours["x"], n=np.arange(4, dtype="<i8"))
print("npz")
`;

interface Outcome {
  readonly folder: string;
  readonly lines: readonly string[];
}

/** Writes our files, lets Keras check them, keeps what it printed. One start of Python serves all tests. */
async function runKeras(path: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "keratin-keras-"));
  for (const name of models) {
    const archive = await readKeras(goldenBytes(`models/${name}/model.keras`));
    writeFileSync(join(folder, `${name}.keras`), await writeKeras(archive));
    writeFileSync(join(folder, `${name}.weights.h5`), await writeWeights(archive.weights));
  }
  writeFileSync(join(folder, "odd-ours.weights.h5"), await writeWeights(oddWeights()));
  const x = ndarray("f32", [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5));
  writeFileSync(join(folder, "ours.npz"), writeNpz(new Map([["x", x]])));
  const goldens = `${projectRoot}test/goldens/models`;
  mkdirSync(join(folder, "home"));
  const env = { ...process.env, KERAS_HOME: join(folder, "home"), JAX_PLATFORMS: "cpu" };
  const args = ["-c", script, goldens, folder, ...models];
  const output = execFileSync(path, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return { folder, lines: output.trim().split("\n") };
}

/** Ones in every dtype of the script's layer, as we would store them. */
function oddWeights() {
  const bits = { f16: 0x3c00, bf16: 0x3f80 };
  const kinds = ["f16", "bf16", "f32", "i8", "u8", "i32", "u32", "bool"] as const;
  const stores = [
    Uint16Array,
    Uint16Array,
    Float32Array,
    Int8Array,
    Uint8Array,
    Int32Array,
    Uint32Array,
    Uint8Array,
  ];
  const arrays = kinds.map((dtype, i): [string, NDArray] => {
    const one = dtype === "f16" || dtype === "bf16" ? bits[dtype] : 1;
    return [`layers/odd/vars/${i}`, ndarray(dtype, [2, 3], new stores[i](6).fill(one))];
  });
  const seed: [string, NDArray] = [
    "layers/dropout/seed_generator/vars/0",
    ndarray("u32", [2], Uint32Array.of(1, 2)),
  ];
  return { arrays: new Map([...arrays, seed]), names: new Map([["layers/odd/vars", "odd"]]) };
}

if (python !== undefined) {
  let outcome: Outcome;
  test.before(async () => {
    outcome = await runKeras(python);
  });
  test.after(() => rmSync(outcome.folder, { recursive: true, force: true }));

  test("Keras loads our archives: same predictions, names, optimizer state", () => {
    const expected = models.map((name) => `${name} ${name === "compiled_mlp" ? "optimizer" : "plain"}`);
    assert.equal(outcome.lines.slice(0, models.length), expected);
  });

  for (const name of models) {
    test(`what Keras saves of our ${name}.keras is what was in it`, async () => {
      const again = await readKeras(
        new Uint8Array(readFileSync(join(outcome.folder, `${name}.again.keras`))),
      );
      const first = await readKeras(goldenBytes(`models/${name}/model.keras`));
      const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
      assert.equal(sorted(again.weights.arrays), sorted(first.weights.arrays));
      assert.equal(sorted(again.weights.names), sorted(first.weights.names));
    });
  }

  test("every dtype of a Keras weight, both ways", async () => {
    const dtypes = "float16 bfloat16 float32 int8 uint8 int32 uint32 bool";
    assert.match(outcome.lines[models.length], new RegExp(`^odd ${dtypes}`));
    const weights = await readWeights(new Uint8Array(readFileSync(join(outcome.folder, "odd.weights.h5"))));
    const ours = oddWeights().arrays;
    for (const [i, array] of variablesAt(weights, "layers/odd").entries()) {
      assert.equal(array, ours.get(`layers/odd/vars/${i}`));
    }
    assert.is(variablesAt(weights, "layers/odd").length, 8);
  });

  test("npz both ways, Fortran order and deflated", () => {
    const read = (name: string) => readNpz(new Uint8Array(readFileSync(join(outcome.folder, name))));
    const x = ndarray("f32", [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5));
    const flag = ndarray("bool", [], Uint8Array.of(1));
    assert.equal(
      read("stored.npz"),
      new Map([
        ["x", x],
        ["flag", flag],
      ]),
    );
    const n = ndarray("i64", [4], BigInt64Array.of(0n, 1n, 2n, 3n));
    assert.equal(
      read("deflated.npz"),
      new Map([
        ["x", x],
        ["n", n],
      ]),
    );
  });
}

test.run();
