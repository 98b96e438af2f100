# shellcheck shell=bash
# What every script here needs: strict mode, the repository's root as the working folder, messages. Sourced.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
tools=$root/.tools
# rustup's folder is often missing from the PATH of a fresh login
export PATH="$tools/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
# A make that was started with -j offers cargo a job server which a recipe's child cannot open
unset MAKEFLAGS MFLAGS MAKELEVEL

step() { printf '== %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# need COMMAND HINT
need() { command -v "$1" >/dev/null 2>&1 || die "\`$1\` is not on PATH
hint: $2"; }

# free_ports COUNT: that many ports free on loopback, below the range from which the kernel takes
# the local ports of outgoing connections, so that nobody's connection takes one before its server does
free_ports() {
  python3 - "$1" <<'PYTHON'
import random, socket, sys

held = []
while len(held) < int(sys.argv[1]):
    candidate = socket.socket()
    try:
        candidate.bind(("127.0.0.1", random.randrange(10240, 32768)))
    except OSError:
        candidate.close()
    else:
        held.append(candidate)
print(*(s.getsockname()[1] for s in held))
PYTHON
}

random_hex() { python3 -c 'import secrets, sys; print(secrets.token_hex(int(sys.argv[1])))' "$1"; }

# quietly LOG COMMAND…: run it, and show what it printed only if it failed
quietly() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    printf '%s\n' "--- $*" >&2
    cat "$log" >&2
    return 1
  fi
}

# in_charge COMMAND…: run it to its end, handing on a signal that ends this script; then the script's own EXIT trap cleans up.
# (A command in bash's foreground would make the traps wait for it.)
in_charge() {
  local status=0
  env --default-signal=INT,QUIT "$@" <&0 &
  charge=$!
  trap 'wait "$charge" || true; exit 130' INT # the terminal has told it too
  trap 'kill -TERM "$charge" 2>/dev/null || true; wait "$charge" || true; exit 143' TERM HUP
  wait "$charge" || status=$?
  return "$status"
}
