#!/usr/bin/env bash
# The studio killed (SIGKILL) in the middle of an answer and of a run of the real qvlm on the demo model, started again: the chat with its broken
# answer, the run that is resumed, no child left behind. Then quitting in a run, and a full disk.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export QVLM_COMMAND="$build/bin/qvlm" QVLM_DEMO="$root/resources/demo"
QVLM_SURVIVAL_QUESTION="Describe the picture, every shape in it, its colour and where it stands." \
  qt_test studio_survival test_survival a_killed_studio_is_there_again quitting_in_a_run_asks_and_keeps_it a_full_disk_does_not_cost_the_answer
exit "$short"
