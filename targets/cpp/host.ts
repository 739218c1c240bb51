/**
 * `model.cpp` around the kernels: the instance, its memory, and the C functions. Memory is taken when an instance is made; a call takes
 * none, unless it brings larger sizes than any call before.
 */
import { isStatic } from "../../ir/dim.ts";
import { checkLines, declareParameters, indented } from "./host-common.ts";
import { argumentList, describeEntry, type Entry, type Interface, parameterList } from "./interface.ts";
import { dimText, symbolNames } from "./steps.ts";

/** The instance. In the global namespace, where the C header names it. */
export function instanceText({ prefix, hasThreads }: Interface): string {
  return `/** An instance: the weights, the state behind them, and the scratch memory of a call. */
struct ${prefix}_model {
  unsigned char* weights;
  unsigned char* state;
  unsigned char* arena;
  size_t arena_size;${
    hasThreads
      ? `
  /** nullptr: a call runs on the thread that makes it. */
  keratin::Team* team;`
      : ""
  }
};`;
}

export function memoryText({ prefix }: Interface): string {
  return `void* allocate(size_t size) { return ::operator new(size, std::align_val_t(64), std::nothrow); }
void release(void* memory) { ::operator delete(memory, std::align_val_t(64)); }

/** Makes the arena large enough for a call. */
bool reserve(${prefix}_model& model, size_t size) {
  if (size <= model.arena_size) return true;
  void* const arena = allocate(size);
  if (arena == nullptr) return false;
  release(model.arena);
  model.arena = static_cast<unsigned char*>(arena);
  model.arena_size = size;
  return true;
}

/** An instance whose weights are yet to be filled in; nullptr when memory is short. */
${prefix}_model* make() {
  ${prefix}_model* const model = new (std::nothrow) ${prefix}_model{};
  if (model == nullptr) return nullptr;
  model->weights = static_cast<unsigned char*>(allocate(file_size));
  if (model->weights != nullptr && reserve(*model, initial_arena_size)) {
    model->state = model->weights + state_offset;
    return model;
  }
  ${prefix}_destroy(model);
  return nullptr;
}`;
}

/** The steps of an entry, as a function of their own: each thread runs it. */
export function stepsFunction(
  { prefix, hasThreads }: Interface,
  entry: Entry,
  name: string,
  steps: string,
): string {
  const thread = hasThreads ? ["const Thread& thread"] : [];
  const parameters = [`${prefix}_model& model`, ...parameterList(entry), ...thread];
  return `// ${describeEntry(entry)}
void ${name}(${declareParameters(parameters, steps)}) {
${steps}
}`;
}

/** How calls get onto the threads of an instance. */
export function threadsText({ prefix }: Interface): string {
  return `template <class Task>
void on_threads(${prefix}_model& model, const Task& task) {
  if (model.team != nullptr) return model.team->run(task);
  task(Thread{0, 1, nullptr});
}`;
}

export function setThreadsText({ prefix, macro }: Interface): string {
  return `int ${prefix}_set_threads(${prefix}_model* model, int threads) {
  if (model == nullptr) return fail(${macro}_INVALID_ARGUMENT, "set_threads: a pointer is null");
  if (threads < 1 || threads > 1024) return fail(${macro}_INVALID_ARGUMENT, "set_threads: expected 1 to 1024, got %d", threads);
  delete model->team;
  model->team = nullptr;
  try {
    if (threads > 1) model->team = new Team(threads);
  } catch (...) {
    return fail(${macro}_OUT_OF_MEMORY, "set_threads: the system gives no %d threads", threads);
  }
  return ${macro}_OK;
}`;
}

/** The C function of an entry: checks, room in the arena, steps. */
export function entryFunction(api: Interface, entry: Entry, stepsName: string): string {
  const { prefix, macro } = api;
  const { program, symbol, method } = entry;
  const arenaSize = dimText(program.arenaBytes, symbolNames(entry));
  const args = ["*model", ...argumentList(entry)];
  const lines = [
    ...checkLines(api, entry),
    ...(isStatic(program.arenaBytes)
      ? []
      : [
          `if (!reserve(*model, ${arenaSize})) return fail(${macro}_OUT_OF_MEMORY, "${method}: out of memory");`,
        ]),
    api.hasThreads
      ? `on_threads(*model, [=](const Thread& thread) { ${stepsName}(${args.join(", ")}, thread); });`
      : `${stepsName}(${args.join(", ")});`,
    `return ${macro}_OK;`,
  ];
  return `int ${symbol}(${[`${prefix}_model* model`, ...parameterList(entry)].join(", ")}) {
${indented(lines)}
}`;
}

