#!/usr/bin/env bash
# The checker of barriers passes the recorded work of the engine, and fails when any one barrier is taken out.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
qt_test barriers test_barriers
exit "$short"
