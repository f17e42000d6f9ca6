#!/usr/bin/env python3
"""Models with rounded activations on integer products of 8-bit lanes: the engine's matrix kernels by address with the device's integer dot product,
chosen by a tuning file for every product of codes. Mean KL of the next-token distributions from the reference at most 1e-3 over 10 questions, as
engine_vs_reference.py has it for the other kernels; and how long the products of one decoded token take against those on rounded floats, in turns
(told only: lavapipe, where it is measured, has no instruction for the integer dot product). Takes build/acceptance/engine-*.qvlm where
engine_vs_reference.py has left them.
"""
import json
import os
import pathlib
import tempfile

from common import Figures, program, run_json
from evaluation import evaluate, quantize

MODELS = {"w8a8": ["--weights", 8, "--activations", 8], "w4a8": ["--weights", 4, "--activations", 8],
          "w4a4_group": ["--weights", 4, "--activations", 4, "--activation-mode", "dynamic-group"]}
BY_ADDRESS = ["--without", "texel-buffers"]
QUESTIONS = 10


def tuned(folder):
    """A short tuning run by address. -> (its file, what stands there)"""
    os.environ["XDG_CACHE_HOME"] = folder
    file = pathlib.Path(run_json([program("qvlm"), "devices", "--tune", "--sizes", 1, "--rounds", 1, *BY_ADDRESS, "--json"])[-1]["file"])
    return file, json.loads(file.read_text())


def choose(file, tuning, integer):
    """Writes the file with integer products for all that have codes, of any size, or for none. -> how many kinds of them"""
    of_codes = [choice for choice in tuning["choices"] if choice["codes"]]
    choices = []
    for choice in of_codes:
        shape = {"rows": 2, "tokens": 1, "threads": 64} if choice["vector"] else {"rows": 64, "tokens": 32, "threads": 256}
        choices += [{**choice, **shape, "size": size, "float16": False, "integer_dot": integer} for size in range(3)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**tuning, "choices": choices, "attention": []}))
    return len(of_codes)


def products(model, folder):
    """-> (milliseconds of the linears' products of one token, how many of them were integer products)"""
    os.environ["XDG_CACHE_HOME"] = str(folder)
    lines = run_json([program("qvlm"), "bench", model, *BY_ADDRESS, "--prefill", 32, "--contexts", 128, "--tokens", 4, "--json"])
    step = [line for line in lines[-1]["results"] if line["what"] == "step"][0]
    kernels = [kernel for kernel in step["kernels"] if kernel["kernel"].startswith("matvec")]
    return sum(kernel["milliseconds"] for kernel in kernels), sum(kernel["dispatches"] for kernel in kernels if "integer" in kernel["kernel"])


def main():
    figures = Figures()
    with tempfile.TemporaryDirectory() as with_codes, tempfile.TemporaryDirectory() as without:
        file, tuning = tuned(with_codes)
        figures.at_least("integer_dot_kinds_of_products", choose(file, tuning, True), 4)
        choose(pathlib.Path(without) / file.relative_to(with_codes), tuning, False)
        for name, options in MODELS.items():
            model = quantize(f"engine-{name}", *options, samples=16, fresh=False)
            os.environ["XDG_CACHE_HOME"] = with_codes
            result, answers = evaluate(model, "--backend", "vulkan", *BY_ADDRESS, "--against", model, "--against-backend", "reference",
                                       "--against-kv", 16, "--limit", QUESTIONS)
            figures.told(f"integer_dot_{name}_activation_bits", result["info"]["activation_bits"])
            figures.at_least(f"integer_dot_{name}_questions", len(answers), QUESTIONS)
            figures.at_most(f"integer_dot_{name}_mean_kl", sum(answer["kl"] for answer in answers) / len(answers), 1e-3)
            times = [(products(model, with_codes), products(model, without)) for _ in range(3)]  # in turns
            figures.at_least(f"integer_dot_{name}_products_a_token", min(integer[1] for integer, _ in times), 12)
            figures.at_most(f"integer_dot_{name}_products_a_token_without", max(plain[1] for _, plain in times), 0)
            figures.told(f"integer_dot_{name}_time_of_floats_over_integers",
                         min(plain[0] for _, plain in times) / min(integer[0] for integer, _ in times))
    figures.finish()


if __name__ == "__main__":
    main()
