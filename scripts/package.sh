#!/usr/bin/env bash
# Packages presign as it is published, and builds it from the package alone, which lands in the target folder.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cargo "install Rust; rust-toolchain.toml names the version"

# Offline, as the workspace's build has downloaded all it needs. With the workspace's profile, which packages do not
# hold, so that what has been built is not built again. Of a working copy: `cargo publish` refuses uncommitted changes.
step "package of presign"
cargo package --quiet --offline --locked --allow-dirty --package signet-presign \
  --config 'profile.dev.debug = "line-tables-only"' \
  --config 'profile.dev.package.aws-lc-sys.opt-level = 3' \
  --config 'profile.dev.package.sha2.opt-level = 3'
