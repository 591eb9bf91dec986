#!/usr/bin/env bash
# Measures Snapshotter, side by side with what one would use instead. README.md explains.
#   tests/bench/run.sh [compare] [OPTIONS]   ours against tar, pigz, zstd, restic and borg
#   tests/bench/run.sh levels [OPTIONS]      ours at every level of compression
#   tests/bench/run.sh memory [SCENARIO…]    the peak memory of ours in hard cases
#   tests/bench/run.sh services [BENCH…]     idling, answering over D-Bus, taking in dumps
#   tests/bench/run.sh neighbour [OPTIONS]   what a database next door feels of a backup
#   tests/bench/run.sh micro [OPTIONS]       single parts of ours, with Google Benchmark
#   tests/bench/run.sh NAME --help           the options
# Builds the two programs; with SNAPSHOTTER_BIN set it takes those from there. Installs nothing:
# `packaging/dependencies.sh bench` does, and contenders that are missing are named and left out.
set -euo pipefail
bench=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$bench")")

case ${1:-} in
  '' | -*) name=compare ;;
  *) name=$1; shift ;;
esac
if [ "$name" = micro ]; then
  (
    cd "$root"
    cmake --preset default -DSNAPSHOTTER_BENCH=ON >/dev/null
    cmake --build --preset default --target bench_micro
  ) >&2
  exec "$root/build/tests/bench_micro" "$@"
fi
# The programs to call are executable, what they share is not.
if [ ! -x "$bench/$name.py" ]; then
  echo "run.sh: there is no bench '$name'; see run.sh --help" >&2
  exit 64
fi
if [ "$name" = compare ]; then
  case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; echo ;; esac
fi

build() {
  local options=() targets=(snapshotterd snapshotctl)
  if [ "$name" = services ]; then
    options+=(-DSNAPSHOTTER_BENCH=ON)
    targets+=(bus_load)
  fi
  cd "$root"
  cmake --preset default "${options[@]}" >/dev/null
  cmake --build --preset default --target "${targets[@]}"
}
if [ -z "${SNAPSHOTTER_BIN:-}" ]; then
  case " $* " in *' --help '* | *' -h '*) ;; *) (build) >&2 ;; esac
  export SNAPSHOTTER_BIN=$root/build/bin
fi
exec python3 -B "$bench/$name.py" "$@"
