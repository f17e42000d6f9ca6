#!/usr/bin/env python3
"""The demo VLM by Q-VLM to W4A16 (64 pairs, joint search): within 1.5 points of float on all held-out questions, by the reference on the
same weights. Leaves build/acceptance/demo-w4a16.qvlm.
"""
from common import DEMO, Figures
from evaluation import evaluate, percent, quantize


def main():
    figures = Figures()
    full, _ = evaluate(DEMO / "model", "--backend", "reference")
    model = quantize("demo-w4a16", "--weights", 4, "--activations", 16)
    quantized, _ = evaluate(model, "--backend", "vulkan", "--against", DEMO / "model", "--against-backend", "reference")
    figures.told("w4a16_float_accuracy", percent(full["overall"]), "%")
    figures.told("w4a16_accuracy", percent(quantized["overall"]), "%")
    figures.told("w4a16_weight_bits_executed", quantized["info"]["weight_bits"])
    figures.told("w4a16_mean_kl_from_float", quantized["mean_kl"])
    figures.told("w4a16_answers_as_float", 100.0 * quantized["agreement"], "%")
    figures.at_least("w4a16_questions", quantized["overall"]["total"], 500)
    figures.at_most("w4a16_points_below_float", percent(full["overall"]) - percent(quantized["overall"]), 1.5)
    figures.finish()


if __name__ == "__main__":
    main()
