#!/usr/bin/env python3
"""The engine where something is short. Every kernel within tolerance with each feature of the device switched off; the demo model's answers
with an 8-bit KV cache against a 16-bit one (mean KL at most 1e-3 over 50 questions); with decoder layers streamed from the host's memory the
same logits to the bit; and what a tuning run gained.
"""
import json
import os
import re
import subprocess
import tempfile

from common import DEMO, Figures, program, run_json
from evaluation import evaluate

FEATURES = ("texel-buffers", "subgroup-size-control", "float16", "integer-dot-product", "cooperative-matrix", "timestamps", "mapped-memory",
            "large-buffers", "tuning")


def failed_kernels(feature):
    """-> (kernels that failed, kernels that ran) with the feature switched off."""
    report = run_json([program("qvlm"), "devices", "--self-test", "--without", feature, "--json"])[-1]
    for line in report["lines"]:
        if not line["passed"]:
            print(f"  {feature}: {line['kernel']} {line['shape']}: error {line['largest_error']:.1e} {line['message']}")
    return sum(not line["passed"] for line in report["lines"]), len(report["lines"])


def answer(*options):
    """-> (the tokens of a greedy answer about a picture, what ran), or the message of a refusal and nothing."""
    picture = sorted((DEMO / "images").glob("*.png"))[0]
    arguments = [program("qvlm"), "chat", DEMO / "model", "--json", "--image", picture, "--prompt", "What is in the picture?", "--max-tokens", 24, *options]
    result = subprocess.run([str(a) for a in arguments + ["--context", 512]], capture_output=True, text=True)
    if result.returncode:
        return result.stdout + result.stderr, None
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return [event["id"] for event in events if event["event"] == "TokenGenerated"], events[-1]["info"]


def streamed(figures):
    whole, info = answer()
    most = info["total_bytes"] >> 20
    counts, equal, refusal = set(), True, ""
    for limit in range(most, 0, -1):
        tokens, short = answer("--memory-limit", limit)
        if short is None:
            refusal = tokens
            break
        layers = re.search(r"(\d+) of \d+ layers", short.get("activation_note", ""))
        if layers:
            counts.add(int(layers.group(1)))
            equal = equal and tokens == whole and short["total_bytes"] <= limit << 20
    print(f"  {most} MiB with all layers on the device; streamed {sorted(counts)} layers; refused at {limit} MiB: {refusal.strip()[:300]}")
    figures.at_least("engine_limits_streamed_layers", max(counts, default=0), 1)
    figures.at_least("engine_limits_streamed_answers_equal", int(equal), 1)
    figures.at_least("engine_limits_refusal_names_mebibytes", int("MiB more needed" in refusal), 1)


def main():
    figures = Figures()
    for feature in FEATURES:
        failed, ran = failed_kernels(feature)
        figures.at_least(f"engine_limits_without_{feature.replace('-', '_')}_kernels", ran, 100)
        figures.at_most(f"engine_limits_without_{feature.replace('-', '_')}_failed", failed, 0)
    message = subprocess.run([program("qvlm"), "chat", str(DEMO / "model"), "--prompt", "?", "--without", "buffer-addresses"], capture_output=True, text=True)
    figures.at_least("engine_limits_without_addresses_refused", int(message.returncode == 1 and "buffer device addresses" in message.stderr), 1)

    result, answers = evaluate(DEMO / "model", "--kv", 8, "--against", DEMO / "model", "--limit", 50)
    figures.told("engine_limits_kv8_bits", result["info"]["kv_bits"])
    figures.at_least("engine_limits_kv8_questions", len(answers), 50)
    figures.at_most("engine_limits_kv8_mean_kl", sum(answer["kl"] for answer in answers) / len(answers), 1e-3)
    figures.told("engine_limits_kv8_equal_answers", 100.0 * sum(answer["agrees"] for answer in answers) / len(answers), "%")

    result, answers = evaluate(DEMO / "model", "--kv", 8, "--against", DEMO / "model", "--against-backend", "reference", "--against-kv", 8, "--limit", 50)
    figures.at_most("engine_limits_kv8_against_reference_mean_kl", sum(answer["kl"] for answer in answers) / len(answers), 1e-3)

    streamed(figures)

    with tempfile.TemporaryDirectory() as folder:
        lines = run_json([program("qvlm"), "devices", "--tune", "--json"], env={**os.environ, "XDG_CACHE_HOME": folder})[-1]["lines"]
    figures.at_least("engine_limits_tuned_products", len(lines), 18)
    figures.told("engine_limits_tuned_largest_gain", max(line["gain"] for line in lines), "times")
    figures.finish()


if __name__ == "__main__":
    main()
