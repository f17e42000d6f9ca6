#!/usr/bin/env python3
"""20 runs killed (SIGKILL) at random moments and resumed: both GGUF files byte for byte those of the unbroken run, and the journal the same
but for its times; some more that measure axes and learn transforms. Then a run killed half-way and resumed with an edited partition: equal to
a fresh run with that partition, blocks before the edit taken over.

usage: kill_and_resume.py [--runs N] [--seed N]
"""
import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import time

from common import DEMO, Figures, WORK, program

SEARCHED = ["--preset", "w4a4", "--samples", "12", "--search-samples", "4"]
LEARNED = ["--preset", "best-w4a4", "--samples", "8", "--search-samples", "4", "--transform-epochs", "1"]
TIMES = ("at", "seconds")


def command(out, *options):
    return [program("qvlm"), "quantize", str(DEMO / "model"), "--calibration", str(DEMO / "calibration"), "-o", str(out), "--json", *options]


def clear(out):
    for old in (out, out.with_name(out.name + ".partial")):
        shutil.rmtree(old, ignore_errors=True)


def finish(out, *options):
    result = subprocess.run(command(out, *options), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{out}: ended with {result.returncode}: {result.stderr.strip() or result.stdout[-400:]}")


def kill_after(out, seconds, *options):
    """-> whether the run was still going on"""
    run = subprocess.Popen(command(out, *options), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    going = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    return going


def kill_behind(out, site, *options):
    """Kills the run once its journal has a block that ends behind `site`."""
    run = subprocess.Popen(command(out, *options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in run.stdout:
        event = json.loads(line)
        if event["event"] == "BlockSearched" and event["last_site"] > site:
            break
    run.send_signal(signal.SIGKILL)
    run.wait()


def journal(out):
    return [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]


def outcome(out):
    """What a run found out, without its times: the last word on every site, block and layer."""
    last = {}
    for event in journal(out):
        kind = event["event"]
        if kind in ("RunStarted", "RunResumed", "PhaseStarted", "CandidateScored"):
            continue  # told once more after a resumption, or only then
        if kind == "RunFinished":
            event = {"site_forwards": event["site_forwards"], "stored_bytes": event["stored_bytes"]}
        key = next((event[name] for name in ("site", "first_site", "layer") if name in event), 0)
        last[f"{kind} {key}"] = {name: value for name, value in event.items() if name not in TIMES}
    return last


def files(out):
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in ("model.gguf", "vision.gguf", "recipe.json")}


def kill_some(figures, name, place, recipe, runs, draw):
    """-> the folder of the unbroken run"""
    whole = place / f"whole{name}.qvlm"
    clear(whole)
    begin = time.monotonic()
    finish(whole, *recipe)
    seconds = time.monotonic() - begin
    expected_files, expected = files(whole), outcome(whole)
    figures.told(f"kill{name}_whole_run_seconds", seconds)

    same_files = same_journal = killed = kills = 0
    broken = place / "broken.qvlm"
    for _ in range(runs):
        clear(broken)
        options = []
        interrupted = False
        for _ in range(draw.choice((1, 1, 2))):  # some are killed again while they are resumed
            going = kill_after(broken, draw.uniform(0.02, 0.98) * seconds, *recipe, *options)
            interrupted |= going
            kills += going
            if broken.exists():
                break
            options = ["--resume"] if (broken.with_name("broken.qvlm.partial") / "journal.jsonl").exists() else ["--replace"]
        killed += interrupted
        if not broken.exists():
            finish(broken, *recipe, *options)
        same_files += files(broken) == expected_files
        same_journal += outcome(broken) == expected
    figures.at_least(f"kill{name}_runs_killed", killed, runs * 0.8)
    figures.told(f"kill{name}_kills", kills)
    figures.add(f"kill{name}_runs_with_the_same_files", same_files, f">={runs}", same_files == runs)
    figures.add(f"kill{name}_runs_with_the_same_journal", same_journal, f">={runs}", same_journal == runs)
    return whole


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    figures = Figures()
    place = WORK / "kill"
    place.mkdir(parents=True, exist_ok=True)

    whole = kill_some(figures, "", place, SEARCHED, arguments.runs, draw)
    kill_some(figures, "_learned", place, LEARNED, arguments.runs // 5, draw)

    broken = place / "broken.qvlm"
    # An edited partition: the first block of depth two or more behind the middle is split.
    blocks = [event for event in journal(whole) if event["event"] == "PartitionChanged"][-1]["partition"]["blocks"]
    index = next(i for i, block in enumerate(blocks) if block["first"] >= 24 and block["last"] > block["first"])
    edited = [dict(block) for block in blocks]
    edited[index:index + 1] = [dict(blocks[index], last=blocks[index]["first"]), dict(blocks[index], first=blocks[index]["first"] + 1)]
    partition = place / "edited.json"
    partition.write_text(json.dumps({"blocks": edited}))
    fresh = place / "fresh.qvlm"
    clear(fresh)
    finish(fresh, *SEARCHED, "--partition", str(partition))
    clear(broken)
    kill_behind(broken, blocks[index]["last"] + 4, *SEARCHED)
    if broken.exists():
        raise SystemExit("the run ended before it was killed")
    done = {event["first_site"] for event in journal(broken.with_name("broken.qvlm.partial")) if event["event"] == "BlockSearched"}
    finish(broken, *SEARCHED, "--resume", "--partition", str(partition))
    events = journal(broken)
    resumed = max(i for i, event in enumerate(events) if event["event"] == "RunResumed")
    again = {event["first_site"] for event in events[resumed:] if event["event"] == "BlockSearched"}
    scored = {event["block"] for event in events[resumed:] if event["event"] == "CandidateScored"}
    before = {block["first"] for block in blocks[:index]}
    searched_before = {edited[block]["first"] for block in scored} & before & done
    figures.told("kill_edited_blocks_done_before", len(done))
    figures.told("kill_edited_blocks_told_again", len(again))
    figures.add("kill_edited_blocks_before_the_edit_searched_again", len(searched_before), "<=0", not searched_before)
    figures.add("kill_edited_files_equal_a_fresh_run", int(files(broken) == files(fresh)), ">=1", files(broken) == files(fresh))
    shutil.rmtree(place)
    figures.finish()


if __name__ == "__main__":
    main()
