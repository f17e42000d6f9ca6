"""Makes nf4.json: NF4 with double quantization as bitsandbytes does it, written out in NumPy.

Run by hand: python make_nf4_golden.py. The tests need only its output.
"""
import json
import pathlib

import numpy as np

LEVELS = np.array([-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
                   -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
                   0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
                   0.7229568362236023, 1.0], np.float32)


def dynamic_map():
    """bitsandbytes.functional.create_dynamic_map(signed=True, max_exponent_bits=7, total_bits=8)."""
    data = []
    for i in range(7):
        boundaries = np.linspace(0.1, 1, 2**i + 1)
        means = (boundaries[:-1] + boundaries[1:]) / 2
        data += list(10.0 ** (i - 6) * means) + list(-(10.0 ** (i - 6)) * means)
    data += [0.0, 1.0]
    assert len(data) == 256
    return np.sort(np.array(data)).astype(np.float32)


def nearest(x, levels):
    return np.abs(x[..., None] - levels).argmin(-1)


rng = np.random.default_rng(7)
rows, columns, block = 70, 256, 64  # 280 blocks: the second quantization has one whole block of 256 and a rest
weight = (rng.standard_normal((rows, columns)) * rng.uniform(0.01, 0.1, (rows, 1))).astype(np.float16)
weight[3, 64:128] = 0
w = weight.astype(np.float32).reshape(rows, -1, block)
absmax = np.abs(w).max(-1)
codes = nearest(w / np.maximum(absmax, 1e-30)[..., None], LEVELS)

mean = absmax.mean(dtype=np.float32)
flat = (absmax - mean).reshape(-1)
scales = np.empty_like(flat)
for begin in range(0, flat.size, 256):
    part = flat[begin:begin + 256]
    largest = np.abs(part).max()
    scales[begin:begin + 256] = dynamic_map()[nearest(part / largest, dynamic_map())] * largest
scales = (scales + mean).astype(np.float16)

golden = {
    "rows": rows,
    "columns": columns,
    "block": block,
    "weight": weight.view(np.uint16).tobytes().hex(),  # float16, little-endian
    "codes": "".join("%x" % c for c in codes.reshape(-1)),
    "scales": scales.view(np.uint16).tobytes().hex(),
}
pathlib.Path(__file__).with_name("nf4.json").write_text(json.dumps(golden) + "\n")
