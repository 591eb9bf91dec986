#!/usr/bin/env bash
# Makes the root file system that the system tests boot, once, and prints where it is.
#   root.sh bookworm|trixie
# It is kept in build/system-roots (or SNAPSHOTTER_SYSTEM_ROOTS), and made anew when its list of packages changes.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=$1
folder=${SNAPSHOTTER_SYSTEM_ROOTS:-build/system-roots}

packages=(systemd systemd-sysv dbus polkitd libpam-systemd libnss-systemd iproute2 procps util-linux acl python3 acl
          postgresql prometheus adduser bash-completion man-db)
# What the package itself depends on: installed beforehand, because the container has no network.
case $suite in
  bookworm) packages+=(libarchive13 libcctz2 libdeflate0 libfmt9 libisal2 libsdbus-c++1 libspdlog1.10
                       libsqlite3-0 libssl3 libyaml-cpp0.7 libzstd1 libsystemd0) ;;
  trixie) packages+=(libarchive13t64 libcctz2 libdeflate0 libfmt10 libisal2 libsdbus-c++2 libspdlog1.15
                     libsqlite3-0 libssl3t64 libyaml-cpp0.8 libzstd1 libsystemd0) ;;
  *) echo "unknown suite $suite" >&2; exit 1 ;;
esac

mkdir -p "$folder"
root=$(realpath "$folder")/$suite
list=$(IFS=,; echo "${packages[*]}")
if [ "$(cat "$root.packages" 2>/dev/null)" != "$list" ]; then
  rm -rf "$root" "$root.packages"
  # Nothing is started while it is made.
  mmdebstrap --mode=root --variant=minbase --include="$list" --aptopt='APT::Install-Recommends "false"' \
    "$suite" "$root" >&2
  echo "$list" >"$root.packages"
fi
echo "$root"
