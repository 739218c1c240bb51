// What `npm start` runs, from digits to four programs that need nothing: train, save, compile, verify, compare. Each step is
// a command that works by itself; it is printed before it runs. KERAS_BACKEND chooses where the training runs.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { keras, ndarray } from "keratin";
import { loadDigits } from "./digits.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = relative(root, fileURLToPath(new URL("dist", import.meta.url)));
const model = join(out, "mnist.keras");
const report = join(out, "report.html");
const targets = "wasm,wgsl,cpp,cuda";

/** Runs a step in the foreground; ends this program where it fails. */
function step(title: string, command: readonly string[], args: readonly string[]): void {
  const shown = [...command.slice(0, 1), ...args].join(" ");
  console.log(`\n\x1b[1m${title}\x1b[0m\n$ ${shown}`);
  const { status } = spawnSync(process.execPath, [...command.slice(1), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status === 0) return;
  console.error(`\n${title} failed`);
  process.exit(status ?? 1);
}

/** The share of digits not trained on that the saved model gets right. */
async function accuracyOf(file: string): Promise<number> {
  const { x, y } = loadDigits().test;
  const loaded = await keras.models.loadModel(file);
  const images = Float32Array.from({ length: x.data.length }, (_, i) => Number(x.data[i]) / 255);
  const labels = keras.utils.toCategorical(y, 10);
  const [, accuracy] = await loaded.evaluate(ndarray("f32", [...x.shape, 1], images), labels, { verbose: 0 });
  return accuracy;
}

const script = ["npx tsx", "--import", "tsx"];
const keratin = ["npx keratin", "bin/keratin.mjs"];

const start = performance.now();
mkdirSync(join(root, out), { recursive: true });
step("Train on real digits", script, ["samples/mnist/train.ts", "5", model]);
const accuracy = await accuracyOf(join(root, model));
console.log(`${model}, loaded again: ${(100 * accuracy).toFixed(1)} % of the held-out digits right`);
if (accuracy < 0.97) throw new Error("fewer than 97 %: something is wrong with the training");
step("Compile, once for each target", keratin, ["compile", model, "--target", targets, "--out", out]);
step("Verify what this machine can run", keratin, ["verify", out]);
const bench = [
  "bench",
  model,
  "--target",
  targets,
  "--eager",
  "--batch",
  "1",
  "--time",
  "500",
  "--html",
  report,
];
step("Eager against compiled", keratin, bench);

console.log(`
Done in ${((performance.now() - start) / 1000).toFixed(0)} s. In ${out}/:
  mnist.keras              the model; Keras 3 loads it too
  wasm, wgsl, cpp, cuda    it again, each folder a program of its own
  report.html              the figures as charts`);
