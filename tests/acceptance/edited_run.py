#!/usr/bin/env python3
"""An edit after a run of the demo VLM: a block behind the middle is split, one is given other bits, and `qvlm quantize --reuse` takes over from the
finished run what comes before. Its two GGUF files are byte for byte those of a fresh run with that partition; no block before the edit is searched
again, nothing is measured again. A preview that stops behind the edit searches no block behind its last layer.

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
    edited, index = edited_partition([event for event in journal(first) if event["event"] == "PartitionChanged"][-1]["partition"]["blocks"])
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

    layers = edited[index + 2]["last"] // 4 + 1
    events, seconds = told(preview, "--reuse", str(first), "--partition", str(partition), "--stop-after-layers", str(layers))
    searched = {event["block"] for event in events if event["event"] == "CandidateScored"}
    behind = sum(edited[block]["first"] >= 4 * layers for block in searched)
    figures.add("edited_run_preview_blocks_behind_searched", behind, "<=0", behind == 0)
    figures.told("edited_run_preview_blocks_searched", len(searched))
    figures.told("edited_run_preview_seconds", seconds)
    shutil.rmtree(place)
    figures.finish()


if __name__ == "__main__":
    main()
