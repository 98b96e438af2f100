#!/usr/bin/env bash
# Measures `signet put` and `get` beside s5cmd, rclone and the AWS command line on one SeaweedFS, and prints each row of
# bench-transfer-rows.tsv beside its target. Needs some 25 GiB of disk while it runs.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need cargo "install Rust; rust-toolchain.toml names the version"
need_copiers
told=$(mktemp)
trap 'rm -f "$told"' EXIT
# What its package installs as a command starts this one from Python
s5cmd=$(echo "$tools"/copiers/lib/python3*/site-packages/s5cmd/bin/s5cmd)
[ -x "$s5cmd" ] || die "its package holds no program \`s5cmd\`"
export SIGNET_BENCH_S5CMD=$s5cmd SIGNET_BENCH_RCLONE=$copiers/rclone SIGNET_BENCH_AWS=$copiers/aws
step "building"
cargo bench --quiet --locked --workspace --bench transfer --no-run
step "measuring"
scripts/with-seaweedfs.sh cargo bench --quiet --locked --workspace --bench transfer | tee "$told" | grep -v '^row'
python3 scripts/bench_rows.py scripts/bench-transfer-rows.tsv "$told"
