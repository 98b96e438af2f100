#!/usr/bin/env bash
# with-postgres.sh COMMAND…: runs it with SIGNET_TEST_POSTGRES naming a fresh PostgreSQL cluster of its own, on a free
# loopback port, as durable as a real one; stops and deletes the cluster at the end.
here=$PWD
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
[ $# -gt 0 ] || die "usage: scripts/with-postgres.sh COMMAND…"
need_postgres

work=$(mktemp -d "${TMPDIR:-/tmp}/signet-postgres.XXXXXX")
server=
cleanup() {
  if [ -n "$server" ]; then
    kill -QUIT "$server" 2>/dev/null || true # at once: nobody will open these files again
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The server dies with this script, even if the script is killed
as_owner=(setpriv --pdeathsig QUIT)
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
  owner=nobody
  if id -u postgres >/dev/null 2>&1; then owner=postgres; fi
  as_owner+=(--reuid="$(id -u "$owner")" --regid="$(id -g "$owner")" --clear-groups)
  chown "$(id -u "$owner"):$(id -g "$owner")" "$work"
  "${as_owner[@]}" test -w "$work" || die "user \`$owner\` cannot write to \`$work\`
hint: set TMPDIR to a folder that everybody may enter"
  if ! "${as_owner[@]}" test -x "$postgres_bin/postgres"; then
    # The checkout is closed to that user (say, beneath /root): it gets a copy
    [ -n "$postgres_lib" ] || die "user \`$owner\` may not run \`$postgres_bin/postgres\`"
    cp -r "$tools/postgresql" "$work/program"
    chmod -R a+rX "$work/program"
    postgres_bin=$work/program${postgres_bin#"$tools/postgresql"}
    postgres_lib=$work/program/usr/lib
  fi
fi
if [ -n "$postgres_lib" ]; then
  libraries=$(find "$postgres_lib" "${postgres_lib%/usr/lib}" -maxdepth 3 -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:)
  as_owner+=(env LD_LIBRARY_PATH="$libraries")
fi

cd "$work"
password=$(random_hex 16)
(umask 077 && echo "$password" >password)
[ "$(id -u)" != 0 ] || chown "$(id -u "$owner")" password
"${as_owner[@]}" "$postgres_bin/initdb" --pgdata="$work/data" --username=signet --pwfile="$work/password" --auth=scram-sha-256 \
  --encoding=UTF8 --locale=C.UTF-8 --no-sync >log 2>&1 ||
  {
    cat log >&2
    die "initdb failed"
  }

# start PORT: true once it accepts connections
start() {
  "${as_owner[@]}" "$postgres_bin/postgres" -D "$work/data" -p "$1" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_connections=200 -c jit=off >log 2>&1 &
  server=$!
  for _ in $(seq 600); do
    if grep -q '^ready' data/postmaster.pid 2>/dev/null; then return 0; fi
    if ! kill -0 "$server" 2>/dev/null; then
      server=
      return 1
    fi
    sleep 0.05
  done
  return 1
}
for attempt in 1 2 3; do
  port=$(free_ports 1)
  if start "$port"; then break; fi
  # Only a port that another process took meanwhile is worth a second try
  if [ "$attempt" = 3 ] || ! grep -qi 'address already in use' log; then
    cat log >&2
    die "PostgreSQL did not start"
  fi
done

export SIGNET_TEST_POSTGRES="postgres://signet:$password@127.0.0.1:$port/postgres"
cd "$here"
in_charge "$@"
