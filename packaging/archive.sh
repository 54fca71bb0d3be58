#!/usr/bin/env bash
# Packs a release archive with its checksum into target/packaging.
#   packaging/archive.sh TARGET BINARY
set -euo pipefail
cd "$(dirname "$0")/.."
target=$1
binary=$2
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name="j2v-v$version-$target"

packaging/extras.sh "$binary"
cd target/packaging
mkdir "$name"
cp "../../$binary" "$name/"
cp -r man1 completions ../../README.md ../../CHANGELOG.md ../../LICENSE-MIT ../../LICENSE-APACHE "$name/"
case $target in
*windows*) archive="$name.zip" && 7z a -bso0 "$archive" "$name" ;;
*) archive="$name.tar.gz" && tar -czf "$archive" "$name" ;;
esac
if command -v sha256sum >/dev/null; then sha256sum "$archive"; else shasum -a 256 "$archive"; fi >"$archive.sha256"
echo "target/packaging/$archive"
