#!/usr/bin/env python3
"""The quantize command with the balanced preset on the demo model: under 60 seconds on two cores, model and pictures read included."""
import time

from common import DEMO, Figures, WORK, program, run_json


def main():
    figures = Figures()
    WORK.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    run_json([program("qvlm"), "quantize", DEMO / "model", "--calibration", DEMO / "calibration", "-o", WORK / "demo-balanced.qvlm", "--preset", "balanced",
              "--replace", "--json"])
    figures.at_most("balanced_seconds", time.monotonic() - begin, 60, "s")
    figures.finish()


if __name__ == "__main__":
    main()
