#!/usr/bin/env bash
# Makes a Debian's root file system, once, and prints where it is.
#   root.sh bookworm|trixie             what the system tests boot
#   root.sh bookworm|trixie workshop    what the package for it is built in
# They are kept in build/system-roots (or SNAPSHOTTER_SYSTEM_ROOTS), and made anew when their lists of packages
# change.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=$1 use=${2:-boot}
folder=${SNAPSHOTTER_SYSTEM_ROOTS:-build/system-roots}

if [ "$use" = workshop ]; then
  packages=(build-essential debhelper lintian scdoc cmake ninja-build pkg-config git ca-certificates python3
            libssl-dev libsqlite3-dev libspdlog-dev libfmt-dev libyaml-cpp-dev libarchive-dev libdeflate-dev
            libzstd-dev libsystemd-dev libsdbus-c++-dev libsdbus-c++-bin libcctz-dev libcli11-dev libisal-dev
            systemd-dev libboost-dev tzdata dbus dbus-daemon systemd mold ccache dpkg-dev)
else
  # What the package depends on is there beforehand, because the container has no network.
  packages=(systemd systemd-sysv dbus polkitd libpam-systemd libnss-systemd iproute2 procps util-linux acl python3
            postgresql prometheus adduser bash-completion man-db tzdata)
  case $suite in
    bookworm) packages+=(libarchive13 libcctz2 libdeflate0 libfmt9 libisal2 libsdbus-c++1 libspdlog1.10
                         libsqlite3-0 libssl3 libyaml-cpp0.7 libzstd1 libsystemd0) ;;
    trixie) packages+=(libarchive13t64 libcctz2.4 libdeflate0 libfmt10 libisal2 libsdbus-c++2 libspdlog1.15
                       libsqlite3-0 libssl3t64 libyaml-cpp0.8 libzstd1 libsystemd0) ;;
    *) echo "unknown suite $suite" >&2; exit 1 ;;
  esac
fi

mkdir -p "$folder"
root=$(realpath "$folder")/$suite-$use
list=$(IFS=,; echo "${packages[*]}")
if [ "$(cat "$root.packages" 2>/dev/null)" != "$list" ]; then
  rm -rf "$root" "$root.packages"
  mmdebstrap --mode=root --variant=minbase --include="$list" --aptopt='APT::Install-Recommends "false"' \
    "$suite" "$root" >&2
  echo "$list" >"$root.packages"
fi
echo "$root"
