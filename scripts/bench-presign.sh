#!/usr/bin/env bash
# Measures signing against other libraries, on one core, and prints each row of bench/presign/rows.tsv beside its target.
# The first run builds the other libraries, which takes minutes. Rows are told as in bench.sh; a measurement that needs
# instructions which this processor lacks tells `absent<TAB>ID` instead, and its row is left out.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
need cargo "install Rust; rust-toolchain.toml names the version"
need_sdks

built=${CARGO_TARGET_DIR:-$root/target}/bench-presign
step "building (minutes, the first time)"
cargo build --quiet --locked --release --manifest-path bench/presign/Cargo.toml --target-dir "$built"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
one_core=()
# The last of those that this process may run on: the first has most of the interrupts
if command -v taskset >/dev/null 2>&1; then
  core=$(taskset -cp $$ | sed 's/.*[:,-] *//')
  one_core=(taskset -c "$core")
fi
step "measuring"
"${one_core[@]}" "$built/release/bench-presign" | tee "$scratch/told" | grep -v -e '^row' -e '^absent'
[ -z "$sdk_path" ] || export PYTHONPATH=$sdk_path
"${one_core[@]}" "$sdk_python" bench/presign/python_peers.py >>"$scratch/told"

# End to end, with what a URL costs around its signature
cargo bench --quiet --locked --workspace --bench batch >>"$scratch/told"
grep '^batch\.' scripts/bench-rows.tsv | cat bench/presign/rows.tsv - >"$scratch/table"

awk -F '\t' 'NR == FNR { if ($1 == "absent") absent[$2]; next } !($1 in absent)' "$scratch/told" "$scratch/table" >"$scratch/rows"
python3 scripts/bench_rows.py "$scratch/rows" "$scratch/told"
