#!/usr/bin/env bash
# Builds the Debian package, on Debian 12 or 13, of the tracked files as they are now:
#   packaging/build-deb.sh           build/packages/snapshotterd_VERSION_ARCH.deb, checked by lintian
#   DBGSYM=1 packaging/build-deb.sh  and its debug symbols beside it
# As root it installs what it needs; as somebody else it says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

packaging/dependencies.sh package

version=$(sed -n 's/^project(snapshotter VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
arch=$(dpkg --print-architecture)
packages=$PWD/build/packages
source=$packages/source
deb=$packages/snapshotterd_${version}_$arch.deb

# What git tracks, as it lies here; of an unpacked tarball everything.
files() {
  if [ -e .git ]; then
    git -c safe.directory='*' ls-files -z
  else
    find . -path ./build -prune -o -type f -print0
  fi
}
rm -rf "$source"
mkdir -p "$source"
files | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar --create --null --files-from - | tar --extract --directory "$source"
cp -r packaging/debian "$source/debian"

# The same sources make the same package: its date is that of the last commit.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git -c safe.directory='*' log -1 --format=%ct 2>/dev/null || stat -c %Y CMakeLists.txt)
fi
export SOURCE_DATE_EPOCH
cat >"$source/debian/changelog" <<CHANGELOG
snapshotter ($version) unstable; urgency=medium

  * Version $version, built from its sources by packaging/build-deb.sh.

 -- Snapshotter maintainers <maintainers@snapshotter.example>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
CHANGELOG

options=${DEB_BUILD_OPTIONS:-parallel=$(nproc)}
[ -n "${DBGSYM:-}" ] || options+=" noautodbgsym"
export DEB_BUILD_OPTIONS=$options
# debhelper gives the build a home of its own; the compiler's cache stays where it is, and finds what was
# compiled in another folder.
if command -v ccache >/dev/null; then
  CCACHE_DIR=$(ccache --get-config cache_dir)
  export CCACHE_DIR CCACHE_BASEDIR=$source CCACHE_NOHASHDIR=1
fi

rm -f "$packages"/*.deb "$packages"/*.buildinfo "$packages"/*.changes
(cd "$source" && dpkg-buildpackage --build=binary --no-sign >"$packages/build.log" 2>&1) || {
  tail -n 50 "$packages/build.log" >&2
  echo "The package was not built; all of it is in $packages/build.log" >&2
  exit 1
}

as_root=()
[ "$(id -u)" != 0 ] || as_root=(--allow-root)
lintian "${as_root[@]}" --tag-display-limit 0 --fail-on error,warning "$deb"
echo "${deb#"$PWD"/}"
