#!/usr/bin/env bash
# The package in a booted Debian: builds it for that Debian, boots a container, tests it there. As root.
#   tests/system/run.sh bookworm|trixie [unittest arguments]
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=$1; shift

packaging/dependencies.sh test
root=$(tests/system/root.sh "$suite")
if [ "$suite" = "$(. /etc/os-release && echo "$VERSION_CODENAME")" ]; then
  packaging/build-deb.sh
  package=$(ls -t "$PWD"/build/packages/*.deb | head -n 1)
else
  # Built in a root of that Debian's own, from a copy of what git tracks.
  workshop=$(tests/system/root.sh "$suite" workshop)
  rm -rf "$workshop/source" && mkdir "$workshop/source"
  git -c safe.directory='*' ls-files -z | tar --create --null --files-from - | tar --extract --directory "$workshop/source"
  mount --bind /proc "$workshop/proc"
  trap 'umount "$workshop/proc"' EXIT
  chroot "$workshop" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    /source/packaging/build-deb.sh
  umount "$workshop/proc"
  trap - EXIT  # exec below would not run it
  package=$(ls -t "$workshop"/source/build/packages/*.deb | head -n 1)
fi
cd tests/system
SNAPSHOTTER_ROOT=$root SNAPSHOTTER_PACKAGE=$package exec python3 -B -m unittest "${@:-discover}" -v
