#!/usr/bin/env python3
"""GGUF files on Vulkan against llama.cpp: 20 prompts x 64 tokens for every type and architecture (small random weights, quantized by llama.cpp itself), and
SmolLM2-135M-Instruct. Forced along llama.cpp's greedy tokens, each is our argmax or within 0.1 logit of it; mean KL <= 1e-3; the share of identical
greedy sequences is told.

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
ODD = dict(SHAPE, heads=5, kv_heads=1, head_dim=64)
# name: (architecture, type, shape)
CASES = {f"llama_{t}": ("llama", t, SHAPE) for t in ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "Q4_K_M")}
CASES |= {f"qwen2_{t}": ("qwen2", t, dict(SHAPE, theta=1e6, tied=t == "Q8_0")) for t in ("Q4_1", "Q8_0", "Q4_K_M")}
CASES |= {f"qwen3_{t}": ("qwen3", t, dict(ODD, theta=1e6, tied=t == "Q6_K")) for t in ("BF16", "Q5_K", "Q6_K")}
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


def compare(path, prompts, work):
    """-> tokens that are not ours within 0.1 logit, mean KL, share of identical sequences"""
    peer = llama_cpp.Llama(path, 256)
    answers = [peer.greedy(prompt, TOKENS) for prompt in prompts]
    forced = [prompt + tokens[:-1] for prompt, (tokens, _) in zip(prompts, answers)]
    out = work / "logits.f32"
    said = probe(path, forced, out, "--keep", str(TOKENS))
    ours = np.fromfile(out, np.float32).reshape(len(prompts), TOKENS, said["vocabulary"])
    far, divergence, same = 0, 0.0, 0
    for mine, (tokens, theirs) in zip(ours, answers):
        chosen = mine[np.arange(TOKENS), tokens]
        far += int((mine.max(1) - chosen > 0.1).sum())
        same += bool((mine.argmax(1) == tokens).all())
        p, q = log_softmax(theirs), log_softmax(mine)
        divergence += float((np.exp(p) * (p - q)).sum(1).mean()) / len(prompts)
    return far, divergence, same / len(prompts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="of " + ", ".join([*CASES, "smollm2"]))
    wanted = parser.parse_args().cases or [*CASES, "smollm2"]
    figures, worst, identical = Figures(), 0.0, []
    far_all = 0
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
            far, divergence, same = compare(path, prompts, work)
            print(f"  {name}: {far} of {PROMPTS * TOKENS} tokens beyond 0.1 logit, mean KL {divergence:.2e}, {100 * same:.0f} % identical sequences", flush=True)
            far_all, worst = far_all + far, max(worst, divergence)
            identical.append(same)
            if name != "smollm2":
                path.unlink()
    figures.add("gguf_parity_tokens_beyond_tenth_logit", far_all, "<=0", far_all == 0, f"of {len(wanted) * PROMPTS * TOKENS}, {len(wanted)} files")
    figures.at_most("gguf_parity_worst_mean_kl", worst, 1e-3)
    figures.told("gguf_parity_identical_sequences_percent", 100 * sum(identical) / len(identical), "%")
    figures.finish()


if __name__ == "__main__":
    main()
