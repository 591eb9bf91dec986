#!/usr/bin/env bash
# Builds and runs all the tests and closes with ctest's summary.
#   tests/run.sh                 everything: under ASan+UBSan, what has threads under TSan, then plain
#   tests/run.sh unit            only tests with this label (unit contract integration style system; other-debian:
#                                the package on the Debian, 12 or 13, that this is not)
#   tests/run.sh unit contract   any of these
# Installs what it needs when it runs as root on Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

packaging/dependencies.sh test
labels=$(IFS='|'; echo "$*")
jobs=$(nproc)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
summaries=()

# build_and_test PRESET TARGET [ctest arguments]
build_and_test() {
  local preset=$1 target=$2 bench=OFF; shift 2
  # With sanitizers the micro-benchmarks have nothing to say.
  if [ "$preset" = default ]; then bench=ON; fi
  echo "== $preset: build"
  cmake --preset "$preset" -DSNAPSHOTTER_BENCH="$bench" >/dev/null
  cmake --build --preset "$preset" -j "$jobs" --target "$target"
  echo "== $preset: test"
  ctest --preset "$preset" -j "$jobs" "$@" | tee "$log" || failed=1
  summaries+=("$preset: $(grep -E 'tests passed|No tests' "$log" | tail -n 1)")
}

if [ -n "$labels" ]; then
  build_and_test default all -L "^($labels)"
else
  # The sanitized builds first: the last summary is the plain build's.
  build_and_test asan all -LE 'style|system|other-debian'
  build_and_test tsan threaded_tests -L threads
  build_and_test default all -LE other-debian
fi
echo
printf '%s\n' "${summaries[@]}"
exit $failed
