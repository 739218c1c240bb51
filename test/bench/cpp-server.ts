/** The C++ artifact as a runner: its source and a `main` that keeps the conversation of `peers/serve.mjs`, built with the artifact's flags. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ArtifactEntry } from "../../compiler/package/artifact-manifest.ts";
import { openArtifact } from "../../compiler/package/open-artifact.ts";
import { evaluate } from "../../runtime/manifest.ts";
import { COMPILE_FLAGS } from "../../targets/cpp/project.ts";

/** Builds `serve` in the artifact's folder: `serve infer|train weights.bin BATCH THREADS`. */
export async function buildServer(folder: string, batches: readonly number[]): Promise<void> {
  const { manifest } = openArtifact(folder);
  const prefix = manifest.prefix ?? "model";
  const cases = Object.entries(manifest.entries).flatMap(([name, entry]) =>
    batches.map((batch) => caseText(name, entry, batch)),
  );
  const source = join(folder, "serve.cpp");
  writeFileSync(source, serverText(prefix, cases));
  const flags = ["-std=c++17", "-O3", "-march=native", "-pthread", ...COMPILE_FLAGS];
  const files = [source, join(folder, "model.cpp"), "-o", join(folder, "serve")];
  await promisify(execFile)(process.env.CXX ?? "g++", [...flags, ...files], { maxBuffer: 1 << 24 });
}

/** One entry at one batch: its arrays, and the call. */
function caseText(
  name: string,
  { symbol = "", symbols, inputs, outputs }: ArtifactEntry,
  batch: number,
): string {
  const bindings = Object.fromEntries(symbols.map((size) => [size, batch]));
  const arrays = [...inputs, ...outputs].map(
    ({ shape }) => `floats(${shape.map((size) => evaluate(size, bindings)).reduce((a, b) => a * b, 1)})`,
  );
  const kind = name === "train_step" ? "train" : "infer";
  const args = [...symbols.map(() => String(batch)), ...arrays.map((_, i) => `arrays[${i}].data()`)];
  return `  if (kind == "${kind}" && batch == ${batch}) {
    std::vector<std::vector<float>> arrays{${arrays.join(", ")}};
    return [=]() mutable { return ${symbol}(${["model", ...args].join(", ")}); };
  }`;
}

const serverText = (prefix: string, cases: readonly string[]): string => `#include "model.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

static std::vector<float> floats(size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = float(std::rand()) / float(RAND_MAX) - 0.5f;
  return values;
}

static std::function<int()> call_of(${prefix}_model* model, const std::string& kind, long batch) {
${cases.join("\n")}
  return nullptr;
}

static double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static int fail(const char* message) {
  std::fprintf(stderr, "error: %s\\n", message);
  return 1;
}

int main(int, char** argv) {
  const double begin = now();
  ${prefix}_model* model = nullptr;
  if (${prefix}_create(argv[2], &model) != 0) return fail(${prefix}_error_message());
  if (${prefix}_set_threads(model, std::atoi(argv[4])) != 0) return fail(${prefix}_error_message());
  const std::function<int()> call = call_of(model, argv[1], std::atol(argv[3]));
  if (!call) return fail("no such entry");
  if (call() != 0) return fail(${prefix}_error_message());
  std::printf("{\\"load_ms\\": %g}\\n", now() - begin);
  std::fflush(stdout);
  for (double budget; std::scanf("%lf", &budget) == 1;) {
    std::vector<double> times;
    const double end = now() + budget;
    while (times.size() < 3 || (now() < end && times.size() < 20000)) {
      const double start = now();
      call();
      times.push_back(now() - start);
    }
    for (size_t i = 0; i < times.size(); i++) std::printf("%s%.6f", i == 0 ? "[" : ",", times[i]);
    std::printf("]\\n");
    std::fflush(stdout);
  }
  ${prefix}_destroy(model);
  return 0;
}
`;
