#!/usr/bin/env bash
# The quick tests of core and gpu under the address (with leaks) and undefined-behaviour sanitizers, built in build/asan-ubsan.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"
log="$root/build/asan-ubsan.log"
mkdir -p build
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
# libtorch and Qt's widgets are left out: they are neither this project's code nor built for the sanitizers.
cmake --preset asan-ubsan -DQVLM_LAB=OFF -DQVLM_STUDIO=OFF >"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
cmake --build build/asan-ubsan -j 2 >>"$log" 2>&1 || { grep -A 8 -E 'error:' "$log" | head -n 40 >&2; exit 1; }
# The slow unwinder would take the lock that the software driver holds while it registers compiled code: the fast one stays.
# Qt, the Vulkan loader and the driver keep memory of their own until the process ends; a leak of this project's code has other frames.
suppressions="$root/tests/acceptance/leaks.txt"
export ASAN_OPTIONS="detect_leaks=1:halt_on_error=1" UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1" LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0"
results="$(mktemp)"
ctest --test-dir build/asan-ubsan -j 2 --timeout 600 --no-tests=error -LE acceptance >"$results" 2>&1 || true
passed="$(grep -c ' Passed ' "$results" || true)"
failed="$(grep -c -E '\*\*\*(Failed|Timeout|Exception)|\*\*\*Not Run' "$results" || true)"
reports="$(grep -l -E 'ERROR: (Address|Leak)Sanitizer|runtime error:' build/asan-ubsan/Testing/Temporary/LastTest.log 2>/dev/null | wc -l)"
[ "$failed" = 0 ] || sed -n '/The following tests FAILED/,$p' "$results" >&2
[ "$reports" = 0 ] || grep -A 12 -E 'ERROR: (Address|Leak)Sanitizer|runtime error:' build/asan-ubsan/Testing/Temporary/LastTest.log | head -n 60 >&2
rm -f "$results"
at_least sanitizers_tests_passed "$passed" 20
at_most sanitizers_tests_failed "$failed" 0
at_most sanitizers_logs_with_reports "$reports" 0
exit "$short"
