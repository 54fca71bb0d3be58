#!/usr/bin/env bash
# Packs a release archive with its checksum into target/packaging.
#   packaging/archive.sh TARGET BINARY
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/release.sh
target=$1
binary=$2
folder=$(archive_folder "$target")
archive=$(archive_name "$target")

packaging/extras.sh "$binary"
cd target/packaging
mkdir "$folder"
cp "../../$binary" "$folder/"
cp -r man1 completions "$folder/"
(cd ../.. && cp -r README.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE docs examples "target/packaging/$folder/")
case $archive in
*.zip) 7z a -bso0 "$archive" "$folder" ;;
*) tar -czf "$archive" "$folder" ;;
esac
if command -v sha256sum >/dev/null; then sha256sum "$archive"; else shasum -a 256 "$archive"; fi >"$archive.sha256"
echo "target/packaging/$archive"
