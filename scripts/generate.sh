#!/usr/bin/env bash
# Rewrites the committed files that the contract tests compare with (openapi.json, docs/configuration.md, help texts)
# by running these very tests with SIGNET_UPDATE set, then shows what changed.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need_nextest
SIGNET_UPDATE=1 INSTA_UPDATE=always cargo nextest run --cargo-quiet --locked --workspace --filterset 'test(contract)'
git status --short
