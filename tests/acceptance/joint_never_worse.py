#!/usr/bin/env python3
"""What the reports of two runs (W4A16 and W4A4, 64 pairs) say per block: entropy, D, the spread of its candidates, and the errors of the
layer-wise and the joint tuple on the same inputs. Joint is never worse; at W4A4 it is strictly better in some blocks, with the mean gain.
"""
import json
import math

from common import Figures
from evaluation import quantize

FIELDS = ("entropy", "dependency", "spread", "layerwise_error", "joint_error", "layerwise_parameters", "joint_parameters")


def searched(folder):
    """The journal's last BlockSearched of every block, by its first site: what the report must say, too."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return {line["first_site"]: line for line in lines if line["event"] == "BlockSearched"}


def main():
    figures = Figures()
    for activations in (16, 4):
        name = f"w4a{activations}"
        folder = quantize(f"demo-{name}", "--weights", 4, "--activations", activations, fresh=activations != 16)
        report = json.loads((folder / "report.json").read_text())
        blocks, journal = report["blocks"], searched(folder)
        complete = [block for block in blocks if all(field in block and finite(block[field]) for field in FIELDS)]
        figures.add(f"joint_{name}_blocks_reported_in_full", len(complete), f">={len(blocks)}", len(complete) == len(blocks) > 0, f"of {len(blocks)}")
        same = sum(math.isclose(block["joint_error"], journal[block["first_site"]]["joint_error"], rel_tol=1e-9) for block in blocks)
        figures.add(f"joint_{name}_blocks_as_in_the_journal", same, f">={len(blocks)}", same == len(blocks), f"of {len(blocks)}")
        worse = sum(block["joint_error"] > block["layerwise_error"] for block in blocks)
        figures.at_most(f"joint_{name}_blocks_worse_than_layerwise", worse, 0)
        better = [block for block in blocks if block["joint_error"] < block["layerwise_error"]]
        gain = 100 * sum(1 - block["joint_error"] / block["layerwise_error"] for block in blocks if block["layerwise_error"] > 0) / len(blocks)
        share = 100 * len(better) / len(blocks)
        if activations == 4:
            figures.above(f"joint_{name}_share_strictly_better", share, 0, "%")
            figures.above(f"joint_{name}_mean_gain", gain, 0, "%")
        else:
            figures.told(f"joint_{name}_share_strictly_better", share, "%")
            figures.told(f"joint_{name}_mean_gain", gain, "%")
        figures.told(f"joint_{name}_blocks_of_depth_1_2_3", "/".join(str(n) for n in report["depth_histogram"]))
        figures.told(f"joint_{name}_median_spread", 100 * sorted(block["spread"] for block in blocks)[len(blocks) // 2], "%")
    figures.finish()


def finite(value):
    return all(math.isfinite(x) for x in value) if isinstance(value, list) else math.isfinite(value)


if __name__ == "__main__":
    main()
