/** `model.h`, the C interface, and `model.hpp`, a C++17 class over it. Both say in words what the types cannot. */
import type { Bundle, Store } from "../../ir/program.ts";
import {
  argumentList,
  describeEntry,
  describePort,
  type Entry,
  type Interface,
  parameterList,
  STATUS,
  type WeightsFile,
  weightsFileOf,
} from "./interface.ts";

export interface HeaderOptions {
  /** Entries also come as `NAME_device`, taking device pointers and a stream. */
  readonly device: boolean;
}

const joinLines = (parts: readonly string[]): string => parts.filter((part) => part !== "").join("\n\n");

export function modelHeader(api: Interface, bundle: Bundle, { device }: HeaderOptions): string {
  const file = weightsFileOf(bundle);
  const { prefix, macro, entries } = api;
  const status = STATUS.map((name, code) => `  ${macro}_${name} = ${code},`).join("\n");
  return `/* ${prefix}: a model compiled by keratin, ${device ? "for CUDA" : "in C++"}. C interface. Do not edit.
 *
${entries.map((entry) => ` *   ${describeEntry(entry)}`).join("\n")}
 *
 * Functions return ${macro}_OK or what went wrong; ${prefix}_error_message says it in words. Tensors are dense and row-major; bool is a
 * byte, 0 or 1. Outputs must not overlap inputs. Instances are independent; one instance serves one call at a time.
 */
#ifndef ${macro}_MODEL_H
#define ${macro}_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ${prefix}_model ${prefix}_model;

enum ${prefix}_status {
${status}
};

/* The last failure on this thread. */
const char* ${prefix}_error_message(void);

/* Makes an instance with the weights in the file at \`path\` (weights.bin, ${file.bytes} bytes). */
int ${prefix}_create(const char* path, ${prefix}_model** model);

/* The same from memory, which may be freed afterwards. */
int ${prefix}_create_from_memory(const void* weights, size_t size, ${prefix}_model** model);

void ${prefix}_destroy(${prefix}_model* model);

${joinLines([threadsDeclaration(api), ...entries.map((entry) => entryDeclaration(api, entry, device)), weightsDeclarations(api, bundle), stateDeclarations(api, file)])}

#ifdef __cplusplus
}
#endif

#endif
`;
}

function entryDeclaration({ prefix }: Interface, entry: Entry, device: boolean): string {
  const parameters = [`${prefix}_model* model`, ...parameterList(entry)];
  const host = `/* ${describeEntry(entry)} */\nint ${entry.symbol}(${parameters.join(", ")});`;
  if (!device) return host;
  return `${host}

/* The same on device memory. Enqueues to \`stream\`, a cudaStream_t (NULL: the default stream), and does not wait:
 * the caller does, before the next call on another stream. */
int ${entry.symbol}_device(${[...parameters, "void* stream"].join(", ")});`;
}

const threadsDeclaration = ({ prefix, hasThreads }: Interface): string =>
  hasThreads
    ? `/* How many threads take part in a call: 1 until told otherwise. Results have the same bits for any number. */
int ${prefix}_set_threads(${prefix}_model* model, int threads);`
    : "";

/** What lies where in `weights.bin`. */
function fieldLines({ weights, state }: Bundle, { stateOffset }: WeightsFile): string {
  const lines = (store: Store, start: number): string[] =>
    store.fields.map((field) => ` *   ${String(start + field.offset).padStart(10)}  ${describePort(field)}`);
  const all = [...lines(weights, 0), ...lines(state, stateOffset)];
  return all.length === 0 ? "" : `\n${all.join("\n")}\n`;
}

function weightsDeclarations({ prefix }: Interface, bundle: Bundle): string {
  return `/* Reads or replaces \`size\` bytes of what weights.bin holds, from \`offset\` on.${fieldLines(bundle, weightsFileOf(bundle))} */
int ${prefix}_get_weights(const ${prefix}_model* model, size_t offset, void* bytes, size_t size);
int ${prefix}_set_weights(${prefix}_model* model, size_t offset, const void* bytes, size_t size);`;
}

function stateDeclarations({ prefix, hasState }: Interface, file: WeightsFile): string {
  if (!hasState) return "";
  return `/* The state that calls read and write: ${file.stateBytes} bytes. */
size_t ${prefix}_state_size(void);
int ${prefix}_get_state(const ${prefix}_model* model, void* state);
int ${prefix}_set_state(${prefix}_model* model, const void* state);

/* Writes a file that ${prefix}_create reads: the weights and the state as it is now. */
int ${prefix}_export_weights(const ${prefix}_model* model, const char* path);`;
}

/** A class that owns an instance and throws. In namespace keratin, since a model may be called `time` or `exp`. */
export function modelClass(api: Interface): string {
  const { prefix, macro, entries } = api;
  return `// ${prefix}: the C++ class over model.h. Errors are thrown as std::runtime_error.
#ifndef ${macro}_MODEL_HPP
#define ${macro}_MODEL_HPP

#include <stdexcept>
#include <utility>

#include "model.h"

namespace keratin::${prefix} {

class Model {
 public:
  explicit Model(const char* weights_path) { check(${prefix}_create(weights_path, &model_)); }
  Model(const void* weights, size_t size) { check(${prefix}_create_from_memory(weights, size, &model_)); }
  Model(Model&& other) noexcept : model_(std::exchange(other.model_, nullptr)) {}
  Model& operator=(Model&& other) noexcept {
    std::swap(model_, other.model_);
    return *this;
  }
  ~Model() { ${prefix}_destroy(model_); }

${[...entries.map(method), ...threadMethods(api), ...stateMethods(api)].join("\n\n")}

  ${prefix}_model* get() const { return model_; }

 private:
  static void check(int status) {
    if (status != ${macro}_OK) throw std::runtime_error(${prefix}_error_message());
  }

  ${prefix}_model* model_ = nullptr;
};

}  // namespace keratin::${prefix}

#endif
`;
}

const method = (entry: Entry): string => `  /** ${describeEntry(entry)} */
  void ${entry.method}(${parameterList(entry).join(", ")}) {
    check(${entry.symbol}(${["model_", ...argumentList(entry)].join(", ")}));
  }`;

const threadMethods = ({ prefix, hasThreads }: Interface): readonly string[] =>
  hasThreads ? [`  void set_threads(int threads) { check(${prefix}_set_threads(model_, threads)); }`] : [];

const stateMethods = ({ prefix, hasState }: Interface): readonly string[] =>
  hasState
    ? [
        `  static size_t state_size() { return ${prefix}_state_size(); }
  void get_state(void* state) const { check(${prefix}_get_state(model_, state)); }
  void set_state(const void* state) { check(${prefix}_set_state(model_, state)); }
  void export_weights(const char* path) const { check(${prefix}_export_weights(model_, path)); }`,
      ]
    : [];
