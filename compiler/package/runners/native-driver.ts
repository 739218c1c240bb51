/**
 * The text of a program that serves calls to a C++ or CUDA artifact. It reads from its input, for each call, 64-bit integers (number of
 * the entry, symbols, bytes of each input and output) and the inputs; it writes the nanoseconds that the call took and the outputs. It ends with its input, or with a message
 * and status 1.
 */
import type { ArtifactEntry, ArtifactManifest } from "../artifact-manifest.ts";

export function driverText({ prefix = "model", entries }: ArtifactManifest): string {
  const cases = Object.values(entries).map(caseText);
  return `#include "model.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

static bool read_all(void* bytes, size_t size) { return std::fread(bytes, 1, size, stdin) == size; }

static bool write_all(const std::vector<char>& bytes) {
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
}

// Turns into a pointer to whatever the interface wants; memory of std::vector is aligned for all of it.
struct Pointer {
  void* address;
  template <class T>
  operator T*() const {
    return static_cast<T*>(address);
  }
};

static int fail(const char* message) {
  std::fprintf(stderr, "%s\\n", message);
  return 1;
}

static int serve(${prefix}_model* model) {
  for (int64_t entry; read_all(&entry, sizeof entry);) {
    switch (entry) {
${cases.join("\n")}
      default: return fail("no such entry");
    }
    std::fflush(stdout);
  }
  return 0;
}

int main(int, char** argv) {
  ${prefix}_model* model = nullptr;
  if (${prefix}_create(argv[1], &model) != 0) return fail(${prefix}_error_message());
  const int status = serve(model);
  ${prefix}_destroy(model);
  return status;
}
`.replaceAll("PREFIX", prefix);
}

function caseText({ symbol = "", symbols, inputs, outputs }: ArtifactEntry, at: number): string {
  const tensors = inputs.length + outputs.length;
  const pointers = Array.from({ length: tensors }, (_, i) => `Pointer{data[${i}].data()}`);
  const args = ["model", ...symbols.map((_, i) => `head[${i}]`), ...pointers].join(", ");
  return `      case ${at}: {
        int64_t head[${symbols.length + tensors}];
        if (!read_all(head, sizeof head)) return fail("the call is cut short");
        std::vector<std::vector<char>> data;
        for (int i = 0; i < ${tensors}; i++) data.emplace_back(size_t(head[${symbols.length} + i]));
        for (int i = 0; i < ${inputs.length}; i++)
          if (!read_all(data[i].data(), data[i].size())) return fail("the call is cut short");
        const auto start = std::chrono::steady_clock::now();
        if (${symbol}(${args}) != 0) return fail(PREFIX_error_message());
        const int64_t elapsed = std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
        if (std::fwrite(&elapsed, sizeof elapsed, 1, stdout) != 1) return fail("nobody reads the results");
        for (int i = ${inputs.length}; i < ${tensors}; i++)
          if (!write_all(data[i])) return fail("nobody reads the results");
        break;
      }`;
}
