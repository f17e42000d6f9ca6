#!/usr/bin/env python3
"""The engine against the reference on the same weights, with keys and values cached in 16 bits by both (activations rounded to 4 bits turn what 16
bits of a cache leave out into other answers: against a cache of 32 bits the figure is told only): mean KL of the next-token distributions at most 1e-3 over 50 questions, of W4A16 and of
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


def against(model):
    return "--backend", "vulkan", "--against", model, "--against-backend", "reference"


def mean_kl(answers):
    return sum(answer["kl"] for answer in answers) / len(answers)


def main():
    figures = Figures()
    model = quantize("demo-w4a16", "--weights", 4, "--activations", 16, fresh=False)
    result, answers = evaluate(model, *against(model), "--against-kv", 16, "--limit", 200)
    print(f"  {result['info']['backend']} on {result['info']['device']}: {percent(result['overall']):.1f} % right")
    figures.at_least("engine_vs_reference_kl_questions", len(answers[:50]), 50)
    figures.at_most("engine_vs_reference_mean_kl", mean_kl(answers[:50]), 1e-3)
    figures.told("engine_vs_reference_mean_kl_all", mean_kl(answers))
    figures.at_least("engine_vs_reference_questions", len(answers), 200)
    figures.at_least("engine_vs_reference_equal_answers", 100.0 * sum(answer["agrees"] for answer in answers) / len(answers), 95, "%")
    for name, options in ROUNDED.items():
        model = quantize(f"engine-{name}", *options, samples=16)
        result, answers = evaluate(model, *against(model), "--against-kv", 16, "--limit", 50)
        info = result["info"]
        figures.told(f"engine_vs_reference_{name}_activation_bits", min(info["activation_bits"], info.get("vision_activation_bits", 16)))
        figures.at_least(f"engine_vs_reference_{name}_kl_questions", len(answers), 50)
        figures.at_most(f"engine_vs_reference_{name}_mean_kl", mean_kl(answers), 1e-3)
        if name == "w4a4":
            figures.told("engine_vs_reference_w4a4_mean_kl_cache_of_32_bits", mean_kl(evaluate(model, *against(model), "--limit", 50)[1]))
    figures.finish()


if __name__ == "__main__":
    main()
