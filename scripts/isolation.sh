#!/usr/bin/env bash
# Tries every team's URLs and keys on every other team's bucket and root, on SeaweedFS and on a store that verifies nothing,
# and prints what came of each beside the same URL on its own root.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need_nextest
exec scripts/with-seaweedfs.sh scripts/with-moto.sh cargo nextest run --cargo-quiet --locked --workspace --no-capture --filterset 'binary(isolation)'
