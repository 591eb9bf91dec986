#!/usr/bin/env bash
# Installs what building and testing needs, on Debian 12 and 13, as root. Does nothing where all is there.
#   dependencies.sh build     compiler, libraries and what the quick start uses
#   dependencies.sh package   that, and what makes and checks a Debian package
#   dependencies.sh test      all of that, and what the tests start
#   dependencies.sh bench     what building needs, and whom tests/bench compares with
set -euo pipefail

build=(g++ cmake ninja-build pkg-config git ca-certificates python3
       libssl-dev libsqlite3-dev libspdlog-dev libfmt-dev libyaml-cpp-dev libarchive-dev libdeflate-dev
       libzstd-dev libxxhash-dev libsystemd-dev libsdbus-c++-dev libsdbus-c++-bin libcctz-dev libcli11-dev tzdata
       scdoc ccache mold dbus dbus-daemon systemd)
# A fresh machine has no lists of packages yet.
[ -n "$(apt-cache show libspdlog-dev 2>/dev/null)" ] || { [ "$(id -u)" = 0 ] && apt-get update >/dev/null; }
# Not `apt-cache show`, which is content with a name that something merely refers to.
available() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }
# Debian 12's default Boost is 1.74, too old for what the project uses of Asio.
if available libboost1.81-dev; then build+=(libboost1.81-dev); else build+=(libboost-dev); fi
# ISA-L exists on x86-64 and arm64 only; without it level "fast" uses libdeflate.
case $(dpkg --print-architecture) in amd64 | arm64) build+=(libisal-dev) ;; esac
# Where units belong; a package of its own since Debian 13.
if available systemd-dev; then build+=(systemd-dev); fi
packaging=(debhelper dpkg-dev lintian)
test=(catch2 clang-format clang-tidy libarchive-tools pigz zstd gzip tar attr acl libglib2.0-bin util-linux
      procps iproute2 openssl curl man-db bash-completion fish zsh docker.io podman postgresql prometheus
      python3-jsonschema mmdebstrap systemd-container libbenchmark-dev)
bench=(pigz zstd gzip tar restic borgbackup libbenchmark-dev)

# Debian 13 has Docker's client, which the tests build images with, in a package of its own.
if available docker-cli; then test+=(docker-cli); fi

wanted=("${build[@]}")
case ${1:-build} in
  build) ;;
  package) wanted+=("${packaging[@]}") ;;
  test) wanted+=("${packaging[@]}" "${test[@]}") ;;
  bench) wanted+=("${bench[@]}") ;;
  *) echo "dependencies.sh: build, package, test or bench?" >&2; exit 64 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" != 0 ]; then
  echo "These packages are missing; install them as root, or run this as root:" >&2
  echo "  apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${#missing[@]} packages"
export DEBIAN_FRONTEND=noninteractive
apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null
