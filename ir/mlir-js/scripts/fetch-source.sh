#!/bin/bash
# usage: fetch-source.sh BUILD. Unpacks llvm/ and mlir/ of Debian's source package into BUILD/src. apt checks the signatures; the lists of
# sources are kept apart from the system's, so that no root is needed.
set -euo pipefail
BUILD=$1 VERSION=1:19.1.7-3~deb12u1
[ -f "$BUILD/src/mlir/CMakeLists.txt" ] && exit 0
APT=$BUILD/apt
mkdir -p "$APT/lists/partial" "$APT/cache/archives/partial" "$BUILD/download"
cat > "$APT/sources.list" <<END
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${DEBIAN_MIRROR:-http://deb.debian.org/debian} bookworm main
END
apt() {
  apt-get -o Dir::Etc::SourceList="$APT/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$APT/lists" \
    -o Dir::Cache="$APT/cache" -o APT::Sandbox::User= "$@"
}
apt update
(cd "$BUILD/download" && apt source --download-only "llvm-toolchain-19=$VERSION")
tar xJf "$BUILD"/download/llvm-toolchain-19_*.orig.tar.xz -C "$BUILD/download" --wildcards \
  '*/llvm/*' '*/mlir/*' '*/cmake/*' '*/third-party/*' --exclude='*/test/*' --exclude='*/unittests/*'
mv "$BUILD"/download/llvm-toolchain-19_*/ "$BUILD/src"
