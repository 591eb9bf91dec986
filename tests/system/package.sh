#!/usr/bin/env bash
# Installs, upgrades, removes and purges the Debian package, and looks at what each leaves:
#   package.sh snapshotterd_VERSION_ARCH.deb      as root, in a system that may be thrown away
# In a chroot it checks files, users and maintainer scripts; where systemd runs, the service as well. Everything
# the package depends on must be installed already, or apt-get reach it.
set -uo pipefail

deb=$(realpath "$1")
failures=0
ok() { # ok WHAT COMMAND…
  local what=$1
  shift
  if "$@" >/tmp/package-check 2>&1; then
    echo "ok    $what"
  else
    echo "FAIL  $what: $*"
    sed 's/^/      /' /tmp/package-check
    failures=$((failures + 1))
  fi
}
not() { ! "$@"; }
is() { [ "$1" = "$2" ] || { echo "'$1', not '$2'"; false; }; }
mode() { stat -c '%a %U:%G' "$1"; }
contains() { grep -q -- "$2" <<<"$1" || { printf '%s\n' "no '$2' in:" "$1"; false; }; }
booted() { [ -d /run/systemd/system ]; }
apt() { DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@"; }

config=/etc/snapshotterd/snapshotterd.yaml

# The same package under a higher version, with another default configuration in it.
newer() {
  local folder
  folder=$(mktemp -d)
  dpkg-deb -R "$deb" "$folder/tree"
  sed -i 's/^Version: \(.*\)/Version: \1+next/' "$folder/tree/DEBIAN/control"
  echo '# a later default' >>"$folder/tree/etc/snapshotterd/snapshotterd.yaml"
  (cd "$folder/tree" && find etc lib usr -type f -exec md5sum {} + >DEBIAN/md5sums 2>/dev/null)
  dpkg-deb --root-owner-group -b "$folder/tree" "$folder/newer.deb" >/dev/null
  echo "$folder/newer.deb"
}

check_files() {
  ok "the user is there" getent passwd snapshotter
  ok "the group is there" getent group snapshotter
  ok "the configuration's folder" is "$(mode /etc/snapshotterd)" "750 root:snapshotter"
  ok "the drop-ins' folder" is "$(mode /etc/snapshotterd/conf.d)" "750 root:snapshotter"
  ok "nobody but root and the daemon reads it" is "$(mode $config)" "640 root:snapshotter"
  ok "the store of the default configuration" is "$(mode /srv/backups)" "700 snapshotter:snapshotter"
  ok "the configuration is good" snapshotterd --check-config
  ok "the daemon's user can read it" setpriv --reuid snapshotter --regid snapshotter --clear-groups \
    snapshotterd --check-config
  ok "others can't" not setpriv --reuid nobody --regid nogroup --clear-groups cat $config
  ok "dpkg finds every file as it was shipped" is "$(dpkg --verify snapshotterd)" ""
}

check_service() {
  ok "the service runs" systemctl is-active snapshotterd
  ok "and will after a boot" systemctl is-enabled snapshotterd
  ok "as a user of its own" is "$(ps -o user= -p "$(systemctl show -P MainPID snapshotterd)")" snapshotter
  ok "snapshotctl reaches it" snapshotctl status
  ok "it backs up /etc into /srv/backups" snapshotctl run nightly --wait
  ok "and the backup is good" contains "$(snapshotctl backups --json)" '"good":true'
  ok "the journal explains" contains "$(journalctl -x -u snapshotterd)" "A run of job nightly has succeeded"
  ok "and finds a job's lines" contains "$(journalctl -u snapshotterd SNAPSHOTTER_JOB=nightly)" succeeded
}

echo "== install"
ok "installs" apt install "$deb"
check_files
if booted; then check_service; fi

echo "== once more"
ok "reinstalls" apt install --reinstall "$deb"
ok "the scripts can be run again" dpkg-reconfigure snapshotterd
check_files
if booted; then ok "the service runs" systemctl is-active snapshotterd; fi

echo "== upgrade"
echo '# by the administrator' >>$config
chmod 600 $config
pid=$(systemctl show -P MainPID snapshotterd 2>/dev/null)
next=$(newer)
ok "upgrades" apt install "$next"
ok "keeps what the administrator wrote" grep -q 'by the administrator' $config
ok "and the mode that the administrator gave it" is "$(mode $config)" "600 root:snapshotter"
ok "the new default lies beside it" test -e $config.dpkg-dist
if booted; then
  ok "the service runs" systemctl is-active snapshotterd
  ok "and is the new one" not is "$(systemctl show -P MainPID snapshotterd)" "$pid"
  systemctl disable --now snapshotterd 2>/dev/null
  ok "a service that was switched off" apt install --reinstall "$next"
  ok "stays off" not systemctl is-active snapshotterd
  ok "and is not enabled" not systemctl is-enabled snapshotterd
fi

echo "== remove"
touch /srv/backups/precious
mkdir -p /var/lib/snapshotterd/backups /var/log/snapshotterd
touch /var/lib/snapshotterd/catalog.sqlite /var/lib/snapshotterd/backups/precious \
  /var/log/snapshotterd/snapshotterd.log /var/log/snapshotterd/snapshotterd.1.log
ok "removes" apt remove snapshotterd
ok "the configuration stays" test -e $config
ok "and the catalog" test -e /var/lib/snapshotterd/catalog.sqlite
if booted; then ok "nothing runs" not pgrep -x snapshotterd; fi

echo "== purge"
ok "purges" apt purge snapshotterd
ok "the configuration is gone" not test -e /etc/snapshotterd
ok "the log, too" not test -e /var/log/snapshotterd
ok "and the catalog" not test -e /var/lib/snapshotterd/catalog.sqlite
ok "a backup in the store stays" test -e /srv/backups/precious
ok "a backup that was put beside the catalog stays" test -e /var/lib/snapshotterd/backups/precious

echo "== install over what is left"
chown root:root /srv/backups
chmod 755 /srv/backups
ok "installs" apt install "$deb"
ok "a folder that was there is left as it was" is "$(mode /srv/backups)" "755 root:root"
ok "purges" apt purge snapshotterd

echo
[ "$failures" = 0 ] && echo "all good" || echo "$failures failed"
exit $((failures > 0))
