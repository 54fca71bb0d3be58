#!/usr/bin/env bash
# Builds the Debian package; with --try installs it, uses it, removes it, and looks that nothing is left. With --no-build
# it takes target/dist/j2v as it is.
#   packaging/debian.sh [--no-build] [--try]
# Needs cargo-deb (`cargo install cargo-deb`); --try needs root and bash-completion.
set -euo pipefail
cd "$(dirname "$0")/.."

build=yes try=no
for option in "$@"; do
    case $option in
    --no-build) build=no ;;
    --try) try=yes ;;
    *) echo "packaging/debian.sh: there is no option $option" >&2 && exit 2 ;;
    esac
done

[ $build = no ] || cargo build --locked --profile dist
packaging/extras.sh
cargo deb --no-build --profile dist --output target/packaging
package=$(ls target/packaging/j2v_*.deb)
dpkg-deb --info "$package"
dpkg-deb --contents "$package"
[ $try = yes ] || exit 0

fail() {
    echo "packaging/debian.sh: $*" >&2
    exit 1
}
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
installed=$(dpkg-deb --contents "$package" | awk '$1 !~ /^d/ {print substr($6, 2)}')
home=$(mktemp -d)
trap '"${as_root[@]}" dpkg --purge j2v >/dev/null 2>&1 || true; rm -rf "$home"' EXIT

"${as_root[@]}" dpkg --install "$package"
for file in $installed; do [ -e "$file" ] || fail "$file was not installed"; done
cd "$home"
export HOME=$home XDG_STATE_HOME=$home/state
/usr/bin/j2v --version
/usr/bin/j2v init
project=$(/usr/bin/j2v submit listing.json --emulate --key L-4821)
/usr/bin/j2v poll "$project" --emulate --download . | grep -q '\.mp4$' || fail "no video was saved"

# Bash finds the completion by the name of its file, and the completion finds the project in the ledger.
completed=$(bash -c '
    . /usr/share/bash-completion/bash_completion
    _comp_load j2v 2>/dev/null || __load_completion j2v
    COMP_WORDS=(j2v --emulate show "") COMP_CWORD=3 COMP_TYPE=9
    COMP_LINE="j2v --emulate show " COMP_POINT=${#COMP_LINE}
    "$(complete -p j2v | sed "s/.*-F \([^ ]*\).*/\1/")" j2v "" show
    printf "%s\n" "${COMPREPLY[@]}"')
grep -q "$project" <<<"$completed" || fail "bash completes no project: $completed"

"${as_root[@]}" dpkg --purge j2v
for file in $installed; do [ ! -e "$file" ] || fail "$file was left behind"; done
echo "installed, used, removed: $package"
