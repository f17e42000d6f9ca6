#!/usr/bin/env python3
"""The demo VLM in float: at least 85 % of the held-out questions; every category has at least 60 of them, is at least 65 % right, and at
least 25 points better than with the images blanked. Combinations never trained on are told apart.

usage: demo_accuracy.py [--backend reference|vulkan]
"""
import sys

from common import DEMO, Figures
from evaluation import evaluate, percent


def main():
    backend = sys.argv[2] if len(sys.argv) == 3 and sys.argv[1] == "--backend" else "reference"
    figures = Figures()
    seen, answers = evaluate(DEMO / "model", "--backend", backend)
    blank, _ = evaluate(DEMO / "model", "--backend", backend, "--blank-images")
    figures.at_least("demo_accuracy_overall", percent(seen["overall"]), 85, "%")
    figures.told("demo_accuracy_overall_blank", percent(blank["overall"]), "%")
    for category, accuracy in seen["categories"].items():
        name = category.replace(" ", "_")
        figures.at_least(f"demo_accuracy_{name}_questions", accuracy["total"], 60)
        figures.at_least(f"demo_accuracy_{name}", percent(accuracy), 65, "%")
        figures.at_least(f"demo_accuracy_{name}_over_blank", percent(accuracy) - percent(blank["categories"][category]), 25, "points")
    figures.at_least("demo_accuracy_categories", len(seen["categories"]), 7)
    if "novel" in seen:
        figures.told("demo_accuracy_novel_combinations", percent(seen["novel"]), f"% of {seen['novel']['total']}")
        known = [answer for answer in answers if not answer.get("novel")]
        figures.told("demo_accuracy_known_combinations", 100.0 * sum(answer["right"] for answer in known) / max(len(known), 1), "%")
    figures.finish()


if __name__ == "__main__":
    main()
