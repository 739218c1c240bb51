// What the files of the shim share. The shim is what the MLIR C API lacks for JavaScript: strings and arrays that travel in one call,
// checks before mutations that MLIR only asserts, and kinds as numbers. C API functions over plain handles are exported as they are
// (`src/exports.ts` lists all exports).
#pragma once

#include "mlir-c/IR.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>

#define MW_EXPORT extern "C" __attribute__((used, visibility("default")))

namespace mw {
/// The one result of text or bytes. Valid until the next call that gives one.
std::string &result();

/// Empties `result()` and gives a stream into it.
struct Writer {
  llvm::raw_string_ostream os;
  Writer() : os((result().clear(), result())) {}
  const char *done() {
    os.flush();
    return result().data();
  }
};

/// `text` as the result.
inline const char *give(llvm::StringRef text) {
  result().assign(text.data(), text.size());
  return result().data();
}

/// Words as the result.
inline const char *give(llvm::ArrayRef<int32_t> words) {
  return give(llvm::StringRef(reinterpret_cast<const char *>(words.data()), words.size() * 4));
}

template <typename T> int32_t wordOf(T *pointer) { return static_cast<int32_t>(reinterpret_cast<intptr_t>(pointer)); }
} // namespace mw
