# What a release is called, for the scripts beside this one, which source it at the root of the repository.
# shellcheck shell=bash

# The value of a field of Cargo.toml's [package].
field() { sed -n "s/^$1 = \"\(.*\)\"/\1/p" Cargo.toml | head -n 1; }

version=$(field version)

# The folder inside the archive of a target, and the archive. Cargo.toml's binstall section spells the same names.
archive_folder() { echo "j2v-v$version-$1"; }
archive_name() {
    case $1 in
    *windows*) echo "$(archive_folder "$1").zip" ;;
    *) echo "$(archive_folder "$1").tar.gz" ;;
    esac
}
