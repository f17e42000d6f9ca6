#!/usr/bin/env python3
"""Trains the small tokenizers of this folder and writes the ids that Hugging Face's tokenizers and the sentencepiece library give.

cases.json: the strings, and for each tokenizer the ids with special tokens; texts that decoding gives are stored where they differ from
the string. Run with the tokenizers and sentencepiece packages; the training text is strings.py and the licence text of the project.
"""
import io
import json
import os
import tempfile

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from strings import strings

FOLDER = os.path.dirname(os.path.abspath(__file__))
LLAMA_3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def corpus():
    words = """the a of to and in is it you that he was for on are with as his they at be this have from or one had by word but not what all were we
    when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time
    has look two more write go see number no way could people my than first water been call who oil its now find long down day did get come made may part
    picture star circle square triangle red green blue yellow colour where which answer question image left right top bottom count read sign print return def int for while""".split()
    text = [" ".join(words[(i * 7 + j * 3) % len(words)] for j in range(12)).capitalize() + "." for i in range(120)]
    return text + [s for s in strings() if "<" not in s] * 3


def byte_level(name, vocabulary, setup):
    tokenizer = Tokenizer(models.BPE())
    special = setup(tokenizer)
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    return name, tokenizer


def gpt2(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return ["<|endoftext|>"]


def llama3(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA_3), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return ["<|begin_of_text|>", "<|im_start|>", "<|im_end|>"]


def many_steps(tokenizer):
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace("\r\n", "\n"), normalizers.Replace(Regex("[\u201c\u201d]"), '"')])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=True)])
    tokenizer.decoder = decoders.ByteLevel()
    return ["<s>", "</s>"]


def train_sentencepiece(kind, **rules):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(corpus()), model_writer=model, model_type=kind, vocab_size=520, byte_fallback=True, hard_vocab_limit=False,
                                             character_coverage=0.98, minloglevel=2, num_threads=1, **rules)
    return model.getvalue()


def llama(model, legacy):
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    vocabulary = {pieces.id_to_piece(i): i for i in range(pieces.get_piece_size())}
    merges = []
    for piece, i in vocabulary.items():
        if pieces.is_control(i) or pieces.is_byte(i) or pieces.is_unknown(i):
            continue
        parts = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece)) if piece[:cut] in vocabulary and piece[cut:] in vocabulary]
        merges += [((-pieces.get_score(i), i), part) for part in sorted(parts, key=lambda part: (vocabulary[part[0]], vocabulary[part[1]]))]
    merges = [part for _, part in sorted(merges, key=lambda merge: merge[0])]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if legacy:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", [("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in ("<unk>", "<s>", "</s>", "<image>")])
    return tokenizer


def library_ids(model, text):
    """tokenizer.model by itself: special tokens are cut out, each stretch between goes through the library."""
    import re
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    ids = [pieces.bos_id()]
    for part in re.split("(<s>|</s>|<unk>)", text):
        ids += [pieces.piece_to_id(part)] if part in ("<s>", "</s>", "<unk>") else pieces.encode(part)
    return ids


def main():
    texts = strings(200)
    cases = {"strings": texts, "tokenizers": {}}
    made = [byte_level("gpt2", 420, gpt2), byte_level("llama3", 420, llama3), byte_level("many_steps", 400, many_steps)]
    made[1][1].model.ignore_merges = True
    made[1][1].post_processor = processors.TemplateProcessing("<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)])
    made[1][1].add_tokens([AddedToken("<image>", lstrip=True), AddedToken("star", single_word=True, normalized=False), AddedToken("</s>", rstrip=True)])
    made[2][1].add_tokens([AddedToken('"quoted"', normalized=True), AddedToken(" the", normalized=False)])
    model = train_sentencepiece("bpe", normalization_rule_name="identity", remove_extra_whitespaces=False)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:  # a few rules of its own, for a small file: curly quote, full-width A, one half
        rules.write("2019\t27\nFF21\t41\nBD\t31 2044 32\n")
        rules.flush()
        unigram = train_sentencepiece("unigram", normalization_rule_tsv=rules.name, remove_extra_whitespaces=True)
    made += [("llama_legacy", llama(model, True)), ("llama", llama(model, False))]
    for name, tokenizer in made:
        os.makedirs(os.path.join(FOLDER, name), exist_ok=True)
        tokenizer.save(os.path.join(FOLDER, name, "tokenizer.json"), pretty=False)
        ids = [tokenizer.encode(text).ids for text in texts]
        decoded = [tokenizer.decode(i, skip_special_tokens=True) for i in ids]
        cases["tokenizers"][name + "/tokenizer.json"] = {"ids": ids, "decoded": {str(i): d for i, d in enumerate(decoded) if d != texts[i]}}
    for name, proto in (("sentencepiece_bpe", model), ("sentencepiece_unigram", unigram)):
        os.makedirs(os.path.join(FOLDER, name), exist_ok=True)
        with open(os.path.join(FOLDER, name, "tokenizer.model"), "wb") as file:
            file.write(proto)
        with open(os.path.join(FOLDER, name, "tokenizer_config.json"), "w") as file:
            json.dump({"tokenizer_class": "LlamaTokenizer", "legacy": True, "add_bos_token": True, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, file)
        cases["tokenizers"][name + "/tokenizer.model"] = {"ids": [library_ids(proto, text) for text in texts]}
    with open(os.path.join(FOLDER, "cases.json"), "w") as file:
        json.dump(cases, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
