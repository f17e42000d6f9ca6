#!/usr/bin/env python3
"""A random checkpoint of LLaVA-1.5-7B's exact shape: Q-VLM with AWQ over 8 pairs, stopped after the first four decoder layers, under 8 GiB of memory of its
own (RssAnon + RssShmem); planned seconds and bytes, printed first, within 30 %; the whole run extrapolated. Two layers of LLaVA-1.5-13B's likewise, to the end.

The plan is for free processors of the speed that they have when it is made. What the run's threads stood in line for a processor, as the kernel counts it, is
taken off the wall time that the plan is compared with; and where the processors' speed drifts during the run, as a virtual machine's does, by a fixed piece of work timed all along, the planned
seconds are scaled by that drift (both ratios are told).

usage: large_shapes.py [--shape 7b|13b] [--checkpoint DIR] [--stop N] [--keep] [--memory MIB]
"""
import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import threading
import time

from common import DEMO, Figures, WORK, program

# Fewer candidates than the defaults, so that the run takes some minutes; every step of a Q-VLM run is there.
RECIPE = {"weight_method": "awq", "search": "joint", "weight_bits": 4, "weight_group": 128, "samples": 8, "search_samples": 2, "max_depth": 2,
          "rescored_tuples": 2, "candidates": [1, 0.98]}
SHAPES = {"7b": {"name": "llava-7b", "layers": 0, "stop": 4, "whole": 32}, "13b": {"name": "llava-13b", "layers": 2, "stop": 2, "whole": 40}}


def calibration_set(folder):
    """The demo's first eight pairs with one picture, one question each: 576 rows of picture in a large model."""
    folder.mkdir(parents=True, exist_ok=True)
    short = []
    for one in json.loads((DEMO / "calibration" / "conversations.json").read_text()):
        if isinstance(one.get("image"), str) and len(short) < RECIPE["samples"]:
            short.append({"id": one["id"], "image": str(DEMO / "calibration" / one["image"]), "conversations": one["conversations"][:2]})
    path = folder / "eight-pairs.json"
    path.write_text(json.dumps(short))
    return path


class Memory(threading.Thread):
    """The most that a process has of its own, sampled every 20 ms."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.path, self.own, self.peak, self.ended = f"/proc/{pid}/status", 0, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.02):
            try:
                fields = dict(line.split(":", 1) for line in open(self.path) if line.startswith(("Rss", "VmHWM")))
            except OSError:
                return
            if fields:
                size = {name: int(text.split()[0]) * 1024 for name, text in fields.items()}
                self.own = max(self.own, size["RssAnon"] + size["RssShmem"])
                self.peak = size["VmHWM"]


class Waiting(threading.Thread):
    """Seconds that a process's threads were ready to run and no processor was free (the second field of schedstat), sampled every second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.folder, self.of, self.ended = f"/proc/{pid}/task", {}, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(1):
            try:
                for thread in os.listdir(self.folder):
                    with open(f"{self.folder}/{thread}/schedstat") as file:
                        self.of[thread] = int(file.read().split()[1]) / 1e9
            except OSError:
                continue

    def seconds(self, threads):
        """By which the run was held up: the mean over the threads that share its work."""
        return sum(sorted(self.of.values())[-threads:]) / threads


class Drift(threading.Thread):
    """How much slower a processor does a fixed piece of work during the run than while its plan was made."""

    def __init__(self):
        super().__init__(daemon=True)
        self.work, self.planning, self.running, self.planned, self.ended = bytes(16 << 20), [], [], False, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(10 if self.planned else 0.5):  # 1 % of one processor
            began = time.thread_time()
            hashlib.sha1(self.work).digest()
            (self.running if self.planned else self.planning).append(time.thread_time() - began)

    def factor(self, plan_seconds=5):
        """The plan's measurements are the last seconds before it is told."""
        recent = self.planning[-int(plan_seconds / 0.5):]
        return (sum(self.running) / len(self.running)) / (sum(recent) / len(recent)) if self.running and recent else 1.0


