#!/usr/bin/env bash
# Formatting, lints and documentation; a warning is an error.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cargo "install Rust; rust-toolchain.toml names the version"

step "formatting"
cargo fmt --all --check
cargo fmt --manifest-path fuzz/presign/Cargo.toml --check
# Nothing is built with an older Rust than the pinned one, so no older one may be promised
step "minimum Rust"
pinned=$(sed -n 's/^channel = "\(.*\)"$/\1/p' rust-toolchain.toml)
for manifest in Cargo.toml fuzz/presign/Cargo.toml; do
  grep -qx "rust-version = \"${pinned%.0}\"" "$manifest" || die "\`rust-version\` in $manifest is not that of rust-toolchain.toml, $pinned"
done
grep -q "^Rust ${pinned%.0}," crates/presign/README.md || die "crates/presign/README.md names another minimum than Rust ${pinned%.0}"
step "clippy"
cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
cargo clippy --quiet --locked --package signet --no-default-features -- -D warnings
cargo clippy --quiet --locked --manifest-path fuzz/presign/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}/fuzz" --all-targets -- -D warnings
step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps
if command -v cargo-deny >/dev/null 2>&1; then
  step "dependencies"
  cargo deny --log-level error check bans licenses sources # advisories need the network: see CONTRIBUTING.md
fi
if command -v shellcheck >/dev/null 2>&1; then
  step "shell scripts"
  shellcheck scripts/*.sh .ci/run
fi
