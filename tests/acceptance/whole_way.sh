#!/usr/bin/env bash
# packaging/run without a display, from a clone: within 25 minutes the first time, packages and build included, and within 5 minutes the
# second; it calibrates, quantizes, evaluates 100 questions and asks about a picture on the Vulkan device, which it names.
#   tests/acceptance/whole_way.sh          on a bare Debian 12 (debootstrap, root), where that can be made; else on this machine
#   tests/acceptance/whole_way.sh --here   on this machine, with the packages that it has, and an empty compiler cache
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bare=0
if [ "${1:-}" != --here ] && [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then bare=1; fi
place="$(mktemp -d)"
clean_up() {
  ! mountpoint -q "$place/proc" || umount "$place/proc"
  rm -rf "$place" "$place.log"
}
trap clean_up EXIT

if [ "$bare" = 1 ]; then
  mirror="$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null | sed 's/#.*//' | grep -oE 'https?://[^ ]*debian/?' | head -n 1 || true)"
  debootstrap --variant=minbase bookworm "$place" "${mirror:-http://deb.debian.org/debian}" >"$place.log" 2>&1 || { tail -n 5 "$place.log" >&2; exit 1; }
  cp /etc/resolv.conf "$place/etc/" 2>/dev/null || true
  cp -r /etc/apt/apt.conf.d/. "$place/etc/apt/apt.conf.d/" 2>/dev/null || true
  mount -t proc proc "$place/proc"
fi
git clone --quiet --no-hardlinks "$root" "$place/qvlm-studio"

# inside COMMAND...: runs it where the clone is, with nothing of this user's environment that could help or hinder.
inside() {
  if [ "$bare" = 1 ]; then
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 chroot "$place" "$@"
  else
    env -u DISPLAY -u WAYLAND_DISPLAY CCACHE_DIR="$place/ccache" XDG_CACHE_HOME="$place/cache" XDG_DATA_HOME="$place/data" "$@"
  fi
}
clone="$place/qvlm-studio"
[ "$bare" = 0 ] || clone=/qvlm-studio

call() {  # call NAME BAR_SECONDS
  local begin=$SECONDS status=0
  inside "$clone/packaging/run" >"$place/$1.txt" 2>&1 || status=$?
  echo "-- the $1 call:"
  grep -E -A 1 '^(==|   \([0-9]+ s\))' "$place/$1.txt" | grep -E '^==|^   \(' | sed 's/^/   /' || true
  tail -n 6 "$place/$1.txt" | sed 's/^/   /'
  at_most "whole_way_$1_status" "$status" 0
  at_most "whole_way_$1_seconds" "$((SECONDS - begin))" "$2"
}
figure whole_way_bare_machine "$([ "$bare" = 1 ] && echo yes || echo no)" none ok
call first 1500
call second 300
text="$place/first.txt"
device="$(inside "$clone/build/release/bin/qvlm" devices --json | sed -n 's/.*"name":"\([^"]*\)".*/\1/p' | head -n 1 || true)"
echo "-- the Vulkan device: ${device:-none}"
named=0
[ -z "$device" ] || named="$(grep -c -F "vulkan on $device" "$text" || true)"
at_least whole_way_lines_that_name_the_device "$named" 2
at_least whole_way_evaluations_of_100_questions "$(grep -c -E '^ +all .* of 100 ' "$text" || true)" 1
exit "$short"
