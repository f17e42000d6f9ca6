#!/usr/bin/env python3
"""Mixed precision under a budget on the demo model, weights rounded to nearest, no search, group 32: at 4.25 bits a weight (scales and zeros
counted) against random assignments of the same size, and against 3 bits everywhere (3.75 a weight); and a budget of milliseconds by a table
that is measured on this machine's device. KL and agreement against float on the demo's questions, as `evaluate --against` measures them.

Bars: no run is over its budget by what its files hold; the KL is below the mean of the random assignments of the same size.

usage: mixed_precision.py [--limit N]    N questions (default: all)
"""
import json
import random
import sys

from common import DEMO, WORK, Figures, program, run_json
from evaluation import evaluate, percent

BUDGET = 4.25
WIDTHS = (3, 4, 5, 6, 8)
DRAWS = 5
SAMPLES = 16
RECIPE = ("--weight-method", "rtn", "--search", "none", "--group", 32)


def last_partition(folder):
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == "PartitionChanged"][-1]["partition"]


def stored_bits(folder):
    return run_json([program("qvlm"), "inspect", folder, "--json"])[-1]["stored_bits"]


def weights_of(block, config):
    text = config.get("text_config", config)
    hidden, ffn, heads = text["hidden_size"], text["intermediate_size"], text["num_attention_heads"]
    head = text.get("head_dim") or hidden // heads
    kv = text.get("num_key_value_heads", heads) * head
    of_kind = (hidden * (heads * head + 2 * kv), heads * head * hidden, 2 * hidden * ffn, ffn * hidden)
    return sum(of_kind[site % 4] for site in range(block["first"], block["last"] + 1))


def random_bits(blocks, weights, rng):
    """Widths drawn for each block, moved at random until the size is just met: as `qvlm proxies --budget-bits` draws them."""
    total = sum(weights)
    chosen = [rng.randrange(len(WIDTHS)) for _ in blocks]

    def size():
        return sum(w * (WIDTHS[c] + 0.75) for w, c in zip(weights, chosen)) / total

    while size() > BUDGET:
        one = rng.randrange(len(chosen))
        chosen[one] = max(chosen[one] - 1, 0)
    order = list(range(len(chosen)))
    rng.shuffle(order)
    moved = True
    while moved:
        moved = False
        for one in order:
            if chosen[one] + 1 == len(WIDTHS):
                continue
            chosen[one] += 1
            if size() <= BUDGET:
                moved = True
            else:
                chosen[one] -= 1
    return [WIDTHS[c] for c in chosen]


def main():
    limit = sys.argv[2] if len(sys.argv) == 3 and sys.argv[1] == "--limit" else "0"
    figures = Figures()

    def measure(name, folder):
        result, _ = evaluate(folder, "--backend", "reference", "--limit", limit, "--against", DEMO / "model")
        bits = stored_bits(folder)
        figures.told(f"mixed_{name}_bits_a_weight", bits)
        figures.told(f"mixed_{name}_kl", result["mean_kl"])
        figures.told(f"mixed_{name}_right", percent(result["overall"]), "%")
        figures.told(f"mixed_{name}_output_error", json.loads((folder / "report.json").read_text())["layer_output_error"])
        return result["mean_kl"], bits

    def run(name, *options):
        out = WORK / f"mixed-{name}.qvlm"
        WORK.mkdir(parents=True, exist_ok=True)
        run_json([program("qvlm"), "quantize", DEMO / "model", "--calibration", DEMO / "calibration", "-o", out, "--replace", "--samples", SAMPLES, *RECIPE,
                  *options, "--json"])
        return out

    uniform, _ = measure("uniform_3", run("uniform-3", "--weights", 3))
    mixed = run("bits", "--budget-bits", BUDGET)
    kl, bits = measure("budget", mixed)
    figures.at_most("mixed_budget_kept", bits, BUDGET, "bits a weight")
    kl_measured, bits = measure("budget_measured", run("measured", "--budget-bits", BUDGET, "--budget-losses", "measured"))
    figures.at_most("mixed_budget_measured_kept", bits, BUDGET, "bits a weight")

    partition = last_partition(mixed)
    config = json.loads((DEMO / "model" / "config.json").read_text())
    weights = [weights_of(block, config) for block in partition["blocks"]]
    rng, drawn = random.Random(1), []
    for draw in range(DRAWS):
        for block, width in zip(partition["blocks"], random_bits(partition["blocks"], weights, rng)):
            block["bits"] = width
        file = WORK / "mixed-random.json"
        file.write_text(json.dumps(partition))
        of_draw, bits = measure(f"random_{draw}", run(f"random-{draw}", "--partition", file))
        figures.at_most(f"mixed_random_{draw}_size", bits, BUDGET, "bits a weight")
        drawn.append(of_draw)
    mean = sum(drawn) / len(drawn)
    figures.told("mixed_random_mean_kl", mean)
    figures.at_most("mixed_kl_of_random_mean", kl / mean, 1)
    figures.at_most("mixed_measured_kl_of_random_mean", kl_measured / mean, 1)
    figures.at_most("mixed_kl_of_uniform_3", kl / uniform, 1)

    # Time: half way between the fastest assignment and all at 8 bits, by a table of this device.
    file = WORK / "latency.json"
    table = run_json([program("qvlm"), "bench", DEMO / "model", "--latency-table", file, "--json"])[-1]
    layers = config.get("text_config", config)["num_hidden_layers"]
    shapes = {}
    for row in table["rows"]:
        shapes.setdefault((row["rows"], row["columns"]), {})[row["bits"]] = row["milliseconds"]
    figures.at_least("mixed_table_shapes", len(shapes), 1)
    fastest = table["rest_milliseconds"] + layers * sum(min(times.values()) for times in shapes.values())
    widest = table["rest_milliseconds"] + layers * sum(max(times.values()) for times in shapes.values())
    figures.told("mixed_fastest_ms", fastest)
    figures.told("mixed_slowest_ms", widest)
    budget = 0.5 * (fastest + widest)
    timed = run("time", "--budget-ms", budget, "--latency-table", file)
    predicted = table["rest_milliseconds"]
    for block in last_partition(timed)["blocks"]:
        for site in range(block["first"], block["last"] + 1):
            shape = site_shape(site, config)
            predicted += shapes[shape][block["bits"]]
    figures.at_most("mixed_ms_predicted_of_budget", predicted / budget, 1)
    measure("budget_ms", timed)
    decoded = [row for row in run_json([program("qvlm"), "bench", timed, "--json"])[-1]["results"] if row["what"] == "decode"][0]
    figures.told("mixed_ms_a_token_predicted", predicted)
    figures.told("mixed_ms_a_token_decoded", 1e3 / decoded["tokens_per_second"])
    figures.finish()


def site_shape(site, config):
    text = config.get("text_config", config)
    hidden, ffn, heads = text["hidden_size"], text["intermediate_size"], text["num_attention_heads"]
    head = text.get("head_dim") or hidden // heads
    kv = text.get("num_key_value_heads", heads) * head
    return ((heads * head + 2 * kv, hidden), (hidden, heads * head), (2 * ffn, hidden), (hidden, ffn))[site % 4]


if __name__ == "__main__":
    main()
