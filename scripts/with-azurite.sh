#!/usr/bin/env bash
# with-azurite.sh COMMAND…: runs it with SIGNET_TEST_AZURITE naming a JSON file that describes two fresh Azurites on loopback,
#   {"http", "https", "certificate", "private_key", "log", "account", "key", "containers": [NAME…]}
# Only the one behind `https` gives delegation keys; it takes any bearer token that is well-formed, and writes the access log
# `log`. The account's key is random, the certificate for `https` made at start; the servers and their data are gone at the end.
here=$PWD
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
[ $# -gt 0 ] || die "usage: scripts/with-azurite.sh COMMAND…"
need_azurite

work=$(mktemp -d "${TMPDIR:-/tmp}/signet-azurite.XXXXXX")
servers=()
stop() {
  [ ${#servers[@]} -gt 0 ] || return 0
  kill -KILL "${servers[@]}" 2>/dev/null || true # nobody will read its data again
  wait "${servers[@]}" 2>/dev/null || true
  servers=()
}
cleanup() {
  stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Not a certificate authority's, as openssl would make it: a server that shows one of those is not to be trusted
cat >"$work/openssl.cnf" <<'CONFIGURATION'
[req]
distinguished_name = name
x509_extensions = server
prompt = no
[name]
CN = 127.0.0.1
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = IP:127.0.0.1
CONFIGURATION
quietly "$work/openssl.log" "${openssl[@]}" req -x509 -config "$work/openssl.cnf" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
  -nodes -keyout "$work/key.pem" -out "$work/certificate.pem" -days 2 || die "openssl made no certificate"

# serve NAME PORT OPTION…: starts a server
serve() {
  local name=$1 port=$2
  shift 2
  # It checks the versions of requests, but not against those of its own time, which our newest is after
  (
    AZURITE_ACCOUNTS=$(cat "$work/accounts") HOME=$work exec setpriv --pdeathsig KILL "$node" "$azurite" \
      --blobHost 127.0.0.1 --blobPort "$port" --location "$work/$name" --disableTelemetry --skipApiVersionCheck "$@"
  ) >"$work/$name.log" 2>&1 &
  servers+=($!)
}
start() {
  local ports
  read -ra ports <<<"$(free_ports 2)"
  rm -rf "$work/http" "$work/https"
  mkdir "$work/http" "$work/https"
  python3 "$root/scripts/azurite.py" configure "$work" "${ports[@]}"
  serve http "${ports[0]}" --silent
  serve https "${ports[1]}" --oauth basic --cert "$work/certificate.pem" --key "$work/key.pem"
  python3 "$root/scripts/azurite.py" wait "$work/store.json" "${servers[@]}" 2>"$work/waiting"
}
for attempt in 1 2 3; do
  if start; then break; fi
  if [ "$attempt" = 3 ] || ! grep -qi EADDRINUSE "$work"/http*.log; then
    tail -n 40 "$work"/http*.log "$work/waiting" >&2
    die "Azurite did not start"
  fi
  stop
done

export SIGNET_TEST_AZURITE="$work/store.json"
cd "$here"
in_charge "$@"
