#!/usr/bin/env python3
"""Makes tests/golden/model/: small files of torch, gguf and tokenizers that the readers of core/model are tested against.

Needs torch, gguf, numpy, tokenizers, sentencepiece. Run by hand from the repository root; the files are committed."""
import collections
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import torch

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model")
os.makedirs(OUT, exist_ok=True)


def path(name):
    return os.path.join(OUT, name)


# --- pickles -------------------------------------------------------------------------------------------------------------------------
def pickles():
    torch.manual_seed(1)
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
    state = collections.OrderedDict()
    state["f32"] = whole
    state["slice"] = whole[2:]  # shares the storage, at an offset
    state["f16"] = torch.tensor([[1.5, -2.25], [0.0, 65504.0]], dtype=torch.float16)
    state["bf16"] = torch.tensor([1.0, -0.5, 3.0], dtype=torch.bfloat16)
    state["f64"] = torch.tensor([0.1, -7.0], dtype=torch.float64)
    state["i64"] = torch.tensor([[0, 1, -5]], dtype=torch.int64)
    state["scalar"] = torch.tensor(4.5)
    state["parameter"] = torch.nn.Parameter(torch.tensor([9.0, 8.0]))
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    torch.save(state, path("state.bin"))
    torch.save({"plain": torch.ones(3)}, path("plain_dict.bin"))
    torch.save({"transposed": whole.t()}, path("transposed.bin"))
    torch.save({"old": torch.ones(2)}, path("legacy_format.bin"), _use_new_zipfile_serialization=False)

    class Evil:
        def __reduce__(self):
            return os.system, ("touch /nowhere/executed",)

    class EvilEval:
        def __reduce__(self):
            return eval, ("1 + 1",)

    for name, thing in (("os_system.bin", Evil()), ("eval.bin", EvilEval())):
        with zipfile.ZipFile(path(name), "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle.dumps({"weight": thing}, protocol=2))
            archive.writestr(zipfile.ZipInfo("archive/version"), "3\n")
    with zipfile.ZipFile(path("compressed.bin"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle.dumps({}, protocol=2) + b"\0" * 200, zipfile.ZIP_DEFLATED)


# --- gguf ----------------------------------------------------------------------------------------------------------------------------
def ggufs():
    import gguf
    from gguf import GGMLQuantizationType as T

    rng = np.random.default_rng(2)
    values = rng.normal(size=(4, 256)).astype(np.float32)
    writer = gguf.GGUFWriter(path("types.gguf"), "test")
    writer.add_uint8("k.u8", 200)
    writer.add_int8("k.i8", -3)
    writer.add_uint16("k.u16", 60000)
    writer.add_int16("k.i16", -30000)
    writer.add_uint32("k.u32", 4000000000)
    writer.add_int32("k.i32", -2000000000)
    writer.add_uint64("k.u64", 1 << 40)
    writer.add_int64("k.i64", -(1 << 40))
    writer.add_float32("k.f32", 0.5)
    writer.add_float64("k.f64", 0.1)
    writer.add_bool("k.bool", True)
    writer.add_string("k.string", "gr\u00fc\u00df")
    writer.add_array("k.strings", ["a", "", "\u2581b"])
    writer.add_array("k.ints", [1, -2, 3])
    writer.add_array("k.floats", [0.25, -1.5])
    expected = {}
    for name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"):
        packed = gguf.quants.quantize(values, T[name])
        writer.add_tensor(name, packed, raw_dtype=T[name])
        expected[name] = gguf.quants.dequantize(packed, T[name])
    for name, size in (("Q4_K", 144), ("Q6_K", 210), ("Q5_K", 176)):
        blocks = rng.integers(0, 256, size=(4, size), dtype=np.uint8)
        # scales that are finite and of a sane size
        halves = rng.normal(size=(4, 2)).astype(np.float16).view(np.uint8).reshape(4, 4)
        if name != "Q6_K":
            blocks[:, 0:4] = halves
        else:
            blocks[:, 208:210] = halves[:, :2]
        writer.add_tensor(name, blocks, raw_dtype=T[name])
        expected[name] = gguf.quants.dequantize(blocks, T[name])
    writer.add_tensor("F32", values[:, :5].copy())
    writer.add_tensor("F16", values[:, :5].astype(np.float16))
    expected["F32"] = values[:, :5]
    expected["F16"] = values[:, :5].astype(np.float16).astype(np.float32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    from safetensors.numpy import save_file

    save_file({k: np.ascontiguousarray(v) for k, v in expected.items()}, path("types_expected.safetensors"))


# --- tokenizers ----------------------------------------------------------------------------------------------------------------------
TEXT = ["a cat sat on the mat", "the dog and the cat", "what colour is the cat?", "a small red circle", "numbers 12 and 345"] * 20


def tokenizers_():
    import io

    import sentencepiece
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=out, model_type="bpe", vocab_size=320, byte_fallback=True, character_coverage=1.0,
        normalization_rule_name="identity", remove_extra_whitespaces=False, pad_id=3, num_threads=1, minloglevel=2)
    with open(path("spm_bpe.model"), "wb") as file:
        file.write(out.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    with open(path("spm_bpe.json"), "w") as file:
        json.dump({"pieces": [processor.id_to_piece(i) for i in range(len(processor))], "scores": [processor.get_score(i) for i in range(len(processor))]}, file)

    llama = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    llama.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    llama.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % i for i in range(256)]
    llama.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=330, special_tokens=special, show_progress=False))
    llama.add_special_tokens(["<image>"])
    llama.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    written = json.loads(llama.to_str())
    written["added_tokens"] = [t for t in written["added_tokens"] if not t["content"].startswith("<0x")]  # as Llama's own file has it
    with open(path("llama_style.json"), "w") as file:
        json.dump(written, file, ensure_ascii=False)

    bytes_ = Tokenizer(models.BPE())
    bytes_.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    bytes_.decoder = decoders.ByteLevel()
    bytes_.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=320, special_tokens=["<|endoftext|>", "<|im_start|>"],
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    bytes_.save(path("byte_level.json"), pretty=False)


if __name__ == "__main__":
    tokenizers_()
    pickles()
    ggufs()
