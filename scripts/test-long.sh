#!/usr/bin/env bash
# The tests of transfers at sizes that matter: a file of 1 GiB, 2,000 small ones, a sparse one of 6 GiB, clients killed at
# five seeded points; on S3 and Cloud Storage (both devstore), SeaweedFS and Azurite, every byte compared. Then 1 GiB with
# credentials that live for 10 s each, where the store has such.
# One store after another, each on fresh folders: none gives the room of what was deleted back. It takes 25 GiB in TMPDIR.
# Other sizes are set by the variables below: `SIGNET_TEST_LARGE_BYTES=… make test-long`.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need_nextest
need_seaweedfs
need_azurite
unset SIGNET_TEST_AZURITE SIGNET_TEST_POSTGRES SIGNET_TEST_S3

export SIGNET_TEST_LARGE_BYTES=${SIGNET_TEST_LARGE_BYTES:-$((1 << 30))}
export SIGNET_TEST_SMALL_FILES=${SIGNET_TEST_SMALL_FILES:-2000}
export SIGNET_TEST_SPARSE_BYTES=${SIGNET_TEST_SPARSE_BYTES:-$((6 << 30))}
export SIGNET_TEST_KILLED_BYTES=${SIGNET_TEST_KILLED_BYTES:-$((1 << 30))}
export SIGNET_TEST_ROTATED_BYTES=${SIGNET_TEST_ROTATED_BYTES:-$((1 << 30))}

step "building"
cargo nextest run --cargo-quiet --locked --package signet --no-run

# on STORE COMMAND…: the transfers on one kind of store, on the servers that COMMAND starts
on() {
  local store=$1
  shift
  step "$store"
  local begun=$SECONDS
  "$@" cargo nextest run --cargo-quiet --locked --package signet --profile long --test-threads 1 \
    --filterset "test(/^(what_was_put_comes_back|fault_a_killed_transfer_is_finished_on_every_store)::on_$store\$|^a_transfer_outlives_its_credentials_on_$store\$/)"
  printf '%s: %d s\n' "$store" $((SECONDS - begun))
}
on s3 env
on gcs env
on seaweedfs scripts/with-seaweedfs.sh
on azurite scripts/with-azurite.sh
step "all of it holds"
