// deadline: 400
/**
 * Training runs of the real Keras, step by step: compiled and eager, on the reference and on wasm.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras } from "../compiler/index.ts";
import { goldenCase } from "./support/goldens.ts";
import { followTrajectory } from "./support/keras-trajectory.ts";

const small = ["mlp_sgd", "mlp_sgd_momentum", "mlp_adam", "mlp_rmsprop", "mlp_adamw"];
const images = ["cnn_sgd", "cnn_sgd_momentum", "cnn_adam"];

for (const id of small) {
  test(`${id}, compiled, reference`, async () => {
    keras.config.setBackend("reference");
    assert.equal(await followTrajectory(goldenCase("trajectories.json", id), 20), []);
  });
  test(`${id}, eager, reference`, async () => {
    keras.config.setBackend("reference");
    assert.equal(await followTrajectory(goldenCase("trajectories.json", id), 20, true), []);
  });
}

for (const id of [...small, ...images]) {
  test(`${id}, compiled, wasm`, async () => {
    keras.config.setBackend("wasm");
    assert.equal(await followTrajectory(goldenCase("trajectories.json", id), 20), []);
  });
}

test("cnn_adam, eager, wasm: the first steps", async () => {
  keras.config.setBackend("wasm");
  assert.equal(await followTrajectory(goldenCase("trajectories.json", "cnn_adam"), 2, true), []);
});

test.run();
