#!/bin/bash
# usage: compile.sh BUILD JOBS. Compiles the objects that native/*/objects.txt name, with a precompiled header that halves the time.
set -euo pipefail
PACKAGE=$(cd "$(dirname "$0")/.." && pwd)
BUILD=$1 JOBS=$2 HEADER=$1/precompiled.pch
build() { ninja -C "$BUILD/objects" -j"$JOBS" -k 40 "$@"; }
targets() { grep -v '^#' "$PACKAGE/native/$1/objects.txt"; }

build LLVMSupport LLVMDemangle
order=cmake_object_order_depends_target_obj
build $order.MLIRIR $order.MLIRTransforms $order.MLIRTransformUtils $order.MLIRFuncDialect $order.MLIRIRDL
if [ ! -f "$HEADER" ]; then
  # Exactly the flags that CMake gives MLIR's own files.
  FLAGS=$(cd "$BUILD/objects" && ninja -t commands obj.MLIRIR | grep '/Verifier.cpp.o -c' | tail -1 | sed 's#^[^ ]*em++##; s# -MD .*##')
  # shellcheck disable=SC2086
  (cd "$BUILD/objects" && em++ $FLAGS -Xclang -fpch-instantiate-templates -x c++-header "$PACKAGE/native/precompiled.h" -o "$HEADER")
fi
export EMCC_CFLAGS="-include-pch $HEADER"
build $(targets core)
build $(targets full)
