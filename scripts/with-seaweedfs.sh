#!/usr/bin/env bash
# with-seaweedfs.sh COMMAND…: runs it with SIGNET_TEST_S3 naming a JSON file that describes a fresh SeaweedFS on loopback,
#   {"endpoint", "region", "admin": {"access_key_id", "secret_access_key"}, "role": {"role_arn", "sts_endpoint"},
#    "buckets": [{"name", "access_key_id", "secret_access_key"}]}
# where each bucket's key opens that bucket alone, and the admin's key assumes the role. Keys are random; the store and its data are gone at the end.
here=$PWD
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/tools.sh
. "$root/scripts/tools.sh"
[ $# -gt 0 ] || die "usage: scripts/with-seaweedfs.sh COMMAND…"
need_seaweedfs

work=$(mktemp -d "${TMPDIR:-/tmp}/signet-seaweedfs.XXXXXX")
server=
ports=()
stop() {
  [ -n "$server" ] || return 0
  kill -KILL "$server" 2>/dev/null || true # a polite end takes it half a minute
  wait "$server" 2>/dev/null || true
  server=
  # Its gRPC servers put sockets into /tmp whatever they are told
  for each in "${ports[@]}"; do rm -f /tmp/seaweedfs-*-grpc-"$each".sock; done
}
cleanup() {
  stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

start() {
  read -ra ports <<<"$(free_ports 11)"
  python3 "$root/scripts/seaweedfs.py" configure "$work" "${ports[0]}" team-vision team-language
  rm -rf "$work/data"
  mkdir "$work/data"
  # Telemetry is on and every interface is listened on unless one says otherwise
  (
    cd "$work"
    HOME=$work TMPDIR=$work GOMEMLIMIT=500MiB exec setpriv --pdeathsig KILL "$weed" -logtostderr=true mini -dir="$work/data" \
      -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false -webdav=false -admin.ui=false -s3.port.iceberg=0 -s3.port.lance=0 \
      -s3.port="${ports[0]}" -s3.port.grpc="${ports[1]}" -master.port="${ports[2]}" -master.port.grpc="${ports[3]}" \
      -volume.port="${ports[4]}" -volume.port.grpc="${ports[5]}" -filer.port="${ports[6]}" -filer.port.grpc="${ports[7]}" \
      -admin.port="${ports[8]}" -admin.port.grpc="${ports[9]}" -metricsPort="${ports[10]}" \
      -s3.localSocket="$work/s3.sock" -filer.localSocket="$work/filer.sock" \
      -s3.config="$work/identities.json" -s3.iam.config="$work/roles.json" -s3.domainName=s3.localhost -bucket=team-vision,team-language
  ) >"$work/log" 2>&1 &
  server=$!
  python3 "$root/scripts/seaweedfs.py" wait "$work/store.json" "$server" 2>"$work/waiting"
}
for attempt in 1 2 3; do
  if start; then break; fi
  if [ "$attempt" = 3 ] || ! grep -qi 'address already in use' "$work/log"; then
    tail -n 40 "$work/log" "$work/waiting" >&2
    die "SeaweedFS did not start"
  fi
  stop
done

export SIGNET_TEST_S3="$work/store.json"
cd "$here"
in_charge "$@"
