#!/usr/bin/env bash
# Every workspace and dialog in three languages, at two text sizes, in three themes, in two window sizes: names for screen readers, Tab order, no text
# cut off, nothing scrolled sideways, contrast of at least 4.5 : 1; every item model under a tester. The whole product (ctest walks a part of it).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export QVLM_WALK_ALL=1 QTEST_FUNCTION_TIMEOUT=2400000
qt_test studio_walk test_workspaces every_workspace_is_whole dialogs_are_whole the_walk_can_fail
qt_test studio_item_models test_item_models
exit "$short"
