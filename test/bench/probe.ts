/**
 * The most arithmetic that the machine can do, measured: independent chains of multiply-adds in registers, in plain wasm, in relaxed
 * wasm and in C++ with AVX2 (or what the compiler's vectors of eight become). Every figure of the bench is given as a share of it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchRoot, buildRoot, isInstalled, newestNode } from "./places.ts";
import { pinned } from "./runner-process.ts";

export interface Peak {
  readonly name: string;
  readonly threads: number;
  readonly gflops: number;
}

const registers = Array.from({ length: 12 }, (_, i) => `r${i}`);
const SOURCE = `#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>
typedef float f32x8 __attribute__((vector_size(32)));
static void chains(float* out) {
  f32x8 x = {1, 1, 1, 1, 1, 1, 1, 1}, ${registers.map((r, i) => `${r} = x + ${i}`).join(", ")};
  for (int i = 0; i < 1000000; i++) {
    asm volatile("" : "+x"(x));
    ${registers.map((r) => `${r} = x * ${r} + x;`).join(" ")}
  }
  const f32x8 sum = ${registers.join(" + ")};
  *out = sum[0];
}
int main(int, char** argv) {
  const int threads = std::atoi(argv[1]);
  double best = 1e9;
  std::vector<float> out(threads);
  for (int run = 0; run < 150; run++) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (int i = 1; i < threads; i++) others.emplace_back(chains, &out[i]);
    chains(&out[0]);
    for (auto& other : others) other.join();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (elapsed.count() < best) best = elapsed.count();
  }
  std::printf("%.2f", threads * 1e6 * 12 * 16 / best / 1e9);
}
`;

function nativePeak(threads: number): number {
  mkdirSync(buildRoot, { recursive: true });
  const program = join(buildRoot, "peak");
  const source = `${program}.cpp`;
  writeFileSync(source, SOURCE);
  execFileSync("g++", [
    "-std=c++17",
    "-O2",
    "-march=native",
    "-ffp-contract=fast",
    "-pthread",
    source,
    "-o",
    program,
  ]);
  const [command, args] = pinned({ program, args: [String(threads)] }, threads);
  return Number(execFileSync(command, [...args], { encoding: "utf8" }));
}

function wasmPeak(node: string, flavour: "plain" | "relaxed"): number {
  const script = join(benchRoot, "peers", "wasm-peak.mjs");
  const [command, args] = pinned({ program: node, args: [script, flavour] }, 1);
  return Number(execFileSync(command, [...args], { encoding: "utf8" }));
}

/** All peaks, for each number of threads. Wasm on several is taken as that many times one. */
export function measurePeaks(threadCounts: readonly number[]): readonly Peak[] {
  const plain = wasmPeak(process.execPath, "plain");
  const newest = isInstalled(newestNode)
    ? { plain: wasmPeak(newestNode, "plain"), relaxed: wasmPeak(newestNode, "relaxed") }
    : undefined;
  return threadCounts.flatMap((threads) => [
    { name: "wasm-plain@installed", threads, gflops: threads * plain },
    ...(newest === undefined
      ? []
      : [
          { name: "wasm-plain@newest", threads, gflops: threads * newest.plain },
          { name: "wasm-relaxed@newest", threads, gflops: threads * newest.relaxed },
        ]),
    { name: "native", threads, gflops: nativePeak(threads) },
  ]);
}
