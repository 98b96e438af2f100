#!/usr/bin/env bash
# rustc as scripts/fuzz.sh has cargo call it: with a counter at each branch of presign and of the
# targets, whose inlined parts of presign count too, and of nothing else
set -euo pipefail
case " $* " in
  *" --crate-name presign "* | *" --crate-name presign_targets "*)
    exec "$@" -C passes=sancov-module \
      -C llvm-args=-sanitizer-coverage-level=3 \
      -C llvm-args=-sanitizer-coverage-inline-8bit-counters
    ;;
  *) exec "$@" ;;
esac
