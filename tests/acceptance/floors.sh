#!/usr/bin/env bash
# No include from a lower floor to a higher one and no include circle, over every file; the test proves itself on planted violations.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
qt_test floors test_floors
exit "$short"
