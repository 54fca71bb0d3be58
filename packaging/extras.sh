#!/usr/bin/env bash
# Makes what a package holds beside the binary: manual pages and completions, in target/packaging.
#   packaging/extras.sh [BINARY]
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/dist/j2v}
out=target/packaging

rm -rf "$out"
mkdir -p "$out/completions"
"$binary" man --out "$out/man1"
"$binary" completions bash >"$out/completions/j2v.bash"
"$binary" completions fish >"$out/completions/j2v.fish"
"$binary" completions powershell >"$out/completions/j2v.ps1"
"$binary" completions elvish >"$out/completions/j2v.elv"
# A file on zsh's $fpath is the body of a function: at its first call it must complete as well.
{
    "$binary" completions zsh
    printf '_clap_dynamic_completer_j2v "$@"\n'
} >"$out/completions/_j2v"
