#!/bin/bash
# usage: configure.sh BUILD. CMake for wasm32-emscripten: no threads, no exceptions, no RTTI. Without inlining, which Debian's emscripten
# switches off at -Os, the result is 5 to 8 times slower.
set -euo pipefail
PACKAGE=$(cd "$(dirname "$0")/.." && pwd)
BUILD=$1 NATIVE=/usr/lib/llvm-19/bin
[ -f "$BUILD/objects/build.ninja" ] && exit 0
OPTIMIZE="-Os -sINLINING_LIMIT=0 -DNDEBUG"
OFF=()
for option in ENABLE_THREADS ENABLE_ZLIB ENABLE_ZSTD ENABLE_LIBXML2 ENABLE_TERMINFO ENABLE_LIBEDIT ENABLE_LIBPFM ENABLE_PIC \
  ENABLE_BACKTRACES ENABLE_CRASH_OVERRIDES ENABLE_BINDINGS ENABLE_PLUGINS ENABLE_RTTI ENABLE_EH ENABLE_WARNINGS BUILD_TOOLS \
  INCLUDE_UTILS BUILD_UTILS INCLUDE_TESTS INCLUDE_BENCHMARKS INCLUDE_EXAMPLES INCLUDE_DOCS; do OFF+=("-DLLVM_$option=OFF"); done
for option in ENABLE_EXECUTION_ENGINE ENABLE_PDL_IN_PATTERNMATCH INCLUDE_TESTS INCLUDE_INTEGRATION_TESTS; do
  OFF+=("-DMLIR_$option=OFF"); done
emcmake cmake -G Ninja -S "$BUILD/src/llvm" -B "$BUILD/objects" \
  -DCMAKE_PROJECT_INCLUDE_BEFORE="$PACKAGE/native/cmake-compat.cmake" \
  -DCMAKE_BUILD_TYPE=MinSizeRel -DCMAKE_CXX_FLAGS_MINSIZEREL="$OPTIMIZE" -DCMAKE_C_FLAGS_MINSIZEREL="$OPTIMIZE" \
  -DCMAKE_CXX_FLAGS="-fno-exceptions -ffunction-sections -fdata-sections -ffile-prefix-map=$BUILD=." \
  -DLLVM_ENABLE_PROJECTS=mlir -DLLVM_TARGETS_TO_BUILD= -DLLVM_BUILD_STATIC=ON -DLLVM_INCLUDE_TOOLS=ON \
  -DLLVM_DEFAULT_TARGET_TRIPLE=wasm32-unknown-emscripten -DLLVM_HOST_TRIPLE=wasm32-unknown-emscripten \
  -DLLVM_NATIVE_TOOL_DIR="$NATIVE" -DLLVM_TABLEGEN="$NATIVE/llvm-tblgen" -DMLIR_TABLEGEN="$NATIVE/mlir-tblgen" \
  -DMLIR_LINALG_ODS_YAML_GEN="$NATIVE/mlir-linalg-ods-yaml-gen" -DMLIR_PDLL_TABLEGEN="$NATIVE/mlir-pdll" "${OFF[@]}"
