#!/bin/bash
# usage: link.sh BUILD core|full. Compiles the shim in native/ for a variant and links wasm/VARIANT.wasm. What it exports is what
# src/exports.ts declares.
set -euo pipefail
PACKAGE=$(cd "$(dirname "$0")/.." && pwd)
BUILD=$1 VARIANT=$2 WORK=$1/$2
export NODE_PATH=/usr/share/nodejs
FLAGS="-Os -sINLINING_LIMIT=0 -DNDEBUG -std=c++17 -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections"
mkdir -p "$WORK"
SHIM=()
for file in context ir attributes; do
  # shellcheck disable=SC2086
  em++ $FLAGS -I"$PACKAGE/native/$VARIANT" -I"$BUILD/src/llvm/include" -I"$BUILD/objects/include" -I"$BUILD/src/mlir/include" \
    -I"$BUILD/objects/tools/mlir/include" -c "$PACKAGE/native/$file.cpp" -o "$WORK/$file.o"
  SHIM+=("$WORK/$file.o")
done
rm -f "$WORK/libmlir.a"
find "$BUILD/objects/tools/mlir/lib" -name '*.o' | sort > "$WORK/objects.rsp"
emar crs "$WORK/libmlir.a" "@$WORK/objects.rsp"
NAMES=$(grep -oE '^  (mw_|mlir)[A-Za-z_]+\(|^  (malloc|free)\(' "$PACKAGE/src/exports.ts" | tr -d ' (' | sed 's/.*/"_&"/' | paste -sd,)
# Without JavaScript of emscripten's: src/imports.ts has the few imports. The stack lies first, so that overflow traps.
BINARYEN_CORES=2 em++ -Os -fno-exceptions -fno-rtti "${SHIM[@]}" "$WORK/libmlir.a" "$BUILD"/objects/lib/libLLVM{Support,Demangle}.a \
  -o "$WORK/$VARIANT.wasm" -sSTANDALONE_WASM=1 --no-entry -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=16777216 -sMAXIMUM_MEMORY=4GB \
  -sTOTAL_STACK=4194304 -Wl,--stack-first -sDISABLE_EXCEPTION_CATCHING=1 -sASSERTIONS=0 -sEXPORTED_FUNCTIONS="[$NAMES]"
mkdir -p "$PACKAGE/wasm"
cp "$WORK/$VARIANT.wasm" "$PACKAGE/wasm/$VARIANT.wasm"
ls -l "$PACKAGE/wasm/$VARIANT.wasm"
