#!/usr/bin/env bash
# The main job end to end; arguments go to `signet demo`.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cargo "install Rust; rust-toolchain.toml names the version"
# Who has just built it, with the features that the tests add to dependencies, does not want it built without them
[ -n "${SIGNET_IS_BUILT:-}" ] || cargo build --quiet --locked --workspace --bins
exec "${CARGO_TARGET_DIR:-target}/debug/signet" demo "$@"
