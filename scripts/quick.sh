#!/usr/bin/env bash
# The tests of a working minute: SQLite and devstore only, without the fault tests.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need_nextest
unset SIGNET_TEST_AZURITE SIGNET_TEST_POSTGRES SIGNET_TEST_S3 SIGNET_TEST_SDK_PYTHON
exec cargo nextest run --cargo-quiet --locked --workspace --filterset 'not test(/(^|::)fault_/)'
