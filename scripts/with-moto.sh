#!/usr/bin/env bash
# with-moto.sh COMMAND…: runs it with SIGNET_TEST_CARELESS_S3 naming a JSON file that describes a fresh moto on loopback, in the form of
# with-seaweedfs.sh. It verifies no signature at all: a test that finds nothing wrong with it proves nothing about another store.
here=$PWD
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
[ $# -gt 0 ] || die "usage: scripts/with-moto.sh COMMAND…"
need_moto

work=$(mktemp -d "${TMPDIR:-/tmp}/signet-moto.XXXXXX")
server=
stop() {
  [ -n "$server" ] || return 0
  kill -KILL "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}
cleanup() {
  stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

start() {
  local port
  port=$(free_ports 1)
  python3 "$root/scripts/seaweedfs.py" configure "$work" "$port" team-vision team-language
  # Its own command may be missing where a virtual environment could not be made
  PYTHONPATH=$moto_path HOME=$work setpriv --pdeathsig KILL "$moto_python" -c 'from moto.server import main; main()' -H 127.0.0.1 -p "$port" >"$work/log" 2>&1 &
  server=$!
  python3 "$root/scripts/seaweedfs.py" create "$work/store.json" "$server" 2>"$work/waiting"
}
for attempt in 1 2 3; do
  if start; then break; fi
  if [ "$attempt" = 3 ] || ! grep -qi 'address already in use' "$work/log"; then
    tail -n 40 "$work/log" "$work/waiting" >&2
    die "moto did not start"
  fi
  stop
done

export SIGNET_TEST_CARELESS_S3="$work/store.json"
cd "$here"
in_charge "$@"
