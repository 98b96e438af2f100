#!/usr/bin/env bash
# The main job end to end; arguments go to `signet demo`.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cargo "install Rust; rust-toolchain.toml names the version"
# The whole workspace, so that tests and demo share one build of the dependencies
cargo build --quiet --locked --workspace --bins
exec "${CARGO_TARGET_DIR:-target}/debug/signet" demo "$@"
