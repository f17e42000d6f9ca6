"""llama.cpp beside our program: its Python build, and random GGUF files of its architectures for both to open."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

FTYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q4_K_M": 15, "Q4_K": 14, "Q5_K": 16, "Q6_K": 18, "BF16": 32}


class Llama:
    """A model in llama.cpp. vulkan: on its Vulkan backend, which takes lavapipe only where GGML_VK_VISIBLE_DEVICES=0 names it (set before the first use)."""

    def __init__(self, path, context, threads=2, vulkan=False, batch=512):
        if vulkan:
            os.environ["GGML_VK_VISIBLE_DEVICES"] = "0"
        import cyllama.llama.llama_cpp as api

        self.api = api
        if api.ggml_backend_reg_count() == 0:
            api.disable_logging()
            api.ggml_backend_load_all()
        api.llama_backend_init()
        model = api.LlamaModelParams()
        model.n_gpu_layers = 999 if vulkan else 0

        class Model(api.LlamaModel):
            """This build asks the model for what its vocabulary knows."""

            @property
            def n_vocab(self):
                return self.get_vocab().n_vocab

        self.model = Model(str(path), model)
        settings = api.LlamaContextParams()
        settings.n_ctx = context
        settings.n_batch = settings.n_ubatch = batch
        settings.n_threads = settings.n_threads_batch = threads
        self.context = api.LlamaContext(self.model, settings)
        self.vocabulary = self.model.n_vocab
        self.position = 0
        self.batch = api.LlamaBatch(n_tokens=batch, embd=0, n_seq_max=1)

    def devices(self):
        return [f"{d['name']} ({d['description']})" for d in self.api.ggml_backend_dev_info()]

    def reset(self):
        self.context.kv_cache_clear()
        self.position = 0

    def append(self, ids):
        """Computes ids behind what there is; logits of the last row."""
        self.batch.reset()
        for i, token in enumerate(ids):
            self.batch.add(int(token), self.position + i, [0], i + 1 == len(ids))
        self.context.decode(self.batch)
        self.context.synchronize()
        self.position += len(ids)

    def logits(self):
        return np.asarray(self.context.get_logits(), dtype=np.float32)

    def along(self, prompt, count, forced=None):
        """-> tokens [count], its greedy ones or those that it is forced along; logits before each of them [count, vocabulary]"""
        self.reset()
        self.append(prompt)
        tokens, rows = [], []
        for i in range(count):
            rows.append(self.logits())
            tokens.append(int(rows[-1].argmax()) if forced is None else forced[i])
            if i + 1 < count:
                self.append(tokens[-1:])
        return tokens, np.stack(rows)

    def tokenize(self, text):
        return list(self.model.get_vocab().tokenize(text, False, False))

    def prefill_rate(self, tokens, runs=2):
        """Tokens a second, the best of the runs behind one that is not counted."""
        best = 1e9
        for run in range(runs + 1):
            self.reset()
            begin = time.monotonic()
            self.append([(i * 7919 + 13) % self.vocabulary for i in range(tokens)])
            best = best if run == 0 and runs > 0 else min(best, time.monotonic() - begin)
        return tokens / best

    def decode_rate(self, context, tokens):
        self.reset()
        self.append([(i * 7919 + 13) % self.vocabulary for i in range(context)])
        self.append([5])
        begin = time.monotonic()
        for _ in range(tokens):
            self.append([5])
        return tokens / (time.monotonic() - begin)


def preload_class_token_first():
    """Goes on with class_token_first.c in front of llama.cpp. To be called before its first use."""
    import importlib.util

    from common import ROOT, WORK

    shim = str(WORK / "class_token_first.so")
    if shim in os.environ.get("LD_PRELOAD", ""):
        return
    libraries = pathlib.Path(importlib.util.find_spec("cyllama").origin).parents[1] / "cyllama_vulkan.libs"
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, ROOT / "tests" / "acceptance" / "class_token_first.c", "-ldl"], check=True)
    os.environ["GGML_BASE"] = str(next(libraries.glob("libggml-base-*.so*")))
    os.environ["LD_PRELOAD"] = shim
    os.execv(sys.executable, [sys.executable, *sys.argv])


@contextlib.contextmanager
def class_token_first():
    """llama.cpp with its towers' class tokens where CLIP has them."""
    os.environ["CLASS_TOKEN_FIRST"] = "1"
    try:
        yield
    finally:
        del os.environ["CLASS_TOKEN_FIRST"]


@contextlib.contextmanager
def stderr_in(file):
    """mtmd writes what it loads to the process's stderr, whatever the logger of llama.cpp is."""
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class Multimodal(Llama):
    """A model with its tower (mtmd), both on the CPU. A prompt is what read() makes of a text and its pictures."""

    def __init__(self, path, mmproj, context, threads=2):
        super().__init__(path, context, threads)
        settings = self.api.MtmdContextParams(use_gpu=False, n_threads=threads, warmup=False)
        self.log = tempfile.TemporaryFile("w+")
        try:
            with stderr_in(self.log):
                self.tower = self.api.MtmdContext(str(mmproj), self.model, settings)
        except RuntimeError as error:
            self.log.seek(0)
            said = "".join(line for line in self.log if "tensor[" not in line)
            raise SystemExit(f"{mmproj}: {error}\n{said}") from error

    def read(self, pieces, pictures):
        """`pieces` of text, a picture (PIL, RGB) between two of them -> mtmd's chunks"""
        bitmaps = [self.api.MtmdBitmap.create_image(*picture.size, picture.tobytes()) for picture in pictures]
        with stderr_in(self.log):
            return self.tower.tokenize(self.api.get_default_media_marker().join(pieces), bitmaps)

    def append(self, prompt):
        if isinstance(prompt, list):
            super().append(prompt)
            return
        with stderr_in(self.log):
            self.position = self.tower.eval_chunks(self.context, prompt, self.position, n_batch=512)
        self.context.synchronize()

    def picture_rows(self, chunk, hidden):
        """What the tower and the projector make of a chunk that is a picture. -> [tokens, hidden]"""
        with stderr_in(self.log):
            if status := self.tower.encode_chunk(chunk):
                raise SystemExit(f"mtmd: a picture is not encoded ({status})")
        return np.array(self.tower.get_output_embeddings(chunk.n_tokens, hidden), dtype=np.float32)


