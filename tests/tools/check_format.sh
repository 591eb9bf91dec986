#!/usr/bin/env bash
# Fails for each source file that clang-format would change. check_format.sh ROOT [clang-format]
set -euo pipefail
root=$1
format=${2:-clang-format}
find "$root"/lib "$root"/daemon "$root"/tests \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
  xargs -0 "$format" --dry-run -Werror