def run_and_watch(key, command):
    """-> events, memory, drift, seconds that the threads waited for a processor, wall seconds, processor seconds"""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run = subprocess.Popen([str(a) for a in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    memory, waiting, drift, events = Memory(run.pid), Waiting(run.pid), Drift(), []
    for line in run.stdout:
        event = json.loads(line)
        events.append(event)
        if event["event"] == "RunStarted":
            drift.planned = True
            print(f"{key}: planned {event['planned_seconds']:.0f} s, {event['planned_bytes'] / 2**30:.2f} GiB", flush=True)
        if event["event"] in ("PhaseStarted", "LayerQuantized"):
            print(f"{key}: {event['at']:.0f} s: {event['event']} {event.get('phase', event.get('layer'))}; {memory.own / 2**30:.2f} GiB at most so far", flush=True)
    if run.wait() != 0:
        raise SystemExit(f"{key}: the run ended with {run.returncode}")
    for watch in (memory, waiting, drift):
        watch.ended.set()
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    threads = json.loads(next(e for e in events if e["event"] == "RunStarted")["recipe"])["threads"]
    return events, memory, drift.factor(), waiting.seconds(threads), wall, processor


def measure(figures, key, shape, checkpoint, memory_mib):
    out = WORK / f"large-{key}.qvlm"
    for old in (out, out.with_name(out.name + ".partial")):
        shutil.rmtree(old, ignore_errors=True)
    recipe = WORK / "large-recipe.json"
    recipe.write_text(json.dumps(RECIPE))
    command = [program("qvlm"), "quantize", checkpoint, "--calibration", calibration_set(WORK), "-o", out, "--recipe", recipe, "--stop-after-layers",
               shape["stop"], "--json"] + (["--activation-memory", memory_mib] if memory_mib is not None else [])
    events, memory, drift, waited, wall, processor = run_and_watch(key, command)
    took = wall - waited
    started = next(e for e in events if e["event"] == "RunStarted")
    layers = [e for e in events if e["event"] == "LayerQuantized"]
    blocks = [e for e in events if e["event"] == "BlockSearched"]
    phases = {e["phase"]: e["at"] for e in events if e["event"] == "PhaseStarted"}
    deep = sum(b["last_site"] > b["first_site"] for b in blocks)
    figures.at_most(f"{key}_own_memory_gib", memory.own / 2**30, 8, "GiB")
    figures.told(f"{key}_resident_peak_gib", memory.peak / 2**30, "GiB")
    figures.at_least(f"{key}_layers", len(layers), shape["stop"])
    figures.at_least(f"{key}_joint_blocks", deep, 2)
    figures.told(f"{key}_wall_seconds", wall, "s")
    figures.told(f"{key}_waited_for_processors_seconds", waited, "s")
    figures.told(f"{key}_processor_seconds", processor, "s")
    figures.told(f"{key}_speed_drift", drift)
    figures.told(f"{key}_planned_over_measured_seconds_without_drift", started["planned_seconds"] / took)
    for name, ratio in ((f"{key}_planned_over_measured_seconds", started["planned_seconds"] * drift / took),
                        (f"{key}_planned_over_measured_bytes", started["planned_bytes"] / memory.peak)):
        figures.add(name, ratio, "0.7..1.3", 0.7 <= ratio <= 1.3)
    # The whole: statistics of a layer, and its search, as often as there are layers.
    statistics = (phases["partition"] - phases["statistics"]) / started["layers"]
    search = (layers[-1]["at"] - phases["search"]) / len(layers)
    figures.told(f"{key}_statistics_seconds_per_layer", statistics, "s")
    figures.told(f"{key}_search_seconds_per_layer", search, "s")
    figures.told(f"{key}_extrapolated_hours", (phases["statistics"] + shape["whole"] * (statistics + search)) / 3600, "h")
    for old in (out, out.with_name(out.name + ".partial")):
        shutil.rmtree(old, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=SHAPES)
    parser.add_argument("--checkpoint")
    parser.add_argument("--stop", type=int, help="decoder layers to search, in place of 4 (2)")
    parser.add_argument("--keep", action="store_true", help="leave the checkpoint there")
    parser.add_argument("--memory", type=int, help="--activation-memory of the run")
    options = parser.parse_args()
    figures = Figures()
    WORK.mkdir(parents=True, exist_ok=True)
    for key, shape in SHAPES.items():
        if options.shape not in (None, key):
            continue
        shape["stop"] = options.stop or shape["stop"]
        checkpoint = options.checkpoint or str(WORK / f"llava-{key}")
        if not os.path.exists(checkpoint):
            subprocess.run([program("qvlm-demo"), "random", "--shape", shape["name"], "--layers", str(shape["layers"]), "-o", checkpoint], check=True)
        measure(figures, key, shape, checkpoint, options.memory)
        if not options.keep and not options.checkpoint:
            shutil.rmtree(checkpoint)
    figures.finish()


if __name__ == "__main__":
    main()
