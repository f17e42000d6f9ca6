#!/usr/bin/env python3
"""Entropy against the discretization error difference (DED) on the demo model at W4A4: R^2 of a straight line over the calibration samples
at four depths, the rival proxy (quantization error) beside it, as measured. Q-VLM reports 0.97 and 0.81 on LLaVA's layer 15.
"""
import json

from common import Figures
from evaluation import quantize


def main():
    figures = Figures()
    folder = quantize("demo-proxies", "--preset", "w4a4", "--validate-proxies", 4)
    rows = json.loads((folder / "report.json").read_text())["proxies"]
    figures.at_least("proxies_depths", len(rows), 3)
    for row in rows:
        layer = row["site"] // 4
        figures.at_least(f"proxies_layer_{layer}_samples", row["samples"], 64)
        figures.told(f"proxies_layer_{layer}_mean_difference", row["mean_difference"])
        for proxy in ("dependency", "entropy", "quantization_error"):
            figures.told(f"proxies_layer_{layer}_r_squared_{proxy}", row[f"r_squared_{proxy}"])
    figures.finish()


if __name__ == "__main__":
    main()
