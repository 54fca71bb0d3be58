#!/usr/bin/env bash
# Makes what package managers read, from the archives of a release: Homebrew, Scoop, winget, npm, Docker.
#   packaging/manifests.sh RELEASE OUT
# RELEASE holds the archives and SHA256SUMS; each archive is checked against it. Templates are in packaging/templates:
# `@version@` and the like are filled in here, and a placeholder that stays, for want of an archive, is an error.
set -euo pipefail
release=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
cd "$(dirname "$0")/.."
. packaging/release.sh

# npm's name of each platform, as Node.js spells it, and the archive that serves it.
platforms="
linux-x64     x86_64-unknown-linux-musl
linux-arm64   aarch64-unknown-linux-musl
darwin-x64    x86_64-apple-darwin
darwin-arm64  aarch64-apple-darwin
win32-x64     x86_64-pc-windows-msvc
win32-arm64   aarch64-pc-windows-msvc
"

fail() {
    echo "packaging/manifests.sh: $*" >&2
    exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
(cd "$release" && sha256sum --check --quiet --strict SHA256SUMS) || fail "an archive is not what SHA256SUMS says"

for name in version description license repository homepage; do
    echo "s|@$name@|$(field $name)|g"
done >"$scratch/rules"
while read -r sum file; do
    file=${file#\*} # how Windows' sha256sum marks a file
    target=${file#"j2v-v$version-"}
    target=${target%.tar.gz}
    target=${target%.zip}
    [ "$file" = "$(archive_name "$target")" ] || continue
    echo "s|@url:$target@|$(field repository)/releases/download/v$version/$file|g"
    echo "s|@sha256:$target@|$sum|g"
    echo "s|@folder:$target@|$(archive_folder "$target")|g"
done <"$release/SHA256SUMS" >>"$scratch/rules"

# fill TEMPLATE FILE [MORE RULES]
fill() {
    mkdir -p "$(dirname "$out/$2")"
    sed -f "$scratch/rules" -e "${3:-}" "packaging/templates/$1" >"$out/$2"
    if grep -n '@[a-z0-9_:-]*@' "$out/$2" >&2; then fail "$2: these are not in the release of $version"; fi
}

fill homebrew/j2v.rb homebrew/j2v.rb
fill scoop/j2v.json scoop/j2v.json
for part in '' .installer .locale.en-US; do
    fill "winget/j2v.j2v$part.yaml" "winget/j2v.j2v$part.yaml"
done
fill docker/Dockerfile docker/Dockerfile

fill npm/package.json npm/j2v/package.json
fill npm/README.md npm/j2v/README.md
fill npm/j2v.js npm/j2v/j2v.js
cp LICENSE-MIT LICENSE-APACHE "$out/npm/j2v/"
while read -r platform target; do
    [ -n "$platform" ] || continue
    archive=$(archive_name "$target")
    case $archive in
    *.zip) binary=j2v.exe && unzip -q "$release/$archive" -d "$scratch" ;;
    *) binary=j2v && tar -xzf "$release/$archive" -C "$scratch" ;;
    esac
    fill npm/platform.json "npm/$platform/package.json" "s|@os@|${platform%-*}|; s|@cpu@|${platform#*-}|; s|@binary@|$binary|"
    install -m 755 "$scratch/$(archive_folder "$target")/$binary" "$out/npm/$platform/"
    cp LICENSE-MIT LICENSE-APACHE "$out/npm/$platform/"
done <<<"$platforms"
echo "$out"
