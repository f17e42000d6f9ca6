#!/usr/bin/env python3
"""Models with rounded activations on integer products of 8-bit lanes, chosen by a tuning file for every product of codes: by the kernels that the
device has, and by those of devices with addresses. Mean KL of the next-token distributions from the reference at most 1e-3, as
engine_vs_reference.py has it for products of rounded floats; and how long the products of one decoded token take against those, in turns (told only:
lavapipe, where it is measured, has no instruction for the integer dot product). Takes build/acceptance/engine-*.qvlm where engine_vs_reference.py has
left them.
"""
import json
import os
import pathlib
import tempfile

from common import Figures, program, run_json
from evaluation import evaluate, quantize

MODELS = {"w8a8": ["--weights", 8, "--activations", 8], "w4a8": ["--weights", 4, "--activations", 8],
          "w4a4_group": ["--weights", 4, "--activations", 4, "--activation-mode", "dynamic-group"]}
PATHS = {"": [], "_by_address": ["--without", "texel-buffers"]}
QUESTIONS = {"": {"w8a8": 20, "w4a8": 20, "w4a4_group": 20}, "_by_address": {"w4a8": 5}}  # by address a CPU device takes its time


def tuned(folder, path):
    """A short tuning run. -> (its file, what stands there)"""
    os.environ["XDG_CACHE_HOME"] = folder
    file = pathlib.Path(run_json([program("qvlm"), "devices", "--tune", "--sizes", 1, "--rounds", 1, *PATHS[path], "--json"])[-1]["file"])
    return file, json.loads(file.read_text())


def choose(file, tuning, integer):
    """Writes the file with integer products for all that have codes, of any size, in the shapes that the tuning run chose, or for none. -> how many
    kinds of them"""
    of_codes = [choice for choice in tuning["choices"] if choice["codes"]]
    choices = []
    for choice in of_codes:
        choices += [{**choice, "size": size, "float16": False, "integer_dot": integer} for size in range(3)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**tuning, "choices": choices, "attention": []}))
    return len(of_codes)


def products(model, path, folder):
    """-> (milliseconds of the linears' products of one token, how many of them were integer products)"""
    os.environ["XDG_CACHE_HOME"] = str(folder)
    lines = run_json([program("qvlm"), "bench", model, *PATHS[path], "--prefill", 32, "--contexts", 128, "--tokens", 4, "--json"])
    step = [line for line in lines[-1]["results"] if line["what"] == "step"][0]
    kernels = [kernel for kernel in step["kernels"] if kernel["kernel"].startswith("matvec")]
    return sum(kernel["milliseconds"] for kernel in kernels), sum(kernel["dispatches"] for kernel in kernels if "integer" in kernel["kernel"])


def measure(figures, path, with_codes, without):
    file, tuning = tuned(with_codes, path)
    figures.at_least(f"integer_dot{path}_kinds_of_products", choose(file, tuning, True), 4)
    choose(pathlib.Path(without) / file.relative_to(with_codes), tuning, False)
    for name, questions in QUESTIONS[path].items():
        model = quantize(f"engine-{name}", *MODELS[name], samples=16, fresh=False)
        os.environ["XDG_CACHE_HOME"] = with_codes
        result, answers = evaluate(model, "--backend", "vulkan", *PATHS[path], "--against", model, "--against-backend", "reference",
                                   "--against-kv", 16, "--limit", questions)
        figures.told(f"integer_dot{path}_{name}_activation_bits", result["info"]["activation_bits"])
        figures.at_least(f"integer_dot{path}_{name}_questions", len(answers), questions)
        figures.at_most(f"integer_dot{path}_{name}_mean_kl", sum(answer["kl"] for answer in answers) / len(answers), 1e-3)
        times = [(products(model, path, with_codes), products(model, path, without)) for _ in range(3)]  # in turns
        figures.at_least(f"integer_dot{path}_{name}_products_a_token", min(integer[1] for integer, _ in times), 12)
        figures.at_most(f"integer_dot{path}_{name}_products_a_token_without", max(plain[1] for _, plain in times), 0)
        figures.told(f"integer_dot{path}_{name}_time_of_floats_over_integers",
                     min(plain[0] for _, plain in times) / min(integer[0] for integer, _ in times))


def main():
    figures = Figures()
    for path in PATHS:
        with tempfile.TemporaryDirectory() as with_codes, tempfile.TemporaryDirectory() as without:
            measure(figures, path, with_codes, without)
    figures.finish()


if __name__ == "__main__":
    main()
