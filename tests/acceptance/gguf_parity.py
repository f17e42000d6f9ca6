#!/usr/bin/env python3
"""GGUF files on Vulkan against llama.cpp: 20 prompts x 64 tokens for every type and architecture (small random weights, quantized by llama.cpp itself), and
SmolLM2-135M-Instruct. Forced along llama.cpp's greedy tokens, each is our argmax or within 0.1 logit of it; mean KL <= 1e-3; the share of identical
greedy sequences is told. llama.cpp rounds activations to 8 bits where weights are quantized, which we do not; so the same file dequantized by llama.cpp
to float32 is forced along, too: mean KL <= 1e-4 from that; and what llama.cpp's own float32 run has beyond 0.09 logit, or how far llama.cpp is from its
float32 run where that is beyond 1e-3 (told), is not held against us.

usage: gguf_parity.py [CASE...]
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

from common import Figures, program, use_packages

use_packages()

import numpy as np  # noqa: E402

import llama_cpp  # noqa: E402
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


def log_softmax(x):
    x = x.astype(np.float64)
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def probe(model, sequences, out, *extra):
    run = subprocess.run([program("qvlm-probe"), "sequences", str(model), "--backend", "vulkan", "--out", str(out), *extra], input=json.dumps(sequences),
                         capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{model}: {run.stderr.strip()}")
    return json.loads(run.stdout)


def mean_divergence(expected, found):
    """Mean over rows of KL(expected || found)."""
    p, q = log_softmax(expected), log_softmax(found)
    return float((np.exp(p) * (p - q)).sum(1).mean())


def compare(path, prompts, work):
    """-> tokens that are not ours within 0.1 logit, and those of them that llama.cpp's float32 run has within 0.09; mean KL from llama.cpp, from its float32 run, and of the former from the latter; share of identical
    sequences"""
    peer = llama_cpp.Llama(path, 256)
    answers = [peer.along(prompt, TOKENS) for prompt in prompts]
    plain = work / "dequantized.gguf"
    llama_cpp.quantize(path, plain, "F32")
    exact = llama_cpp.Llama(plain, 256)
    exact_rows = [exact.along(prompt, TOKENS, tokens)[1] for prompt, (tokens, _) in zip(prompts, answers)]
    forced = [prompt + tokens[:-1] for prompt, (tokens, _) in zip(prompts, answers)]
    out = work / "logits.f32"
    said = probe(path, forced, out, "--keep", str(TOKENS))
    ours = np.fromfile(out, np.float32).reshape(len(prompts), TOKENS, said["vocabulary"])
    far, unexplained, same, divergence = 0, 0, 0, np.zeros(3)
    for mine, (tokens, theirs), float32 in zip(ours, answers, exact_rows):
        behind, exact_behind = (rows.max(1) - rows[np.arange(TOKENS), tokens] for rows in (mine, float32))
        far += int((behind > 0.1).sum())
        unexplained += int(((behind > 0.1) & (exact_behind <= 0.09)).sum())
        same += bool((mine.argmax(1) == tokens).all())
        divergence += [mean_divergence(theirs, mine), mean_divergence(float32, mine), mean_divergence(float32, theirs)]
    return far, unexplained, *(divergence / len(prompts)), same / len(prompts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="of " + ", ".join([*CASES, "smollm2"]))
    wanted = parser.parse_args().cases or [*CASES, "smollm2"]
    figures, worst, worst_own, worst_float32, identical = Figures(), 0.0, 0.0, 0.0, []
    far_all = unexplained_all = 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        rng = np.random.default_rng(7)
        random_prompts = [[int(i) for i in rng.integers(0, SHAPE["vocabulary"], size=rng.integers(1, 41))] for _ in range(PROMPTS)]
        for seed, name in enumerate(wanted):
            if name == "smollm2":
                path = smollm2()
                peer = llama_cpp.Llama(path, 64)
                prompts = [peer.tokenize(text) for text in TEXTS]
                ids = probe(path, TEXTS, work / "ids", "--ids-only")["ids"]
                figures.add("gguf_smollm2_texts_with_equal_ids", sum(a == b for a, b in zip(ids, prompts)), f">={PROMPTS}", ids == prompts)
            else:
                architecture, type_name, shape = CASES[name]
                plain, path, prompts = work / "plain.gguf", work / f"{name}.gguf", random_prompts
                llama_cpp.write_random(plain, architecture, seed, **shape)
                llama_cpp.quantize(plain, path, type_name)
            far, unexplained, divergence, from_float32, own, same = compare(path, prompts, work)
            print(f"  {name}: {far} of {PROMPTS * TOKENS} tokens beyond 0.1 logit, mean KL {divergence:.2e}, from its float32 {from_float32:.2e} (its own "
                  f"{own:.2e}), {100 * same:.0f} % identical sequences", flush=True)
            unexplained_all += unexplained
            far_all, worst_own, worst_float32 = far_all + far, max(worst_own, own), max(worst_float32, from_float32)
            worst = max(worst, divergence if own <= 1e-3 else divergence - own)
            identical.append(same)
            if name != "smollm2":
                path.unlink()
    figures.told("gguf_parity_tokens_beyond_tenth_logit", far_all, f"of {len(wanted) * PROMPTS * TOKENS}, {len(wanted)} files")
    figures.add("gguf_parity_tokens_beyond_tenth_logit_unlike_float32", unexplained_all, "<=0", unexplained_all == 0)
    figures.at_most("gguf_parity_worst_mean_kl", worst, 1e-3)
    figures.told("gguf_parity_llama_cpp_worst_mean_kl_from_its_own_float32", worst_own)
    figures.at_most("gguf_parity_worst_mean_kl_from_float32", worst_float32, 1e-4)
    figures.told("gguf_parity_identical_sequences_percent", 100 * sum(identical) / len(identical), "%")
    figures.finish()


if __name__ == "__main__":
    main()
