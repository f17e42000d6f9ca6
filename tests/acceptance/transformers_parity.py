#!/usr/bin/env python3
"""Logits of small random LLaVA checkpoints against transformers, in float32: within 1e-3 at every row of the prompt.

usage: transformers_parity.py [--backend page|reference|vulkan] [CASE...]

Old, new and original tensor names; one file, shards, pickles; grouped-query attention; odd numbers of heads; both ways of selecting
features; scaled rotary positions; float16 files. Each prompt is run with no, one and two pictures. The token ids must be equal, too.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from common import DEMO, Figures, program, use_packages

use_packages()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

import llava_checkpoints as checkpoints  # noqa: E402
from pictures import picture  # noqa: E402

TOWER = dict(hidden_size=48, intermediate_size=80, num_hidden_layers=4, num_attention_heads=3, image_size=56, patch_size=14)
TEXT = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2)

# name: (decoder, tower, LLaVA's fields, how it is saved)
CASES = {
    "as_saved_gqa_4_2": ({}, {}, {}, {}),
    "as_saved_sharded_3_1": (dict(hidden_size=72, num_attention_heads=3, num_key_value_heads=1), {}, {}, dict(store="sharded")),
    "old_names_5_5": (dict(hidden_size=80, num_attention_heads=5, num_key_value_heads=5), dict(hidden_size=40, num_attention_heads=5), {},
                      dict(names="old")),
    "old_names_sharded_6_3": (dict(hidden_size=96, num_attention_heads=6, num_key_value_heads=3), {}, {}, dict(names="old", store="sharded")),
    "old_names_pickle_3_1": (dict(hidden_size=72, num_attention_heads=3, num_key_value_heads=1), {}, {}, dict(names="old", store="pickle")),
    "new_names_head_dim_24": (dict(hidden_size=65, num_attention_heads=5, num_key_value_heads=1, head_dim=24), {}, {}, dict(names="new")),
    "new_names_sharded_pickle": ({}, {}, {}, dict(names="new", store="sharded pickle")),
    "original_names_tower_apart": ({}, {}, {}, dict(names="original", tower="apart")),
    "original_names_tower_inside_padded": ({}, {}, {}, dict(names="original", tower="inside", aspect="pad", store="pickle")),
    "full_features_last_layer": ({}, {}, dict(vision_feature_layer=-1, vision_feature_select_strategy="full"), {}),
    "positive_layer_gelu_tower": ({}, dict(hidden_act="gelu", patch_size=8), dict(vision_feature_layer=2), dict(names="old")),
    "no_projector_bias": ({}, {}, dict(multimodal_projector_bias=False), {}),
    "tied_head": (dict(tie_word_embeddings=True), {}, {}, {}),
    "rope_llama3": (dict(rope_parameters=dict(rope_type="llama3", rope_theta=5e5, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                              original_max_position_embeddings=32)), {}, {}, {}),
    "rope_linear": (dict(rope_parameters=dict(rope_type="linear", rope_theta=1e4, factor=4.0)), {}, {}, dict(names="new")),
    "norm_epsilon_theta": (dict(rms_norm_eps=1e-2, rope_parameters=dict(rope_type="default", rope_theta=3e5)), {}, {}, dict(names="old")),
    "float16_file": ({}, {}, {}, dict(dtype=torch.float16)),
    "bfloat16_file_old_names": ({}, {}, {}, dict(dtype=torch.bfloat16, names="old", store="sharded")),
}
PROMPTS = [("What is in the picture? Say it in one word.", 1), ("Which is red, the first or the second?  (Zwei Bilder: größer, 2 > 1!)", 2),
           ("Only words here.", 0)]


def expected_logits(model, processor, text, images, aspect):
    """-> ids [rows], logits [rows, vocabulary]"""
    content = [{"type": "image"}] * len(images) + [{"type": "text", "text": text}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    if aspect == "pad":
        images = [checkpoints.expanded(image, processor.image_processor.image_mean) for image in images]
    inputs = processor(text=prompt, images=images or None, return_tensors="pt")
    with torch.no_grad():
        logits = model(**{key: inputs[key] for key in ("input_ids", "attention_mask", "pixel_values") if key in inputs}).logits
    return inputs["input_ids"][0].tolist(), logits[0].numpy()


def our_logits(probe, folder, text, images, out, backend):
    arguments = [probe, "logits", str(folder), "--prompt", text, "--out", str(out), "--backend", backend]
    for image in images:
        arguments += ["--image", str(image)]
    if pathlib.Path(f"{folder}-tower").exists():
        arguments += ["--vision-tower", f"{folder}-tower"]
    result = subprocess.run(arguments, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr.strip())
    answer = json.loads(result.stdout)
    return answer["ids"], np.fromfile(out, np.float32).reshape(answer["rows"], answer["vocabulary"])


def divergence(expected, found):
    """Mean over rows of KL(expected || found)."""
    p, q = (torch.log_softmax(torch.from_numpy(x).double(), -1) for x in (expected, found))
    return float((p.exp() * (p - q)).sum(-1).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="page", choices=["page", "reference", "vulkan"])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="of " + ", ".join(CASES))
    options = parser.parse_args()
    probe, figures = program("qvlm-probe"), Figures()
    worst, worst_kl, compared, ids_equal, failed = 0.0, 0.0, 0, 0, []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        images = []
        for number, size in enumerate([(97, 61), (40, 133)]):
            images.append(work / f"{number}.png")
            picture(*size, number).save(images[-1])
        for seed, name in enumerate(options.cases or CASES):
            text, tower, llava, how = CASES[name]
            model = checkpoints.make_model(seed, {**TEXT, **text}, {**TOWER, **tower}, **llava)
            processor = checkpoints.processor_of(model, DEMO / "model")
            folder = work / name
            checkpoints.save(model, folder, DEMO / "model", **how)
            case_worst, spread = 0.0, 0.0
            for prompt, count in PROMPTS:
                opened = [Image.open(path).convert("RGB") for path in images[:count]]
                ids, expected = expected_logits(model, processor, prompt, opened, how.get("aspect", "square"))
                try:
                    found_ids, found = our_logits(probe, folder, prompt, images[:count], work / "logits.f32", options.backend)
                except RuntimeError as error:
                    failed.append(f"{name}: {error}")
                    break
                compared += 1
                if found_ids != ids:
                    failed.append(f"{name}: ids differ for {prompt!r}\n    expected {ids}\n    found    {found_ids}")
                    continue
                ids_equal += 1
                case_worst = max(case_worst, float(np.abs(found - expected).max()))
                worst_kl = max(worst_kl, divergence(expected, found))
                spread = max(spread, float(np.abs(expected).max()))
            else:
                worst = max(worst, case_worst)
                print(f"  {name}: logits of up to {spread:.1f} differ by at most {case_worst:.2e}")
    for line in failed:
        print("  " + line, file=sys.stderr)
    suffix = "" if options.backend == "page" else "_" + options.backend
    figures.add(f"transformers_parity{suffix}_cases_failed", len(failed), "<=0", not failed, "of %d" % len(options.cases or CASES))
    figures.add(f"transformers_parity{suffix}_prompts_with_equal_ids", ids_equal, f">={compared}", ids_equal == compared > 0, f"of {compared}")
    if options.backend == "vulkan":  # float16 weights and caches: distributions are compared
        figures.told("transformers_parity_vulkan_max_abs", worst)
        figures.at_most("transformers_parity_vulkan_mean_kl", worst_kl, 1e-3)
    else:
        figures.at_most(f"transformers_parity{suffix}_max_abs", worst, 1e-3)
    figures.finish()


if __name__ == "__main__":
    main()