export function lifecycleText({ prefix, macro, hasThreads }: Interface): string {
  return `const char* ${prefix}_error_message(void) { return message; }

int ${prefix}_create_from_memory(const void* weights, size_t size, ${prefix}_model** model) {
  if (model == nullptr) return fail(${macro}_INVALID_ARGUMENT, "create: a pointer is null");
  *model = nullptr;
  if (size != file_size || (weights == nullptr && size > 0)) {
    return fail(${macro}_BAD_WEIGHTS, "create: expected %zu bytes of weights, got %zu", file_size, size);
  }
  ${prefix}_model* const made = make();
  if (made == nullptr) return fail(${macro}_OUT_OF_MEMORY, "create: out of memory");
  if (size > 0) memcpy(made->weights, weights, size);
  *model = made;
  return ${macro}_OK;
}

int ${prefix}_create(const char* path, ${prefix}_model** model) {
  if (path == nullptr || model == nullptr) return fail(${macro}_INVALID_ARGUMENT, "create: a pointer is null");
  *model = nullptr;
  ${prefix}_model* const made = make();
  if (made == nullptr) return fail(${macro}_OUT_OF_MEMORY, "create: out of memory");
  if (!read_file(path, made->weights, file_size)) {
    ${prefix}_destroy(made);
    return fail(${macro}_BAD_WEIGHTS, "create: expected a file of %zu bytes at %.150s", file_size, path);
  }
  *model = made;
  return ${macro}_OK;
}

void ${prefix}_destroy(${prefix}_model* model) {
  if (model == nullptr) return;${hasThreads ? "\n  delete model->team;" : ""}
  release(model->arena);
  release(model->weights);
  delete model;
}`;
}

/** Access to the bytes that `weights.bin` filled. */
export function weightsText({ prefix, macro }: Interface): string {
  return `int ${prefix}_get_weights(const ${prefix}_model* model, size_t offset, void* bytes, size_t size) {
  if (model == nullptr || bytes == nullptr) return fail(${macro}_INVALID_ARGUMENT, "get_weights: a pointer is null");
  if (size > file_size || offset > file_size - size) return fail(${macro}_INVALID_ARGUMENT, "get_weights: out of range");
  memcpy(bytes, model->weights + offset, size);
  return ${macro}_OK;
}

int ${prefix}_set_weights(${prefix}_model* model, size_t offset, const void* bytes, size_t size) {
  if (model == nullptr || bytes == nullptr) return fail(${macro}_INVALID_ARGUMENT, "set_weights: a pointer is null");
  if (size > file_size || offset > file_size - size) return fail(${macro}_INVALID_ARGUMENT, "set_weights: out of range");
  memcpy(model->weights + offset, bytes, size);
  return ${macro}_OK;
}`;
}

export function stateText({ prefix }: Interface): string {
  return `size_t ${prefix}_state_size(void) { return file_size - state_offset; }

int ${prefix}_get_state(const ${prefix}_model* model, void* state) {
  return ${prefix}_get_weights(model, state_offset, state, ${prefix}_state_size());
}

int ${prefix}_set_state(${prefix}_model* model, const void* state) {
  return ${prefix}_set_weights(model, state_offset, state, ${prefix}_state_size());
}`;
}

/** Writes what `create` reads. */
export function exportText({ prefix, macro }: Interface): string {
  return `int ${prefix}_export_weights(const ${prefix}_model* model, const char* path) {
  if (model == nullptr || path == nullptr) return fail(${macro}_INVALID_ARGUMENT, "export_weights: a pointer is null");
  if (write_file(path, model->weights, file_size)) return ${macro}_OK;
  return fail(${macro}_BAD_WEIGHTS, "export_weights: cannot write %.150s", path);
}`;
}
