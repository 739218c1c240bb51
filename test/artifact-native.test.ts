// Artifacts of the C++ and CUDA targets: they build from their folders, the recorded calls come out right, and two models
// link into one program.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { packageArtifact } from "../compiler/package/artifact.ts";
import { openArtifact } from "../compiler/package/open-artifact.ts";
import { verifyArtifact } from "../compiler/package/verify-artifact.ts";
import { COMPILE_FLAGS } from "../targets/cpp/project.ts";
import { CUDA_FLAGS } from "../targets/cuda/project.ts";
import { mnistSource, smallSource } from "./support/artifact-fixture.ts";
import { runProgram, temporaryFolder } from "./support/artifact-folder.ts";
import { requireTool } from "./support/tools.ts";

const out = temporaryFolder();
await packageArtifact(mnistSource({ train: true, name: "digits" }), { targets: ["cpp", "cuda"], out });
await packageArtifact(smallSource("scores"), { targets: ["cpp"], out: join(out, "small") });

test("the recorded calls come out right in C++, training included", async () => {
  if (requireTool("g++") === undefined) return;
  const { comparisons, passed } = await verifyArtifact(openArtifact(join(out, "cpp")));
  assert.ok(passed, JSON.stringify(comparisons));
  const entries = comparisons.map(({ entry }) => entry);
  assert.equal([...new Set(entries)], ["predict", "train_step"]);
  assert.is(entries.at(-1), "predict", "the update is checked by a prediction after it");
});

test("it builds with its own CMakeLists.txt", () => {
  const cmake = requireTool("cmake");
  if (cmake === undefined || requireTool("g++") === undefined) return;
  const folder = join(out, "small/cpp");
  const configured = runProgram(cmake, ["-S", folder, "-B", join(out, "build")]);
  assert.is(configured.code, 0, configured.stderr);
  const built = runProgram(cmake, ["--build", join(out, "build")]);
  assert.is(built.code, 0, built.stdout + built.stderr);
  const ran = runProgram(join(out, "build/scores_demo"), [join(folder, "weights.bin")]);
  assert.match(ran.stdout, /scores: /);
});

const program = `#include <cstdio>
#include <vector>
#include "digits/model.h"
#include "scores/model.h"
int main(int, char** argv) {
  digits_model* digits = nullptr;
  scores_model* scores = nullptr;
  if (digits_create(argv[1], &digits) != 0) { std::puts(digits_error_message()); return 1; }
  if (scores_create(argv[2], &scores) != 0) { std::puts(scores_error_message()); return 1; }
  std::vector<float> image(784, 0.5f), p(10), s(2), x{1, 0, 0};
  unsigned char pixel = 0, positive[2];
  if (digits_predict(digits, 1, image.data(), p.data()) != 0) return 2;
  if (scores_predict(scores, 1, x.data(), &pixel, s.data(), positive) != 0) return 3;
  float sum = 0;
  for (float value : p) sum += value;
  std::printf("%.3f %g %g\\n", sum, s[0], s[1]);
  digits_destroy(digits);
  scores_destroy(scores);
}
`;

test("two models link into one program", () => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return;
  writeFileSync(join(out, "main.cpp"), program.replace("digits/", "cpp/").replace("scores/", "small/cpp/"));
  const sources = ["cpp/model.cpp", "small/cpp/model.cpp"];
  // Each model includes its own "model.h", which quotes find beside the source.
  const flags = ["-std=c++17", "-O1", "-pthread", "-Wall", "-Wextra", "-Werror", ...COMPILE_FLAGS];
  const built = runProgram(compiler, [...flags, "main.cpp", ...sources, "-o", "both"], { cwd: out });
  assert.is(built.code, 0, built.stderr);
  const ran = runProgram(join(out, "both"), ["cpp/weights.bin", "small/cpp/weights.bin"], { cwd: out });
  assert.is(ran.stdout, "1.000 1 0.5\n");
});

const threadsProgram = `#include <cstdio>
#include <cstdlib>
#include <vector>
#include "cpp/model.h"
// Prints the outputs and the whole state after three steps, as bytes.
int main(int, char** argv) {
  digits_model* model = nullptr;
  if (digits_create(argv[1], &model) != 0) return 1;
  if (digits_set_threads(model, 0) == 0) return 2;
  if (digits_set_threads(model, std::atoi(argv[2])) != 0) return 3;
  std::vector<float> x(20 * 784), y(20 * 10), p(20 * 10), loss(1), accuracy(1);
  for (size_t i = 0; i < x.size(); i++) x[i] = float(i * 37 % 101) / 101;
  for (size_t i = 0; i < y.size(); i++) y[i] = i % 11 == 0;
  for (int step = 0; step < 3; step++) {
    if (digits_train_step(model, 20, x.data(), y.data(), loss.data(), accuracy.data()) != 0) return 4;
    if (digits_predict(model, 20, x.data(), p.data()) != 0) return 5;
  }
  std::vector<unsigned char> state(digits_state_size());
  digits_get_state(model, state.data());
  digits_destroy(model);
  for (float value : p) std::printf("%a ", value);
  for (unsigned char byte : state) std::printf("%02x", byte);
}
`;

test("any number of threads gives the same bits, in predictions and in training", () => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return;
  writeFileSync(join(out, "threads.cpp"), threadsProgram);
  const flags = ["-std=c++17", "-O2", "-march=native", "-pthread", "-I.", ...COMPILE_FLAGS];
  const built = runProgram(compiler, [...flags, "threads.cpp", "cpp/model.cpp", "-o", "threads"], {
    cwd: out,
  });
  assert.is(built.code, 0, built.stderr);
  const found = ["1", "2", "3"].map((threads) => {
    const ran = runProgram(join(out, "threads"), ["cpp/weights.bin", threads], { cwd: out });
    assert.is(ran.code, 0, `${threads} threads: ${ran.stderr}`);
    return ran.stdout;
  });
  assert.ok(found[0].length > 100_000);
  assert.is(new Set(found).size, 1);
});

test("nvcc builds the CUDA folder", () => {
  const nvcc = requireTool("nvcc");
  if (nvcc === undefined) return;
  const args = [
    "-std=c++17",
    "-O1",
    "-arch=sm_90",
    ...CUDA_FLAGS,
    "-c",
    join(out, "cuda/model.cu"),
    "-o",
    join(out, "model.o"),
  ];
  const built = runProgram(nvcc, args);
  assert.is(built.code, 0, built.stdout + built.stderr);
});

test.run();
