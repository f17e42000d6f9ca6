#!/usr/bin/env bash
# The whole way in the studio by clicks and keys under Xvfb: load, quantize, watch, move a border, run again, chat, evaluate, compare,
# export. The pictures of the workspaces are left in build/acceptance/studio.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
pictures="$root/build/acceptance/studio"
rm -rf "$pictures"
mkdir -p "$pictures"
begin=$SECONDS
output="$(mktemp)"
QT_QPA_PLATFORM=xcb QVLM_WHOLE_WAY_SAMPLES=64 QVLM_SCREENSHOTS="$pictures" QTEST_FUNCTION_TIMEOUT=2400000 \
  xvfb-run -a -s "-screen 0 1440x900x24" "$build/bin/test_whole_way" >"$output" 2>&1 || true
read -r passed failed skipped < <(qt_counts "$output") || true
[ "${failed:-1}" = 0 ] || { grep -A 4 -E '^(FAIL!|QFATAL|ERROR)' "$output" >&2 || tail -n 20 "$output" >&2; }
rm -f "$output"
at_least studio_whole_way_passed "$(( ${passed:-0} > 2 ? passed - 2 : 0 ))" 1
at_most studio_whole_way_failed "${failed:-1}" 0
at_most studio_whole_way_skipped "${skipped:-1}" 0
at_least studio_whole_way_screenshots "$(find "$pictures" -name '*.png' -size +8k | wc -l)" 5
figure studio_whole_way_seconds "$((SECONDS - begin))" none ok
exit "$short"
