// deadline: 240
/**
 * Emitted C++ as a reader, a compiler and a linker meet it: its text, its warnings (none, under -Wall -Wextra, with and without AVX), its
 * behaviour under sanitizers, and two models in one program.
 */
import { existsSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { symbol } from "../ir/dim.ts";
import { add, forLoop, int, load, makeVar, read, type Stmt, store } from "../ir/kernel.ts";
import type { Bundle, Program } from "../ir/program.ts";
import { cpp } from "../targets/cpp/cpp.ts";
import { bundleOf, global, kernel, programOf } from "./support/native-bundle.ts";
import { chunked, countingBundle, everything, vectorAdd } from "./support/native-fixtures.ts";
import { inFolder, runIn, withFolder } from "./support/native-toolchain.ts";
import { requireTool } from "./support/tools.ts";

const n = symbol("n");

test("the text of a kernel reads like code written by hand", () => {
  const source = cpp
    .emit(bundleOf("tiny", programOf("predict", vectorAdd)))
    .files.find(({ path }) => path === "model.cpp");
  const text = String(source?.contents);
  const expected = `// vector_add: x f32[n], y f32[n] -> result f32[n]
[[gnu::noinline]] void vector_add(const float* __restrict x, const float* __restrict y, float* __restrict result, int n) {
  for (int i = 0; i < n / 8; i++) {
    store(&result[i * 8], load<f32x8>(&x[i * 8]) + load<f32x8>(&y[i * 8]));
  }
  for (int i = 0; i < n % 8; i++) {
    result[n - n % 8 + i] = x[n - n % 8 + i] + y[n - n % 8 + i];
  }
}`;
  assert.ok(text.includes(expected), text);
});

test("the same bundle gives the same bytes", () => {
  assert.equal(cpp.emit(chunked), cpp.emit(chunked));
});

test("hostile names become distinct identifiers that compile", () => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return;
  const names = [
    "*/ int main() {",
    "for",
    "for",
    "\n#include </etc/passwd>\n",
    "",
    "9lives",
    "__x__",
    "ü",
    "at",
    "x\\",
  ];
  const inputs = names.map((name) => global(name, "f32", n));
  const result = global("load", "f32", n);
  const i = makeVar("int");
  const hostile = kernel("*/ }\\\n", inputs, [result], (size) => [
    forLoop(i, read(size), [
      store(result, [read(i)], inputs.map((input) => load(input, [read(i)])).reduce(add)),
    ]),
  ]);
  const program = { ...programOf('*/ system("x"); /*', hostile), name: "delete" };
  withFolder(cpp.emit(bundleOf("class*/", program)).files, (folder) => {
    runIn(folder, compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-c", "model.cpp");
    runIn(folder, compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-c", "main.cpp");
  });
});

const warnings = [
  "-std=c++17",
  "-Wall",
  "-Wextra",
  "-Wpedantic",
  "-Werror",
  "-Wno-error=psabi",
  "-fsyntax-only",
];

/** clang is tried where it happens to be installed. */
const clang = ["/usr/bin/clang++", "/usr/local/bin/clang++"].find(existsSync);

test("no warnings, with and without AVX; the header is C", () => {
  const gcc = requireTool("g++");
  if (gcc === undefined) return;
  for (const bundle of everything()) {
    withFolder(cpp.emit(bundle).files, (folder) => {
      for (const compiler of clang === undefined ? [gcc] : [gcc, clang]) {
        for (const machine of [[], ["-mavx2", "-mfma"]]) {
          runIn(folder, compiler, ...warnings, ...machine, "model.cpp");
        }
        runIn(folder, compiler, ...warnings, "main.cpp");
      }
      const c = ["-x", "c", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];
      runIn(folder, gcc, ...c, "model.h");
    });
  }
});

/** Calls every entry of a bundle with several sizes, on exactly as much memory as the interface asks for. */
function driver(bundle: Bundle): string {
  const { api } = cpp.emit(bundle);
  const count = (shape: Program["inputs"][number]["shape"]): string =>
    shape.map((dim) => (typeof dim === "number" ? String(dim) : "n")).join(" * ") || "1";
  const calls = api.entries.map((entry) => {
    const tensors = [...entry.inputs, ...entry.outputs];
    const declarations = tensors.map(
      ({ name, type, port: { shape } }) => `std::vector<${type}> ${name}(${count(shape)} + 1);`,
    );
    const args = [...entry.sizes, ...tensors.map(({ name }) => `${name}.data() + 1`)];
    return `{ ${declarations.join(" ")} model.${entry.method}(${args.join(", ")}); }`;
  });
  return `#include <vector>
#include "model.hpp"
int main() {
  keratin::${api.prefix}::Model model("weights.bin");
  for (int64_t n : {0, 1, 5, 8, 9, 33}) {
    ${calls.join("\n    ")}
  }
}
`;
}

test("the address and undefined-behaviour sanitizers find nothing", () => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return;
  for (const bundle of everything()) {
    const files = [...cpp.emit(bundle).files, { path: "driver.cpp", contents: driver(bundle) }];
    withFolder(files, (folder) => {
      const flags = [
        "-std=c++17",
        "-O1",
        "-g",
        "-mavx2",
        "-mfma",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
      ];
      runIn(folder, compiler, ...flags, "model.cpp", "driver.cpp", "-o", "driver");
      runIn(folder, "./driver");
    });
  }
});

test("two models link into one program; export writes what create reads", () => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return;
  const main = `#include <cstdio>
#include "a/model.hpp"
#include "b/model.hpp"
int main() {
  keratin::counting::Model counting("a/weights.bin");
  keratin::chunked::Model chunked("b/weights.bin");
  float x[3] = {1, 2, 3}, y[6], z[3];
  counting.train_step(3, x, y);
  chunked.predict(1, x, z);
  counting.export_weights("now.bin");
  keratin::counting::Model again("now.bin");
  int calls = 0;
  again.get_state(&calls);
  std::printf("%g %g %d", y[5], z[2], calls);
  try {
    keratin::chunked::Model wrong("now.bin");
  } catch (const std::exception& error) {
    std::printf(" (%s)", error.what());
  }
}
`;
  const files = [
    ...inFolder("a", cpp.emit(countingBundle()).files),
    ...inFolder("b", cpp.emit(chunked).files),
    { path: "main.cpp", contents: main },
  ];
  withFolder(files, (folder) => {
    runIn(folder, compiler, "-std=c++17", "main.cpp", "a/model.cpp", "b/model.cpp", "-o", "both");
    assert.is(runIn(folder, "./both"), "4 9 1 (create: expected a file of 48 bytes at now.bin)");
  });
});

test("the demo builds with CMake and runs", () => {
  const cmake = requireTool("cmake");
  if (cmake === undefined || requireTool("g++") === undefined) return;
  withFolder(cpp.emit(chunked).files, (folder) => {
    runIn(folder, cmake, "-S", ".", "-B", "build");
    runIn(folder, cmake, "--build", "build");
    assert.match(runIn(folder, "build/chunked_demo"), /^predict: [\d.]+ ms\ny: /);
  });
});

const unusedStatement: Stmt = { kind: "barrier" };

test("a barrier on a target without threads is a bug of the compiler", () => {
  const broken = kernel("broken", [], [global("y", "f32", n)], () => [
    forLoop(makeVar("t"), int(8), [unusedStatement], "thread.x"),
  ]);
  assert.throws(() => cpp.emit(bundleOf("broken", programOf("predict", broken))), /CompilerBug|thread\.x/);
});

test.run();
