#!/usr/bin/env bash
# From a bare machine and a checkout to a backup that was restored: builds Snapshotter, starts a private
# daemon – its own session bus, its own folder, nothing outside it – and lets it work on real files, and on
# the PostgreSQL and the Prometheus of this machine where there are any.
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
# PostgreSQL: whom PGUSER and PGPASSWORD name (default: postgres) must be able to log in.
postgresql= postgresql_target=
login=${PGUSER:-postgres}
if ! command -v pg_dumpall >/dev/null || ! command -v psql >/dev/null; then
  postgresql="PostgreSQL's client programs are not installed here (package postgresql-client)"
elif PGCONNECT_TIMEOUT=3 psql -w -X -q -U "$login" -d postgres -c 'select 1' >/dev/null 2>"$work/psql"; then
  case ${PGHOST:-} in
    '') place= ;;
    /*) place="socket: $PGHOST" ;;
    *) place="host: $PGHOST" ;;
  esac
  postgresql_target="
  database:
    type: postgresql
    user: $login${place:+
    $place}${PGPORT:+
    port: $PGPORT}${PGPASSWORD:+
    password: \${PGPASSWORD\}}"
else
  postgresql="as $login: $(head -n 1 "$work/psql" | cut -c 1-200)"
fi
# Prometheus: it must have its admin API, and its data where we can read and delete snapshots.
prometheus= prometheus_target=
address=${PROMETHEUS_URL:-http://127.0.0.1:9090}
if flags=$(python3 -c '
import json, sys, urllib.request
data = json.load(urllib.request.urlopen(sys.argv[1] + "/api/v1/status/flags", timeout=3))["data"]
print(data["web.enable-admin-api"], data["storage.tsdb.path"])' "$address" 2>/dev/null); then
  data=${flags#* }
  if [ "${flags%% *}" != true ]; then
    prometheus="the one at $address runs without --web.enable-admin-api"
  elif [ ! -w "$data" ] || [ "${data#/}" = "$data" ]; then
    prometheus="the one at $address has its data in $data, which can't be written to from here"
  else
    prometheus_target="
  metrics:
    type: prometheus
    url: $address
    data_dir: $data"
  fi
else
  prometheus="none answers at $address"
fi
names=configs,documents${postgresql_target:+,database}${prometheus_target:+,metrics}

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
    exclude: ["*.tmp"]$postgresql_target$prometheus_target
jobs:
  nightly:
    schedule: "0 2 * * *"
    targets: [$names]
    retention: {keep_last: 3, daily: 7, weekly: 4}
END
cat "$work/snapshotterd.yaml"
[ -z "$postgresql" ] || echo "# No PostgreSQL target: $postgresql."
[ -z "$prometheus" ] || echo "# No Prometheus target: $prometheus."
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

if [ -n "$postgresql$prometheus" ]; then
  step "What this machine's backup would still need"
fi
if [ -n "$postgresql" ]; then
  cat <<END
PostgreSQL was left out ($postgresql).
  A server of this machine is backed up by its client programs, over its socket or over the network; the role
  must be a superuser for all of it (roles with their passwords), or try the quick start with another one:
    PGUSER=… PGPASSWORD=… packaging/quickstart.sh
  A server in a container needs nothing installed here:
    database: {type: postgresql, container: NAME, user: postgres}
END
fi
if [ -n "$prometheus" ]; then
  cat <<END
Prometheus was left out ($prometheus).
  It must run with --web.enable-admin-api, and the daemon must see its data folder; another address:
    PROMETHEUS_URL=http://… packaging/quickstart.sh
  In the configuration:
    metrics: {type: prometheus, url: "http://127.0.0.1:9090", data_dir: /var/lib/prometheus/metrics2}
END
fi

step "Next"
cat <<END
That was a daemon, a verified backup, and a restore. All of it lived in $work.
For good:
  packaging/build-deb.sh                     build/packages/snapshotterd_VERSION_ARCH.deb
  apt install ./build/packages/*.deb         a service that runs as a user of its own
  editor /etc/snapshotterd/snapshotterd.yaml what, where, when
  snapshotterd --check-config                tells every mistake with its line
  systemctl reload snapshotterd
  snapshotctl status
END
if [ -n "${KEEP:-}" ]; then
  trap - EXIT
  echo "Kept running: DBUS_SESSION_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS snapshotctl --bus session status"
  echo "Stop it with: kill $daemon $bus; rm -r $work"
fi
