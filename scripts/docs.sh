#!/usr/bin/env bash
# The API documentation of our crates, as HTML.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cargo "install Rust; rust-toolchain.toml names the version"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps
echo "${CARGO_TARGET_DIR:-$root/target}/doc/server/index.html"
