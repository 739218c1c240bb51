// deadline: 400
/**
 * Training runs of the real Keras, step by step: small models compiled and eager, on the reference and on wasm; convolutional ones compiled.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runGoldens } from "./goldens-runner/run-goldens.ts";
import { Goldens, ownGoldens } from "./support/goldens.ts";

const small = ["mlp_sgd", "mlp_sgd_momentum", "mlp_adam", "mlp_rmsprop", "mlp_adamw"];
const images = ["cnn_sgd", "cnn_sgd_momentum", "cnn_adam"];

async function failures(
  backend: string,
  ids: readonly string[],
  modes: readonly ("eager" | "compiled")[],
): Promise<string[]> {
  const found: string[] = [];
  for (const id of ids) {
    const selection = { backends: [backend], only: [`trajectories/${id}`], exact: true, modes };
    for await (const { name, mode, problems } of runGoldens(new Goldens(ownGoldens), selection))
      found.push(...problems.map((problem) => `${name} ${mode}: ${problem}`));
  }
  return found;
}

test("small models, reference", async () => {
  assert.equal(await failures("reference", small, ["eager", "compiled"]), []);
});

test("small models, wasm", async () => {
  assert.equal(await failures("wasm", small, ["eager", "compiled"]), []);
});

test("convolutional models, wasm", async () => {
  assert.equal(await failures("wasm", images, ["compiled"]), []);
});

test.run();
