#!/usr/bin/env python3
"""The engine against the reference on the same W4A16 weights: mean KL of the next-token distributions at most 1e-3 over 50 questions, and
equal greedy answers on at least 95 % of 200. Takes build/acceptance/demo-w4a16.qvlm where qvlm_w4a16.py has left it.
"""
from common import Figures
from evaluation import evaluate, percent, quantize


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
    figures.finish()


if __name__ == "__main__":
    main()