def quantize(source, target, type_name):
    """By llama.cpp itself. Every matrix in the type, but for the mixtures (_M), whose types are llama.cpp's choice."""
    import cyllama.llama.llama_cpp as api

    settings = api.LlamaModelQuantizeParams()
    settings.ftype = FTYPES[type_name]
    settings.pure = not type_name.endswith("_M")
    settings.nthread = 2
    settings.allow_requantize = True
    api.disable_logging()
    api.model_quantize(str(source), str(target), settings)


def write_random(path, architecture, seed, hidden, ffn, layers, heads, kv_heads, head_dim, vocabulary, context=512, theta=10000.0, tied=False,
                 q4_0=False):
    """A GGUF file of random weights: `llama`, `qwen2` (biases) or `qwen3` (norms of heads); float32, or Q4_0 blocks at once for large ones."""
    import gguf

    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"random {architecture}")
    writer.add_context_length(context)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(theta)
    writer.add_vocab_size(vocabulary)
    # Byte-level BPE: the 256 bytes, merges of two of them, and tokens of their own.
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    others = [b for b in range(256) if b not in printable]
    of_byte = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    pieces = [of_byte[b] for b in range(256)]
    merges = [(a, b) for a in "etaoin" for b in "shrdlu"]
    pieces += [a + b for a, b in merges]
    special = ["<|end|>", "<|begin|>"]
    fill = [f"[w{i}]" for i in range(vocabulary - len(pieces) - len(special))]
    pieces += fill + special
    types = [gguf.TokenType.NORMAL] * (vocabulary - len(special)) + [gguf.TokenType.CONTROL] * len(special)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(pieces)
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(m) for m in merges])
    writer.add_eos_token_id(vocabulary - 2)
    writer.add_bos_token_id(vocabulary - 1)
    writer.add_add_bos_token(False)

    def matrix(name, rows, columns, deviation):
        if not q4_0:
            writer.add_tensor(name, (rng.standard_normal((rows, columns)) * deviation).astype(np.float32))
            return
        blocks = rng.integers(0, 256, size=(rows, columns // 32, 18), dtype=np.uint8)
        scales = (deviation / 4.6 * rng.uniform(0.8, 1.2, size=(rows, columns // 32))).astype(np.float16)  # a uniform code's deviation is 4.6
        blocks[:, :, :2] = scales.view(np.uint8).reshape(rows, columns // 32, 2)
        writer.add_tensor(name, blocks.reshape(rows, -1), raw_dtype=gguf.GGMLQuantizationType.Q4_0)

    def vector(name, size, mean, deviation):
        writer.add_tensor(name, (mean + rng.standard_normal(size) * deviation).astype(np.float32))

    matrix("token_embd.weight", vocabulary, hidden, 1.0)
    for i in range(layers):
        p = f"blk.{i}."
        vector(p + "attn_norm.weight", hidden, 1, 0.1)
        for name, rows in (("q", heads * head_dim), ("k", kv_heads * head_dim), ("v", kv_heads * head_dim)):
            matrix(f"{p}attn_{name}.weight", rows, hidden, 1.5 / np.sqrt(hidden))
            if architecture == "qwen2":
                vector(f"{p}attn_{name}.bias", rows, 0, 0.3)
        if architecture == "qwen3":
            vector(p + "attn_q_norm.weight", head_dim, 1, 0.2)
            vector(p + "attn_k_norm.weight", head_dim, 1, 0.2)
        matrix(p + "attn_output.weight", hidden, heads * head_dim, 1 / np.sqrt(heads * head_dim))
        vector(p + "ffn_norm.weight", hidden, 1, 0.1)
        matrix(p + "ffn_gate.weight", ffn, hidden, 1.5 / np.sqrt(hidden))
        matrix(p + "ffn_up.weight", ffn, hidden, 1 / np.sqrt(hidden))
        matrix(p + "ffn_down.weight", hidden, ffn, 1 / np.sqrt(ffn))
    vector("output_norm.weight", hidden, 1, 0.1)
    if not tied:
        matrix("output.weight", vocabulary, hidden, 1 / np.sqrt(hidden))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def vulkan_rates(path, prefill, context, decoded):
    """Tokens a second of prefill and of decode on lavapipe, by llama.cpp's Vulkan backend in a process of its own; one run each, for they take minutes."""
    result = subprocess.run([sys.executable, __file__, str(path), str(prefill), str(context), str(decoded)], check=True, capture_output=True, text=True)
    return json.loads(result.stdout.splitlines()[-1])


if __name__ == "__main__":
    source, prefill_tokens, context_tokens, decoded_tokens = sys.argv[1], *map(int, sys.argv[2:])
    llama = Llama(source, context_tokens + prefill_tokens + decoded_tokens, vulkan=True)
    if not any("llvmpipe" in device for device in llama.devices()):
        sys.exit(f"llama.cpp sees no lavapipe: {llama.devices()}")
    llama.prefill_rate(8, runs=0)  # makes what is made once
    print(json.dumps([llama.prefill_rate(prefill_tokens, runs=0), llama.decode_rate(context_tokens, decoded_tokens)]))
