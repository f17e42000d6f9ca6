#!/usr/bin/env python3
"""The demo VLM by every method in one table, made by one command (`qvlm table resources/demo/table.json`), all questions: accuracy by
category, KL, block and layer error, search cost in site forwards, seconds, peak memory; each row names its groups.

Where quantization hurts (3-bit activations, the tower at 4 bits): RTN > layer-wise > joint >= joint with VEO on the layers' error, and on
KL wherever two rows can be told apart (tables.py says how).

usage: demo_table.py [--fresh]    without it, rows that an earlier call made from the same recipe, model and data stand
"""
import json
import sys

from common import DEMO, Figures
from tables import DRAWS, check_blocks, check_order, demand_rows, make_table, slug


def main():
    figures = Figures()
    spec = json.loads((DEMO / "table.json").read_text())
    for key in ("model", "calibration", "questions"):
        spec[key] = DEMO / spec[key]
    rows = make_table("demo-table", spec, fresh="--fresh" in sys.argv)
    demand_rows(figures, "demo_table", rows)
    figures.at_least("demo_table_questions", rows["float"].questions, 500)
    for row in rows.values():
        figures.told(f"demo_table_{slug(row.name)}_accuracy", row.accuracy, "%")
        if row.run:
            figures.told(f"demo_table_{slug(row.name)}_kl", row.kl)
            figures.told(f"demo_table_{slug(row.name)}_layer_error", row.layer_error)
    hurt = "W4A3 V4A4"
    drawn = [[rows[f"{method} {hurt}{draw}"] for draw in DRAWS] for method in ("Q-VLM layer-wise", "Q-VLM", "Q-VLM + VEO")]
    check_order(figures, "demo_table", [[rows[f"RTN {hurt}"]], *drawn])
    check_blocks(figures, "demo_table", [rows[f"Q-VLM {hurt}"]])
    # Where the tower's rounding is nearly all that hurts.
    check_order(figures, "demo_table", [[rows[f"{method} W8A16 V4A4{draw}"] for draw in DRAWS] for method in ("RTN", "RTN + VEO")])
    best = rows["best W4A4 g32"]
    figures.at_most("demo_table_best_w4a4_points_lost", rows["float"].accuracy - best.accuracy, 1.5, "points")
    figures.at_most("demo_table_best_w4a4_kl_of_rtn", best.kl / rows["RTN W4A4 g32"].kl, 0.6)
    figures.finish()


if __name__ == "__main__":
    main()
