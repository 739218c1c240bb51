/**
 * How fast g++ makes an emitted register tile: C += A * B of 960 x 960 x 960 floats in tiles of 6 x 16, beside the peak of the core (a
 * loop of independent multiply-adds). Prints GFLOP/s for -O2 and -O3, alternating with the peak.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpp } from "../../targets/cpp/cpp.ts";
import { COMPILE_FLAGS } from "../../targets/cpp/project.ts";
import { bundleOf, programOf } from "../support/native-bundle.ts";
import { matmulKernel } from "../support/tile-kernel.ts";

const SIZE = 960;

const CLOCK = `#include <chrono>
#include <cstdio>
template <class F> double best_of(int runs, F f) {
  double best = 1e9;
  for (int run = 0; run < runs; run++) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (elapsed.count() < best) best = elapsed.count();
  }
  return best;
}
`;

const MATMUL = `${CLOCK}#include "model.hpp"
alignas(64) static float a[${SIZE * SIZE}], b[${SIZE * SIZE}], c[${SIZE * SIZE}];
int main() {
  keratin::gemm::Model model(nullptr, 0);
  for (float& x : a) x = 1;
  for (float& x : b) x = 1;
  const double best = best_of(40, [&] { model.predict(a, b, c); });
  std::printf("%.1f", 2.0 * ${SIZE}.0 * ${SIZE} * ${SIZE} / best / 1e9);
}
`;

const registers = Array.from({ length: 12 }, (_, at) => `r${at}`);
const PEAK = `${CLOCK}typedef float f32x8 __attribute__((vector_size(32)));
int main() {
  f32x8 x = {1, 1, 1, 1, 1, 1, 1, 1}, ${registers.map((r, at) => `${r} = x + ${at}`).join(", ")};
  const double best = best_of(40, [&] {
    for (int i = 0; i < 1000000; i++) {
      asm volatile("" : "+x"(x));
      ${registers.map((r) => `${r} = __builtin_ia32_vfmaddps256(x, x, ${r});`).join(" ")}
    }
  });
  const f32x8 sum = ${registers.join(" + ")};
  std::printf("%.1f", sum[0] == 0 ? 0 : 12 * 16e6 / best / 1e9);
}
`;

const folder = mkdtempSync(join(tmpdir(), "keratin-tile-"));

function build(name: string, sources: readonly string[], effort: string): void {
  const flags = ["-std=c++17", effort, "-mavx2", "-mfma", ...COMPILE_FLAGS];
  execFileSync("g++", [...flags, ...sources, "-o", name], { cwd: folder, stdio: "inherit" });
}

const run = (name: string): number => Number(execFileSync(join(folder, name), { encoding: "utf8" }));

try {
  const kernel = matmulKernel({ m: SIZE, n: SIZE, k: SIZE, blockM: 120, blockK: 240 });
  for (const { path, contents } of cpp.emit(bundleOf("gemm", programOf("predict", kernel))).files) {
    writeFileSync(join(folder, path), contents);
  }
  writeFileSync(join(folder, "matmul.cpp"), MATMUL);
  writeFileSync(join(folder, "peak.cpp"), PEAK);
  build("peak", ["peak.cpp"], "-O2");
  for (const effort of ["-O2", "-O3"]) build(`matmul${effort}`, ["model.cpp", "matmul.cpp"], effort);
  for (let round = 0; round < 3; round++) {
    const peak = run("peak");
    const shares = ["-O2", "-O3"].map((effort) => {
      const speed = run(`matmul${effort}`);
      return `${effort} ${speed.toFixed(1)} (${((100 * speed) / peak).toFixed(0)} %)`;
    });
    console.log(`GFLOP/s: peak ${peak.toFixed(1)}, ${shares.join(", ")}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
