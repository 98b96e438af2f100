#!/usr/bin/env bash
# fuzz.sh [SECONDS [TARGET]]: fuzz presign's parsers and verifiers, all targets in turn; a finding is saved and ends it
# fuzz.sh reproduce TARGET FILE: try a saved input again
# SEED=NUMBER begins elsewhere; the same seed tries the same inputs in the same order
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

step "fuzzing presign"
crate=$root/fuzz/presign
target=${CARGO_TARGET_DIR:-$root/target}/fuzz
RUSTC_WRAPPER=$crate/rustc-counting.sh CARGO_TARGET_DIR=$target \
  cargo build --quiet --locked --manifest-path "$crate/Cargo.toml"
if [[ ${1:-} == reproduce ]]; then
  exec "$target/debug/fuzz" "$@"
fi
exec "$target/debug/fuzz" run "${1:-60}" "${SEED:-1}" "$target/findings" "${@:2}"
