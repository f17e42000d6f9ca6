#!/usr/bin/env python3
"""The demo VLM's folder in transformers: it loads in LlavaForConditionalGeneration without a missing or unknown weight, and its greedy
answers are the same as ours. usage: demo_in_transformers.py [QUESTIONS]   (70, ten a category, if not given)
"""
import sys

from common import DEMO, Figures, use_packages

use_packages()

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from transformers import AutoProcessor, LlavaForConditionalGeneration  # noqa: E402

from evaluation import evaluate, selection  # noqa: E402
from llava_checkpoints import SlowProcessor  # noqa: E402


def equal_answers(model, processor, asked):
    """-> how many of `asked` (our lines) transformers answers as we do, greedily; the others are printed"""
    equal = 0
    for answer in asked:
        images = [Image.open(path).convert("RGB") for path in answer["images"]]
        content = [{"type": "image"}] * len(images) + [{"type": "text", "text": answer["question"]}]
        prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        inputs = processor(text=prompt, images=images, return_tensors="pt")
        with torch.no_grad():
            ids = model.generate(**inputs, do_sample=False, max_new_tokens=32)[0, inputs["input_ids"].shape[1]:]
        theirs = processor.tokenizer.decode(ids, skip_special_tokens=True).strip()
        equal += theirs == answer["answer"].strip()
        if theirs != answer["answer"].strip():
            print(f"  {answer['id']} {answer['question']!r}: transformers {theirs!r}, ours {answer['answer']!r}")
    return equal


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 70
    figures = Figures()
    model, report = LlavaForConditionalGeneration.from_pretrained(DEMO / "model", dtype=torch.float32, output_loading_info=True)
    model.eval()
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        figures.at_most(f"demo_in_transformers_{kind}", len(report[kind]), 0)
    processor = AutoProcessor.from_pretrained(DEMO / "model")
    processor.image_processor = SlowProcessor.from_pretrained(DEMO / "model")  # the one that PIL computes
    _, answers = evaluate(DEMO / "model", "--backend", "reference")
    asked = selection(answers, count)
    equal = equal_answers(model, processor, asked)
    figures.add("demo_in_transformers_equal_answers", equal, f">={len(asked)}", equal == len(asked) > 0, f"of {len(asked)}")
    figures.finish()


if __name__ == "__main__":
    main()
