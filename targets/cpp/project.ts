/** What surrounds the model in its folder: `CMakeLists.txt` and a demo. */
import { type Dim, productOf } from "../../ir/dim.ts";
import { type Entry, type Interface, parameterList } from "./interface.ts";
import { dimText, symbolNames } from "./steps.ts";

/** Switches that keep the arithmetic as the IR defines it, and let everything else be optimised. */
export const COMPILE_FLAGS = [
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fno-strict-aliasing",
  // Kernels say themselves what is a vector. Where g++ 12 looks for more, it computes recurrent cells wrongly (ConvLSTM1D at -O3).
  "-fno-tree-vectorize",
] as const;

export function cmakeText({ prefix, hasThreads }: Interface): string {
  return `cmake_minimum_required(VERSION 3.16)
project(${prefix} CXX)

option(KERATIN_NATIVE "Use all instructions of this machine's processor" ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(${prefix} STATIC model.cpp)
target_compile_features(${prefix} PUBLIC cxx_std_17)
target_include_directories(${prefix} PUBLIC \${CMAKE_CURRENT_SOURCE_DIR})
target_compile_options(${prefix} PRIVATE -O3 ${COMPILE_FLAGS.join(" ")})
if(KERATIN_NATIVE)
  target_compile_options(${prefix} PRIVATE -march=native)
endif()
${hasThreads ? `find_package(Threads REQUIRED)\ntarget_link_libraries(${prefix} PUBLIC Threads::Threads)\n` : ""}
add_executable(${prefix}_demo main.cpp)
target_link_libraries(${prefix}_demo PRIVATE ${prefix})
`;
}

/** Runs the first entry on random inputs and prints the time and the first values of each output. */
export function demoText(api: Interface): string {
  const [entry] = api.entries;
  return `// Runs ${entry.method} on random inputs: ${api.prefix}_demo [weights.bin]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "model.hpp"

template <class T>
std::vector<T> random_values(size_t count) {
  std::vector<T> values(count);
  for (T& value : values) value = T(double(std::rand()) / RAND_MAX);
  return values;
}

template <class T>
void print_values(const char* name, const std::vector<T>& values) {
  std::printf("%s:", name);
  for (size_t i = 0; i < values.size() && i < 10; i++) std::printf(" %g", double(values[i]));
  std::printf("%s\\n", values.size() > 10 ? " ..." : "");
}

int main(int argc, char** argv) try {
  keratin::${api.prefix}::Model model(argc > 1 ? argv[1] : "weights.bin");
${demoBody(entry)}
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\\n", error.what());
  return 1;
}
`;
}

function demoBody(entry: Entry): string {
  const nameOf = symbolNames(entry);
  const count = (shape: readonly Dim[]): string => dimText(productOf(shape), nameOf);
  const isPointer = (parameter: string): boolean => parameter.includes("*");
  const call = [
    ...entry.sizes,
    ...[...entry.inputs, ...entry.outputs].map(({ name }) => `${name}.data()`),
  ].join(", ");
  const lines = [
    ...parameterList(entry)
      .filter((parameter) => !isPointer(parameter))
      .map((parameter) => `const ${parameter} = 1;`),
    ...entry.inputs.map(
      ({ name, type, port }) => `const auto ${name} = random_values<${type}>(${count(port.shape)});`,
    ),
    ...entry.outputs.map(({ name, type, port }) => `std::vector<${type}> ${name}(${count(port.shape)});`),
    "",
    "double best_ms = 1e9;",
    "for (int run_index = 0; run_index < 10; run_index++) {",
    "  const auto started = std::chrono::steady_clock::now();",
    `  model.${entry.method}(${call});`,
    "  const std::chrono::duration<double, std::milli> elapsed_ms = std::chrono::steady_clock::now() - started;",
    "  if (elapsed_ms.count() < best_ms) best_ms = elapsed_ms.count();",
    "}",
    `std::printf("${entry.method}: %.3f ms\\n", best_ms);`,
    ...entry.outputs.map(({ name }) => `print_values("${name}", ${name});`),
  ];
  return lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n");
}
