#!/usr/bin/env python3
"""Makes packed_layouts.json: matrices of codes, scales and zero points, and the words that AutoAWQ, GPTQ (v2) and compressed-tensors store for
them, written down with NumPy from the layouts (algorithms' own programs are not asked here; tests/acceptance/exports.py does).
"""
import json
import pathlib

import numpy as np

ORDER = [0, 2, 4, 6, 1, 3, 5, 7]  # AWQ: nibble i of word c is output 8 c + ORDER[i]


def words(codes, bits):
    """[..., n * (32 / bits)] -> int32 [..., n], the first code in the lowest bits."""
    per_word = 32 // bits
    grouped = codes.astype(np.uint64).reshape(*codes.shape[:-1], -1, per_word)
    return (grouped << (np.arange(per_word, dtype=np.uint64) * bits)).sum(-1).astype(np.uint32).view(np.int32)


def padded(codes, bits):
    missing = -codes.shape[-1] % (32 // bits)
    return np.pad(codes, [(0, 0)] * (codes.ndim - 1) + [(0, missing)])


def awq(q, z, s):
    def shuffled(by_output):  # [n, outputs]
        return by_output.reshape(by_output.shape[0], -1, 8)[:, :, ORDER].reshape(by_output.shape)
    return {"qweight": words(shuffled(q.T), 4), "qzeros": words(shuffled(z.T), 4), "scales": s.T}


def gptq(q, z, s, bits, group):
    return {"qweight": words(q, bits).T, "qzeros": words(z.T, bits), "scales": s.T, "g_idx": np.arange(q.shape[1], dtype=np.int32) // group}


def compressed(q, z, s, bits, symmetric):
    result = {"weight_packed": words(padded(q, bits), bits), "weight_scale": s, "weight_shape": np.array(q.shape, dtype=np.int64)}
    if not symmetric:
        result["weight_zero_point"] = words(padded(z.T, bits), bits).T
    return result


def main():
    random = np.random.default_rng(5)
    cases = []
    for formats, rows, columns, bits, group, symmetric in (
            ("awq gptq compressed-tensors", 16, 64, 4, 32, False), ("awq gptq compressed-tensors", 8, 128, 4, 64, False),
            ("awq gptq compressed-tensors", 8, 256, 4, 128, True), ("awq gptq compressed-tensors", 24, 40, 4, 40, False),
            ("gptq compressed-tensors", 4, 36, 8, 36, True), ("gptq compressed-tensors", 12, 64, 8, 32, False),
            ("compressed-tensors", 5, 37, 4, 37, False), ("compressed-tensors", 3, 7, 8, 7, False), ("compressed-tensors", 9, 64, 4, 32, True)):
        q = random.integers(0, 2 ** bits, (rows, columns))
        groups = columns // group
        z = np.full((rows, groups), 2 ** (bits - 1)) if symmetric else random.integers(0, 2 ** bits, (rows, groups))
        s = (random.random((rows, groups)) / 16 + 1e-3).astype(np.float16)
        for name in formats.split():
            packed = {"awq": lambda: awq(q, z, s), "gptq": lambda: gptq(q, z, s, bits, group),
                      "compressed-tensors": lambda: compressed(q, z, s, bits, symmetric)}[name]()
            tensors = {key: {"shape": list(value.shape), "values": np.ascontiguousarray(value.view(np.uint16) if value.dtype == np.float16 else value).ravel().tolist()}
                       for key, value in packed.items()}
            cases.append({"format": name, "rows": rows, "columns": columns, "bits": bits, "group": 0 if group == columns else group, "symmetric": symmetric,
                          "codes": q.ravel().tolist(), "zeros": z.ravel().tolist(), "scales": s.view(np.uint16).ravel().tolist(), "tensors": tensors})
    path = pathlib.Path(__file__).with_name("packed_layouts.json")
    path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
