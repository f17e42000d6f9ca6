#!/usr/bin/env python3
"""GGUF files on Vulkan against llama.cpp: 20 prompts x 64 tokens for every type and architecture (small random weights, quantized by llama.cpp itself), and
SmolLM2-135M-Instruct. Forced along llama.cpp's greedy tokens, each is our argmax or within 0.1 logit of it; mean KL <= 1e-3; the share of identical
greedy sequences is told. llama.cpp rounds activations to 8 bits where weights are quantized, which we do not; so the same file dequantized by llama.cpp
to float32 is forced along, too: mean KL <= 1e-4 from that; and what llama.cpp's own float32 run has beyond 0.09 logit, or how far llama.cpp is from its
float32 run where that is beyond 1e-3 (told), is not held against us.

usage: gguf_parity.py [CASE...]
"""
import argparse
import pathlib
import tempfile

from common import Figures, use_packages

use_packages()

import numpy as np  # noqa: E402

import llama_cpp  # noqa: E402
from logits import Agreement, probe, report  # noqa: E402
from testbeds import smollm2  # noqa: E402

PROMPTS, TOKENS = 20, 64
SHAPE = dict(hidden=256, ffn=512, layers=3, heads=8, kv_heads=2, head_dim=32, vocabulary=512)
WIDE = dict(SHAPE, heads=4, kv_heads=1, head_dim=128)  # heads wider together than the stream
# name: (architecture, type, shape)
CASES = {f"llama_{t}": ("llama", t, SHAPE) for t in ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "Q4_K_M")}
CASES |= {f"qwen2_{t}": ("qwen2", t, dict(SHAPE, theta=1e6, tied=t == "Q8_0")) for t in ("Q4_1", "Q8_0", "Q4_K_M")}
CASES |= {f"qwen3_{t}": ("qwen3", t, dict(WIDE, theta=1e6, tied=t == "Q6_K")) for t in ("BF16", "Q5_K", "Q6_K")}
TEXTS = ["The weather in the mountains", "Once upon a time, in a small village by the sea,", "def fibonacci(n):\n", "The three primary colours are",
         "Water boils at", "My favourite book is", "To bake bread, you need", "The capital of France is", "In 1969, the first man", "A prime number is",
         "Dear Sir or Madam,", "The quick brown fox", "Photosynthesis is the process by which", "Q: What is 7 times 8?\nA:", "Once the train had left,",
         "import numpy as np\n\nx = ", "The largest ocean on Earth", "She opened the door and", "Ingredients: flour, sugar,", "Grüße aus Köln! Das Wetter ist"]


def compare(path, prompts, work):
    """-> Agreement of 64 tokens behind each of the prompts"""
    peer = llama_cpp.Llama(path, 256)
    answers = [peer.along(prompt, TOKENS) for prompt in prompts]
    plain = work / "dequantized.gguf"
    llama_cpp.quantize(path, plain, "F32")
    exact = llama_cpp.Llama(plain, 256)
    out = work / "logits.f32"
    forced = [prompt + tokens[:-1] for prompt, (tokens, _) in zip(prompts, answers)]
    said = probe("sequences", path, out, "--backend", "vulkan", "--keep", TOKENS, sequences=forced)
    ours = np.fromfile(out, np.float32).reshape(len(prompts), TOKENS, said["vocabulary"])
    agreement = Agreement()
    for prompt, (tokens, theirs), mine in zip(prompts, answers, ours):
        agreement.add(tokens, theirs, exact.along(prompt, TOKENS, tokens)[1], mine)
    return agreement


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="of " + ", ".join([*CASES, "smollm2"]))
    wanted = parser.parse_args().cases or [*CASES, "smollm2"]
    figures, agreements = Figures(), []
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        rng = np.random.default_rng(7)
        random_prompts = [[int(i) for i in rng.integers(0, SHAPE["vocabulary"], size=rng.integers(1, 41))] for _ in range(PROMPTS)]
        for seed, name in enumerate(wanted):
            if name == "smollm2":
                path = smollm2()
                peer = llama_cpp.Llama(path, 64)
                prompts = [peer.tokenize(text) for text in TEXTS]
                ids = probe("sequences", path, work / "ids", "--backend", "vulkan", "--ids-only", sequences=TEXTS)["ids"]
                figures.add("gguf_smollm2_texts_with_equal_ids", sum(a == b for a, b in zip(ids, prompts)), f">={PROMPTS}", ids == prompts)
            else:
                architecture, type_name, shape = CASES[name]
                plain, path, prompts = work / "plain.gguf", work / f"{name}.gguf", random_prompts
                llama_cpp.write_random(plain, architecture, seed, **shape)
                llama_cpp.quantize(plain, path, type_name)
            agreements.append(compare(path, prompts, work))
            print(f"  {name}: {agreements[-1]}", flush=True)
            if name != "smollm2":
                path.unlink()
    report(figures, "gguf_parity", agreements)
    figures.finish()


if __name__ == "__main__":
    main()
