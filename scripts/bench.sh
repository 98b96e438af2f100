#!/usr/bin/env bash
# Runs every benchmark, then prints each row of bench-rows.tsv beside its target. A benchmark tells a result by a line
#   row<TAB>ID<TAB>NUMBER
# on its standard output. A row that nobody told counts as missed, as does one outside its target; both make this fail.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cargo "install Rust; rust-toolchain.toml names the version"
told=$(mktemp)
trap 'rm -f "$told"' EXIT
status=0
cargo bench --quiet --locked --workspace --bench '*' | tee "$told" || status=$?
python3 scripts/bench_rows.py scripts/bench-rows.tsv "$told" || status=$?
exit "$status"
