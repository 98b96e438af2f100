#!/usr/bin/env bash
# The main job on the S3 store that with-seaweedfs.sh describes; arguments go to `signet demo`.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ -n "${SIGNET_TEST_S3:-}" ] || die "SIGNET_TEST_S3 is not set
hint: scripts/with-seaweedfs.sh scripts/demo-on-s3.sh"
endpoint=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["endpoint"])' "$SIGNET_TEST_S3")
exec scripts/demo.sh --store "$endpoint" --store-keys "$SIGNET_TEST_S3" "$@"
