#!/usr/bin/env bash
# packaging/run without a display from a fresh clone: within 25 minutes the first time, build included, within 5 minutes the second; it
# names the Vulkan device that answered. The compiler cache is empty for the first call.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
git clone --quiet "$root" "$place/qvlm-studio"
export CCACHE_DIR="$place/ccache" XDG_CACHE_HOME="$place/cache" XDG_DATA_HOME="$place/data"
unset DISPLAY WAYLAND_DISPLAY
cd /

call() {  # call NAME BAR_SECONDS
  local begin=$SECONDS status=0
  "$place/qvlm-studio/packaging/run" >"$place/$1.txt" 2>&1 || status=$?
  echo "-- the last lines of the $1 call:"
  tail -n 12 "$place/$1.txt" | sed 's/^/   /'
  at_most "whole_way_$1_status" "$status" 0
  at_most "whole_way_$1_seconds" "$((SECONDS - begin))" "$2"
}
call first 1500
call second 300
text="$place/first.txt"
device="$("$place/qvlm-studio/build/release/bin/qvlm" devices --json | sed -n 's/.*"name":"\([^"]*\)".*/\1/p' | head -n 1)"
echo "-- the Vulkan device: ${device:-none}"
named=0
[ -z "$device" ] || named="$(grep -c -F "vulkan on $device" "$text" || true)"
at_least whole_way_lines_that_name_the_device "$named" 1
at_least whole_way_questions_evaluated "$(grep -o -E '[0-9]+ of [0-9]+|[0-9]+ questions|[0-9]+/[0-9]+' "$text" | grep -c '100' || true)" 1
exit "$short"
