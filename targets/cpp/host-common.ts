/** Host code that C++ and CUDA artifacts share: the error message, files, and the checks of a call. */
import { requiredPointers, sizeConditions } from "./checks.ts";
import type { Entry, Interface, WeightsFile } from "./interface.ts";

/** Constants, the message of the last failure, addresses inside a block. */
export const basicsText = (
  file: WeightsFile,
  arenaBytes: number,
): string => `constexpr size_t file_size = ${file.bytes};
constexpr size_t state_offset = ${file.stateOffset};
constexpr size_t initial_arena_size = ${arenaBytes};

thread_local char message[256] = "";

/** Keeps the message and returns the status. */
[[gnu::format(printf, 2, 3)]] int fail(int status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return status;
}

/** The object \`offset\` bytes into a block. */
template <class T, class Block>
T* at(Block* block, size_t offset) {
  return reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(block) + offset);
}

/** Reads a file of exactly \`size\` bytes. */
bool read_file(const char* path, void* bytes, size_t size) {
  FILE* const file = fopen(path, "rb");
  if (file == nullptr) return false;
  const bool complete = fread(bytes, 1, size, file) == size && fgetc(file) == EOF;
  fclose(file);
  return complete;
}`;

/** Needed where a bundle has state. */
export const writeFileText = `/** Writes beside \`path\` first: a failure leaves what was there. */
bool write_file(const char* path, const void* bytes, size_t size) {
  char draft[4096];
  if (snprintf(draft, sizeof draft, "%s.part", path) >= int(sizeof draft)) return false;
  FILE* const file = fopen(draft, "wb");
  if (file == nullptr) return false;
  const bool written = fwrite(bytes, 1, size, file) == size;
  const bool closed = fclose(file) == 0;
  if (written && closed && rename(draft, path) == 0) return true;
  remove(draft);
  return false;
}`;

/** Statements that refuse a call whose arguments cannot be right. */
export function checkLines({ macro }: Interface, entry: Entry): readonly string[] {
  const refuse = (conditions: readonly string[], what: string): readonly string[] =>
    conditions.length === 0
      ? []
      : [
          `if (${conditions.join(" || ")}) {`,
          `  return fail(${macro}_INVALID_ARGUMENT, "${entry.method}: ${what}");`,
          "}",
        ];
  return [
    ...refuse(
      requiredPointers(entry).map((name) => `${name} == nullptr`),
      "a pointer is null",
    ),
    ...refuse(sizeConditions(entry), "a size is negative or too large"),
  ];
}

/** Parameters as a function declares them, those that `body` does not mention marked as unused. */
export function declareParameters(parameters: readonly string[], body: string): string {
  const words = new Set(body.match(/\w+/g));
  const isUsed = (parameter: string): boolean => words.has(parameter.slice(parameter.search(/\w+$/)));
  return parameters.map((text) => (isUsed(text) ? text : `[[maybe_unused]] ${text}`)).join(", ");
}

export const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");
