#!/usr/bin/env bash
# From a bare machine and a checkout to a backup that was restored: builds Snapshotter, starts a private
# daemon – its own session bus, its own folder, nothing outside it – and lets it work on real files.
#   packaging/quickstart.sh            Debian 12 or 13, as root (to install packages)
#   KEEP=1 packaging/quickstart.sh     leaves the folder and the daemon for you to play with
set -euo pipefail
cd "$(dirname "$0")/.."

bold=; plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m'; plain=$'\e[0m'; fi
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
show() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }

step "1. Build (the first time this takes some minutes)"
packaging/dependencies.sh build
cmake --preset default -DSNAPSHOTTER_TESTS=OFF >/dev/null
cmake --build --preset default -j "$(nproc)"
export PATH="$PWD/build/bin:$PATH"

step "2. A configuration: what to back up, where to, when"
work=$(mktemp -d "${TMPDIR:-/tmp}/snapshotter-quickstart-XXXXXX")
daemon= bus=
finish() {
  [ -n "$daemon" ] && kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null
  [ -n "$bus" ] && kill "$bus" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT
cat >"$work/snapshotterd.yaml" <<END
daemon:
  state_dir: $work/state
stores:
  local:
    type: directory
    path: $work/backups
targets:
  configs:
    type: filesystem
    paths: [/etc]
    tolerate: {missing: 1000}   # as an ordinary user some files of /etc can't be read
  documents:
    type: filesystem
    paths: [/usr/share/doc]
    exclude: ["*.tmp"]
jobs:
  nightly:
    schedule: "0 2 * * *"
    targets: [configs, documents]
    retention: {keep_last: 3, daily: 7, weekly: 4}
END
cat "$work/snapshotterd.yaml"
show snapshotterd --check-config --config "$work/snapshotterd.yaml"

step "3. A private daemon, on a session bus of its own"
dbus-daemon --session --address="unix:path=$work/bus" --nofork --nopidfile 2>"$work/bus.log" &
bus=$!
export DBUS_SESSION_BUS_ADDRESS="unix:path=$work/bus"
for _ in $(seq 100); do [ -S "$work/bus" ] && break; sleep 0.05; done
snapshotterd --bus session --config "$work/snapshotterd.yaml" 2>"$work/log" &
daemon=$!
ctl() { show snapshotctl --bus session "$@"; }
for _ in $(seq 200); do
  snapshotctl --bus session status >/dev/null 2>&1 && break
  kill -0 "$daemon" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.05
done
ctl status

step "4. A backup, now"
ctl run nightly --follow
ctl runs

step "5. What is kept, and proof that it can be read"
ctl backups
ctl verify --all
archive=$(find "$work/backups" -name 'configs-*.tar.gz' | head -n 1)
show ls -l "$(dirname "$archive")"
(cd "$(dirname "$archive")" && show sha256sum -c "$(basename "$archive").sha256")

step "6. One file back, and compared"
ctl restore nightly/configs --to "$work/restored" --path etc/hostname --path etc/passwd
show cmp /etc/passwd "$work/restored/etc/passwd"
echo "It is the same."

step "The same over plain D-Bus"
show busctl --user call org.snapshotter1 /org/snapshotter1 org.snapshotter1.Manager ListJobs

step "Next"
cat <<END
That was a daemon, a verified backup, and a restore. All of it lived in $work.
For good:
  cmake --install build                      as root: programs, unit, D-Bus files, example configuration
  editor /etc/snapshotterd/snapshotterd.yaml what, where, when
  snapshotterd --check-config                tells every mistake with its line
  systemctl enable --now snapshotterd
  snapshotctl status
END
if [ -n "${KEEP:-}" ]; then
  trap - EXIT
  echo "Kept running: DBUS_SESSION_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS snapshotctl --bus session status"
  echo "Stop it with: kill $daemon $bus; rm -r $work"
fi
