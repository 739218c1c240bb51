#!/bin/bash
# Builds wasm/core.wasm and wasm/full.wasm from Debian's source package of LLVM 19 with Debian's emscripten: `npm run build:mlir`. Takes
# 4 GB of disk and, on 2 cores, about an hour. Everything is made in MLIR_BUILD (default: .cache/mlir-js of the checkout), which may be
# left half done: the next run goes on from there. `build.sh link` links again, after a change of native/.
#
# Debian 12 packages: emscripten llvm-19 mlir-19-tools cmake ninja-build dpkg-dev xz-utils
set -euo pipefail
PACKAGE=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${MLIR_BUILD:-$(cd "$PACKAGE/../.." && pwd)/.cache/mlir-js}
JOBS=${JOBS:-$(nproc)}
# Node from elsewhere does not look where Debian puts acorn, which emscripten runs.
export NODE_PATH=/usr/share/nodejs
mkdir -p "$BUILD"

for tool in em++ emcmake cmake ninja llvm-tblgen-19 mlir-tblgen-19 mlir-linalg-ods-yaml-gen-19; do
  command -v "$tool" > /dev/null || { echo "$tool is missing; apt-get install emscripten llvm-19 mlir-19-tools cmake ninja-build" >&2; exit 1; }
done

if [ "${1:-all}" != link ]; then
  "$PACKAGE/scripts/fetch-source.sh" "$BUILD"
  "$PACKAGE/scripts/configure.sh" "$BUILD"
  "$PACKAGE/scripts/compile.sh" "$BUILD" "$JOBS"
fi
for variant in core full; do "$PACKAGE/scripts/link.sh" "$BUILD" "$variant"; done
