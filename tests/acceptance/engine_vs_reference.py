#!/usr/bin/env python3
"""The engine against the reference on the same weights: mean KL of the next-token distributions at most 1e-3 over 50 questions, of W4A16 and of
models whose activations are rounded and turned on the device; equal greedy answers of W4A16 on at least 95 % of 200. Takes
build/acceptance/demo-w4a16.qvlm where qvlm_w4a16.py has left it.
"""
from common import Figures
from evaluation import evaluate, percent, quantize


ROUNDED = {"w8a8": ["--weights", 8, "--activations", 8], "w4a8": ["--weights", 4, "--activations", 8], "w4a4": ["--weights", 4, "--activations", 4],
           "w4a4_group": ["--weights", 4, "--activations", 4, "--activation-mode", "dynamic-group"],
           "w4a8_tensor": ["--weights", 4, "--activations", 8, "--activation-mode", "static-tensor"],
           "w4a4_r1r2r4": ["--weights", 4, "--activations", 4, "--rotation", "r1r2r4"],
           "w4a4_learned": ["--weights", 4, "--activations", 4, "--transform", "learned", "--search", "none"],
           "w4a16_v8a8": ["--weights", 4, "--activations", 16, "--vision-bits", 8, "--vision-activations", 8]}


def main():
    figures = Figures()
    model = quantize("demo-w4a16", "--weights", 4, "--activations", 16, fresh=False)
    both = ("--backend", "vulkan", "--against", model, "--against-backend", "reference")
    result, answers = evaluate(model, *both, "--limit", 200)
    print(f"  {result['info']['backend']} on {result['info']['device']}: {percent(result['overall']):.1f} % right")
    figures.at_least("engine_vs_reference_kl_questions", len(answers[:50]), 50)
    figures.at_most("engine_vs_reference_mean_kl", sum(answer["kl"] for answer in answers[:50]) / 50, 1e-3)
    figures.told("engine_vs_reference_mean_kl_all", sum(answer["kl"] for answer in answers) / len(answers))
    figures.at_least("engine_vs_reference_questions", len(answers), 200)
    figures.at_least("engine_vs_reference_equal_answers", 100.0 * sum(answer["agrees"] for answer in answers) / len(answers), 95, "%")
    for name, options in ROUNDED.items():
        model = quantize(f"engine-{name}", *options, samples=16)
        result, answers = evaluate(model, "--backend", "vulkan", "--against", model, "--against-backend", "reference", "--limit", 50)
        info = result["info"]
        figures.told(f"engine_vs_reference_{name}_activation_bits", min(info["activation_bits"], info.get("vision_activation_bits", 16)))
        figures.at_least(f"engine_vs_reference_{name}_kl_questions", len(answers), 50)
        figures.at_most(f"engine_vs_reference_{name}_mean_kl", sum(answer["kl"] for answer in answers) / len(answers), 1e-3)
    figures.finish()


if __name__ == "__main__":
    main()
