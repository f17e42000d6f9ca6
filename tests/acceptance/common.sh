# What the acceptance commands in bash share. Source it after `set -euo pipefail`.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
build="${QVLM_BUILD:-$root/build/release}"
short=0

# figure NAME VALUE BAR ok|short: prints the figure for people and for the collector.
figure() {
  printf '%s: %s (%s%s)\n' "$1" "$2" "$3" "$([ "$4" = ok ] || echo ', SHORT')"
  printf 'FIGURE %s %s %s %s\n' "$1" "$2" "$3" "$4"
  [ "$4" = ok ] || short=1
}
at_most() { figure "$1" "$2" "<=$3" "$([ "$2" -le "$3" ] && echo ok || echo short)"; }
at_least() { figure "$1" "$2" ">=$3" "$([ "$2" -ge "$3" ] && echo ok || echo short)"; }

# qt_counts TEST_OUTPUT: "passed failed skipped" of a Qt Test program's output.
qt_counts() { sed -n 's/^Totals: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped.*/\1 \2 \3/p' "$1" | tail -n 1; }

# qt_test FIGURE PROGRAM [functions...]: runs a Qt Test program; figures: how many of its functions passed and failed.
qt_test() {
  local name="$1" program="$2" output passed=0 failed=0 skipped=0
  shift 2
  [ -x "$build/bin/$program" ] || { echo "$build/bin/$program is not built (packaging/build)" >&2; exit 1; }
  output="$(mktemp)"
  QT_QPA_PLATFORM="${QT_QPA_PLATFORM:-offscreen}" "$build/bin/$program" "$@" >"$output" 2>&1 || true
  read -r passed failed skipped < <(qt_counts "$output") || true
  if [ -z "$passed" ] || [ "$failed" != 0 ]; then grep -A 4 -E '^(FAIL!|QFATAL|QWARN|ERROR)' "$output" >&2 || tail -n 20 "$output" >&2; fi
  rm -f "$output"
  # Two of the passed ones are initTestCase and cleanupTestCase.
  at_least "${name}_passed" "$(( ${passed:-0} > 2 ? passed - 2 : 0 ))" 1
  at_most "${name}_failed" "${failed:-1}" 0
  at_most "${name}_skipped" "${skipped:-1}" 0
}
