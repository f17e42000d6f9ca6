#!/usr/bin/env python3
"""An edit after a run of the demo VLM: a block behind the middle is split, one is given other bits, and `qvlm quantize --reuse` takes over from the
finished run what comes before. Its two GGUF files are byte for byte those of a fresh run with that partition; no block before the edit is searched
again, nothing is measured again. A preview of two edits far apart searches the edited blocks and none between or behind them; resumed, it gives
the files of a fresh run.

usage: edited_run.py
"""
import json
import shutil
import subprocess
import time

from common import Figures, WORK
from kill_and_resume import SEARCHED, clear, command, files, finish, journal


def edited_partition(blocks):
    """-> blocks, index of the first that is another"""
    index = next(i for i, block in enumerate(blocks) if block["first"] >= 24 and block["last"] > block["first"])
    edited = [dict(block) for block in blocks]
    edited[index:index + 1] = [dict(blocks[index], last=blocks[index]["first"]), dict(blocks[index], first=blocks[index]["first"] + 1)]
    edited[index + 2]["bits"] = 6
    return edited, index


def told(out, *options):
    """-> events on stdout, seconds"""
    begin = time.monotonic()
    result = subprocess.run(command(out, *options), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{out}: ended with {result.returncode}: {result.stderr.strip()}")
    return [json.loads(line) for line in result.stdout.splitlines()], time.monotonic() - begin


def main():
    figures = Figures()
    place = WORK / "edited_run"
    place.mkdir(parents=True, exist_ok=True)
    first, fresh, again, preview = (place / f"{name}.qvlm" for name in ("first", "fresh", "again", "preview"))
    for out in (first, fresh, again, preview):
        clear(out)
    finish(first, *SEARCHED)
    blocks = [event for event in journal(first) if event["event"] == "PartitionChanged"][-1]["partition"]["blocks"]
    edited, index = edited_partition(blocks)
    partition = place / "edited.json"
    partition.write_text(json.dumps({"blocks": edited}))

    _, fresh_seconds = told(fresh, *SEARCHED, "--partition", str(partition))
    events, seconds = told(again, "--reuse", str(first), "--partition", str(partition))
    searched = {event["block"] for event in events if event["event"] == "CandidateScored"}
    measured = sum(event["event"] in ("SiteMeasured", "EntropyMeasured") for event in events)
    figures.told("edited_run_blocks", len(edited))
    figures.told("edited_run_blocks_searched", len(searched))
    figures.add("edited_run_blocks_before_the_edit_searched_again", sum(block < index for block in searched), "<=0", min(searched) >= index)
    figures.add("edited_run_sites_measured_again", measured, "<=0", measured == 0)
    figures.add("edited_run_files_equal_a_fresh_run", int(files(again) == files(fresh)), ">=1", files(again) == files(fresh))
    figures.told("edited_run_seconds", seconds)
    figures.told("edited_run_fresh_seconds", fresh_seconds)

    # Far apart: the edit above, and other bits near the beginning, which change the stream through all between.
    apart = [dict(block) for block in edited]
    apart[1]["bits"] = 6
    partition.write_text(json.dumps({"blocks": apart}))
    _, fresh_seconds = told(fresh, *SEARCHED, "--replace", "--partition", str(partition))
    events, seconds = told(preview, "--reuse", str(first), "--partition", str(partition), "--preview")
    searched = {event["block"] for event in events if event["event"] == "CandidateScored"}
    changed = {i for i, block in enumerate(apart) if block not in blocks}
    figures.told("edited_run_preview_blocks_edited", len(changed))
    figures.add("edited_run_preview_blocks_searched_but_not_edited", len(searched - changed), "<=0", searched <= changed)
    figures.add("edited_run_preview_edited_blocks_searched", len(searched & changed), f">={len(changed)}", searched >= changed)
    figures.told("edited_run_preview_seconds", seconds)
    figures.told("edited_run_preview_fresh_seconds", fresh_seconds)
    told(preview, "--resume")
    figures.add("edited_run_preview_resumed_files_equal_a_fresh_run", int(files(preview) == files(fresh)), ">=1", files(preview) == files(fresh))
    shutil.rmtree(place)
    figures.finish()


if __name__ == "__main__":
    main()
