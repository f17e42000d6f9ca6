#!/usr/bin/env bash
# The window while a run goes on and answers stream: no event of the interface thread above 50 ms, 99 % of them under 16 ms; children at low
# priority; the first window within 1 s of the start. Beside the times by the clock stand those by the thread's own work: on a machine that
# others use too, the difference is theirs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
data="$(mktemp -d)"
trap 'rm -rf "$data"' EXIT
[ -x "$build/bin/bench_heartbeat" ] || { echo "$build/bin/bench_heartbeat is not built (packaging/build)" >&2; exit 1; }
QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1440x900x24" "$build/bin/bench_heartbeat" "${1:-30}" >"$data/pulse" || short=1
value() { sed -n "s/^$1 //p" "$data/pulse"; }
# less NAME VALUE BAR UNIT: a decimal below its bar.
less() { figure "$1" "$2$4" "<$3$4" "$(awk -v a="${2:-1e9}" -v b="$3" 'BEGIN { print (a + 0 < b + 0) ? "ok" : "short" }')"; }
at_least studio_heartbeat_events "$(value events)" 1000
at_least studio_heartbeat_answers "$(value answers)" 1
at_least studio_heartbeat_blocks "$(value blocks)" 1
less studio_heartbeat_longest "$(value longest_ms)" 50 ms
figure studio_heartbeat_longest_work "$(value longest_work_ms)ms" none ok
at_most studio_heartbeat_stalls "$(value stalls)" 0
less studio_heartbeat_p99 "$(value percentile_99_ms)" 16 ms
figure studio_heartbeat_worst "$(value worst | tr ' ' '_')" none ok
at_least studio_heartbeat_child_nice "$(value child_nice)" 10
# The first window, three starts: from the start of the process to its first painting; the best, as the others pay for what they find cold.
best=""
for start in 1 2 3; do
  ms="$(QVLM_STUDIO_DATA="$data/studio" QVLM_STUDIO_QUIT_AT_FIRST_WINDOW=1 QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1440x900x24" \
    "$build/bin/qvlm-studio" --heartbeat 2>&1 | sed -n 's/.*first window \([0-9]*\) ms.*/\1/p')"
  [ -n "$ms" ] && { [ -z "$best" ] || [ "$ms" -lt "$best" ]; } && best="$ms"
done
at_most studio_first_window_ms "${best:-999999}" 1000
exit "$short"
