#!/usr/bin/env python3
"""What a run plans with, printed before it starts, against what it took: seconds and bytes within 30 % on the demo model, for four kinds of runs."""
from common import DEMO, Figures, WORK, program
from large_shapes import run_and_watch

RUNS = {"gptq_a16": ["--preset", "balanced"], "awq_a16": ["--weight-method", "awq", "--search", "joint", "--weights", "4", "--activations", "16"],
        "learned_a4": ["--preset", "best-w4a4", "--samples", "16"],
        "rtn_a4": ["--weight-method", "rtn", "--search", "joint", "--weights", "4", "--activations", "4"]}


def main():
    figures = Figures()
    WORK.mkdir(parents=True, exist_ok=True)
    for name, options in RUNS.items():
        events, memory, drift, waited, wall, processor = run_and_watch(
            name, [program("qvlm"), "quantize", DEMO / "model", "--calibration", DEMO / "calibration", "-o", WORK / f"plan-{name}.qvlm", *options, "--replace", "--json"])
        started = next(e for e in events if e["event"] == "RunStarted")
        figures.told(f"{name}_wall_seconds", wall, "s")
        figures.told(f"{name}_processor_seconds", processor, "s")
        for what, ratio in (("seconds", started["planned_seconds"] * drift / (wall - waited)), ("bytes", started["planned_bytes"] / memory.peak)):
            figures.add(f"{name}_planned_over_measured_{what}", ratio, "0.7..1.3", 0.7 <= ratio <= 1.3)
    figures.finish()


if __name__ == "__main__":
    main()
