#!/usr/bin/env python3
"""Which proxy ranks assignments of bits best? Spearman's rho between each proxy and the measured loss (KL of the next token; relative error of
the last hidden state) over random assignments of 3 to 8 bits to the demo model's 48 sites, 8 calibration samples: once of any size, where
the number of bits alone tells much, and once all of 4.25 bits a weight, where it tells nothing. Every rho as measured.

usage: proxy_bench.py [N]    assignments (default 200)
"""
import sys

from common import DEMO, Figures, program, run_json

SIZE = 4.25  # bits a weight, with scales and zeros


def rank(assignments, *options):
    """-> (the result, the assignments)"""
    lines = run_json([program("qvlm"), "proxies", DEMO / "model", "--calibration", DEMO / "calibration", "--assignments", assignments, "--samples", 8,
                      "--json", *options])
    return lines[-1], [line for line in lines if line["event"] == "AssignmentMeasured"]


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) == 2 else 200
    figures = Figures()
    for name, options in (("any_size", ()), ("one_size", ("--budget-bits", SIZE))):
        result, measured = rank(wanted, *options)
        figures.at_least(f"proxy_bench_{name}_assignments", len(measured), wanted)
        figures.told(f"proxy_bench_{name}_bits_least", min(row["bits_per_weight"] for row in measured))
        figures.told(f"proxy_bench_{name}_bits_most", max(row["bits_per_weight"] for row in measured))
        if options:
            figures.at_most(f"proxy_bench_{name}_over_its_size", sum(row["bits_per_weight"] > SIZE for row in measured), 0)
        for proxy in result["proxies"]:
            for loss in ("kl", "hidden"):
                rho = proxy[f"rho_{loss}"]
                figures.told(f"proxy_bench_{name}_rho_{loss}_{proxy['name'].replace('-', '_')}", float("nan") if rho is None else rho)
        figures.at_least(f"proxy_bench_{name}_proxies", len(result["proxies"]), 5)
    figures.finish()


if __name__ == "__main__":
    main()
