#!/usr/bin/env bash
# Signs thousands of made-up requests with the clouds' own SDKs as well, and compares. ARGUMENTS name tests, as for nextest.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need_nextest
need_sdks

[ -z "$sdk_path" ] || export PYTHONPATH=$sdk_path
export SIGNET_TEST_SDK_PYTHON=$sdk_python SIGNET_TEST_SDK_OLDER_AZURE=$sdk_older_azure
# Without capture, to see what was compared
exec cargo nextest run --cargo-quiet --locked --workspace --test differential --no-capture --show-progress none "$@"
