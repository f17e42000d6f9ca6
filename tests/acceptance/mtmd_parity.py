#!/usr/bin/env python3
"""The demo VLM, quantized, in llama.cpp (mtmd) and on Vulkan: questions about pictures of the model's own size (on others llama.cpp pads where the
model crops), three a category and seven generated ones. Compared are the prompt's tokens, the rows that the tower and the projector make of each
picture, and along its greedy tokens (24 a question, on past the end of the answer) the logits: each token is our argmax or within 0.1 logit of it;
mean KL <= 1e-3; the share of identical greedy sequences is told. llama.cpp rounds activations to 8 bits where weights are quantized, which we do not:
see gguf_parity.py for what follows of it.

llama.cpp's LLaVA has had the tower's class token in the wrong place since May 2025 (class_token_first.c): what it makes of pictures as it is shipped
is told, and what is compared is llama.cpp with that one line mended.

usage: mtmd_parity.py [MODEL...]
"""
import argparse
import json
import pathlib
import tempfile

from common import DEMO, Figures, program, run_json, use_packages

use_packages()

import llama_cpp  # noqa: E402

llama_cpp.preload_class_token_first()

import gguf  # noqa: E402
import jinja2  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from evaluation import quantize, selection  # noqa: E402
from logits import Agreement, probe, report  # noqa: E402
from pictures import picture  # noqa: E402

TOKENS, SIZE = 24, 128


def exported(work, name, *options, **run):
    """Grids that GGUF's own types do not hold as they are: the pair that `qvlm export` makes."""
    model = quantize(name, "--activations", 16, *options, fresh=False, **run)
    folder = work / name
    run_json([program("qvlm"), "export", model, "--to", "gguf", "-o", folder, "--json"])
    return model, folder / f"{name}.gguf", folder / f"{name}-mmproj.gguf"


def folder_itself(name, *options, **run):
    """Symmetric groups, which GGUF's own types hold: the folder's files are llama.cpp's."""
    model = quantize(name, "--activations", 16, "--symmetric", *options, fresh=False, **run)
    return model, model / "model.gguf", model / "vision.gguf"


FAST = ("--search", "none")
MODELS = {"zero_points": lambda work: exported(work, "demo-w4a16", "--weights", 4),
          "symmetric": lambda _: folder_itself("demo-w4-symmetric", "--weights", 4, *FAST, samples=8),
          "vision8": lambda work: exported(work, "demo-w8-vision8", "--symmetric", "--weights", 8, "--vision-bits", 8, *FAST, samples=8)}


def questions(work):
    """-> (question, paths of its pictures) of the demo's held-out set and of generated pictures"""
    lines = [json.loads(line) for line in (DEMO / "questions" / "questions.jsonl").read_text().splitlines()]
    asked = [(line["question"], [DEMO / "questions" / path for path in line["images"]]) for line in selection([x for x in lines if x["images"]], 21)]
    for seed in range(7):
        path = work / f"picture-{seed}.png"
        picture(SIZE, SIZE, seed).save(path)
        asked.append((["What do you see at the left?", "How many things are there?"][seed % 2], [path]))
    for path in {path for _, paths in asked for path in paths}:
        if Image.open(path).size != (SIZE, SIZE):
            raise SystemExit(f"{path} is not of the model's own size")
    return asked


def text_of(template, question, count):
    """The dialogue by the model's own template, without the begin token, which llama.cpp puts in front. -> pieces between pictures"""
    content = [{"type": "image"}] * count + [{"type": "text", "text": question}]
    text = jinja2.Environment().from_string(template).render(messages=[{"role": "user", "content": content}], add_generation_prompt=True)
    return text.split("<image>")


def listed(chunks, paths):
    """mtmd's prompt as qvlm-probe takes it: tokens, and the names of the pictures' files."""
    items, left = [], list(paths)
    for i in range(len(chunks)):
        items += chunks[i].get_text_tokens() if chunks[i].type == 0 else [str(left.pop(0))]
    return items


def blanks_at_pictures(items, blank):
    """llama.cpp reads the text behind a picture as one that begins anew, with a blank in front of it."""
    return [item for i, item in enumerate(items) if not (item == blank and i > 0 and isinstance(items[i - 1], str))]


def answer_of(tokens, end):
    return tokens[: tokens.index(end) + 1] if end in tokens else tokens


def picture_rows_apart(peer, prompts, ours):
    """Relative difference of what the tower and the projector make of each prompt's first picture, the largest."""
    apart = []
    for prompt, mine in zip(prompts, ours):
        chunk = next(prompt[i] for i in range(len(prompt)) if prompt[i].type != 0)
        apart.append(np.linalg.norm(peer.picture_rows(chunk, mine.shape[1]) - mine) / np.linalg.norm(mine))
    return float(max(apart))


