#!/usr/bin/env bash
# Everything that must hold, in the order in which it fails soonest.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need_nextest
need_seaweedfs
need_azurite
need_moto
need_postgres
need_sdks

scripts/check.sh
step "building"
cargo nextest run --cargo-quiet --locked --workspace --no-run
export SIGNET_IS_BUILT=1 # the end-to-end tests need the binary, so it is; the demos and README take the same one
step "tests, on SQLite and PostgreSQL, devstore, SeaweedFS and Azurite"
# Two more at a time than there are processors: those that see URLs and credentials end do little but wait
scripts/with-postgres.sh scripts/with-seaweedfs.sh scripts/with-azurite.sh scripts/with-moto.sh \
  cargo nextest run --cargo-quiet --locked --workspace --test-threads $(($(nproc) + 2))
step "signed URLs beside those of the clouds' SDKs"
scripts/differential.sh
step "documentation tests"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly "$log" cargo test --quiet --locked --workspace --doc # ten lines about nothing when all is well
scripts/package.sh
scripts/fuzz.sh 60
step "demo on devstore"
scripts/demo.sh
step "demo on SeaweedFS"
scripts/with-seaweedfs.sh scripts/demo-on-s3.sh
step "README"
python3 scripts/readme.py
step "all of it holds"
