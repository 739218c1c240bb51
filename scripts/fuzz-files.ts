/**
 * A seeded fuzzer of model files: `npm run fuzz:files -- [--seed 1] [--count 2000] [--file NAME]`. Golden models are changed, in their bytes or in their
 * configuration, and read. Whatever a file says, reading ends in a model or in one clear error, soon, without much memory. A failure prints the
 * seed of its mutant: `--seed N --count 1` makes it again.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { keras } from "../compiler/index.ts";
import { type Failure, fuzzFiles } from "../test/support/file-fuzzer.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "2000" },
    file: { type: "string", multiple: true, default: [] },
  },
});

const all = [
  "mnist_cnn/model.keras",
  "shared_multi_io/model.keras",
  "compiled_mlp/model.h5",
  "ops_functional/model.h5",
  "resnet_tiny/model.keras",
];
const names = values.file.length > 0 ? values.file : all;
const files = names.map((name) => ({
  name,
  bytes: new Uint8Array(readFileSync(new URL(`../test/goldens/models/${name}`, import.meta.url))),
}));

keras.config.setBackend("reference");
const failures: Failure[] = [];
let [accepted, refused] = [0, 0];
for await (const outcome of fuzzFiles(files, Number(values.seed), Number(values.count))) {
  if (outcome.kind === "accepted") accepted++;
  else if (outcome.kind === "refused") refused++;
  else {
    failures.push(outcome);
    console.log(`seed ${outcome.seed}: ${outcome.label}\n  ${outcome.problem}`);
  }
}
console.log(`${accepted} accepted, ${refused} refused, ${failures.length} failed`);
if (failures.length > 0) process.exitCode = 1;