def compare(model, decoder, mmproj, asked, work):
    """-> Agreement; and by name: shares of prompts, differences of pictures, shares of answers"""
    opened = [[Image.open(path).convert("RGB") for path in paths] for _, paths in asked]
    template = gguf.GGUFReader(decoder).fields["tokenizer.chat_template"].contents()
    peer = llama_cpp.Multimodal(decoder, mmproj, 512, threads=1)
    end = peer.model.get_vocab().token_eos()
    prompts = [peer.read(text_of(template, question, len(paths)), pictures) for (question, paths), pictures in zip(asked, opened)]
    lists = [listed(prompt, paths) for prompt, (_, paths) in zip(prompts, asked)]
    ours_read = probe("sequences", model, work / "ids", "--backend", "vulkan", "--ids-only",
                      sequences=[{"prompt": question, "images": [str(path) for path in paths]} for question, paths in asked])["ids"]
    blank = peer.tokenize(" ")[0]
    out = work / "rows.f32"
    hidden = probe("rows", model, out, *[x for _, paths in asked for x in ("--image", paths[0])])["hidden"]
    rows = np.fromfile(out, np.float32).reshape(len(asked), -1, hidden)

    told = {"equal_ids": np.mean([a == b for a, b in zip(lists, ours_read)]),
            "equal_but_for_blanks": np.mean([blanks_at_pictures(a, blank) == b for a, b in zip(lists, ours_read)]),
            "shipped_apart": picture_rows_apart(peer, prompts, rows)}
    shipped = [answer_of(peer.along(prompt, TOKENS)[0], end) for prompt in prompts]
    plain = work / "dequantized.gguf"
    llama_cpp.quantize(decoder, plain, "F32")
    exact = llama_cpp.Multimodal(plain, mmproj, 512, threads=1)
    with llama_cpp.class_token_first():
        told["apart"] = picture_rows_apart(peer, prompts, rows)
        answers = [peer.along(prompt, TOKENS) for prompt in prompts]
        float32 = [exact.along(prompt, TOKENS, tokens)[1] for prompt, (tokens, _) in zip(prompts, answers)]

    def ours_along(beginnings):
        out = work / "logits.f32"
        forced = [beginning + tokens[:-1] for beginning, (tokens, _) in zip(beginnings, answers)]
        vocabulary = probe("sequences", model, out, "--backend", "vulkan", "--keep", TOKENS, sequences=forced)["vocabulary"]
        return np.fromfile(out, np.float32).reshape(len(asked), TOKENS, vocabulary)

    agreement = Agreement()
    for (tokens, theirs), exact_rows, mine in zip(answers, float32, ours_along(lists)):
        agreement.add(tokens, theirs, exact_rows, mine)
    theirs = [answer_of(tokens, end) for tokens, _ in answers]
    ours = [mine.argmax(1).tolist()[: len(answer)] for answer, mine in zip(theirs, ours_along(ours_read))]
    told["answers_by_our_prompt"] = np.mean([a == b for a, b in zip(theirs, ours)])
    told["answers_shipped"] = np.mean([a == b for a, b in zip(theirs, shipped)])
    return agreement, told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="of " + ", ".join(MODELS))
    wanted = parser.parse_args().models or list(MODELS)
    figures, agreements, all_told = Figures(), [], []
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        asked = questions(work)
        for name in wanted:
            agreement, told = compare(*MODELS[name](work), asked, work)
            print(f"  {name}: {agreement}; pictures {told['apart']:.1e} apart", flush=True)
            agreements.append(agreement)
            all_told.append(told)
            # llama.cpp's float16 matrices leave activations nearly as they are; its 8-bit ones round them to 8 bits, which we do not.
            figures.at_most(f"mtmd_parity_{name}_picture_rows_apart", told["apart"], 2e-2 if name == "vision8" else 2e-3)
    least, most = ({name: float(choose(told[name] for told in all_told)) for name in all_told[0]} for choose in (min, max))
    figures.at_least("mtmd_parity_questions", len(asked), 20)
    figures.told("mtmd_parity_prompts_with_equal_ids_percent", 100 * least["equal_ids"], "%")
    figures.at_least("mtmd_parity_prompts_with_equal_ids_but_for_blanks_percent", 100 * least["equal_but_for_blanks"], 100, "%")
    report(figures, "mtmd_parity", agreements)
    figures.told("mtmd_parity_answers_as_by_our_prompt_percent", 100 * least["answers_by_our_prompt"], "%")
    figures.told("mtmd_parity_as_shipped_picture_rows_apart", most["shipped_apart"])
    figures.told("mtmd_parity_as_shipped_equal_answers_percent", 100 * least["answers_shipped"], "%")
    figures.finish()


if __name__ == "__main__":
    main()
