"""Makes nf4_scales.json: what bitsandbytes keeps of the block maxima of nf4.json's weight (quantize_4bit, compress_statistics=True).

    offset = absmax.mean(); qabsmax, state2 = quantize_blockwise(absmax - offset, blocksize=256)

Plain loops in double, rounded to float32 where bitsandbytes keeps a float32; every level is tried. Run by hand, without packages:
python make_nf4_scales_golden.py. The tests need only its output.
"""
import json
import pathlib
import struct

folder = pathlib.Path(__file__).parent
source = json.loads((folder / "nf4.json").read_text())


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def dynamic_map():
    """create_dynamic_map(signed=True, max_exponent_bits=7, total_bits=8)"""
    data = [0.0, 1.0]
    for i in range(7):
        count = 2**i
        boundaries = [0.1 + 0.9 * k / count for k in range(count + 1)]
        for low, high in zip(boundaries, boundaries[1:]):
            level = f32(10.0 ** (i - 6) * (low + high) / 2)
            data += [level, -level]
    assert len(data) == 256
    return sorted(data)


raw = bytes.fromhex(source["weight"])
weight = struct.unpack("<%de" % (len(raw) // 2), raw)
block = source["block"]
absmax = [max(abs(w) for w in weight[i:i + block]) for i in range(0, len(weight), block)]
mean = f32(sum(absmax) / len(absmax))
levels = dynamic_map()
codes, maxima, scales = [], [], []
for begin in range(0, len(absmax), 256):
    part = [f32(a - mean) for a in absmax[begin:begin + 256]]
    largest = max(abs(a) for a in part)
    maxima.append(largest)
    for a in part:
        relative = f32(a / largest)
        code = min(range(256), key=lambda i: abs(relative - levels[i]))
        codes.append(code)
        scales.append(f32(f32(levels[code] * largest) + mean))

golden = {
    "mean": struct.pack("<f", mean).hex(),
    "maxima": struct.pack("<%df" % len(maxima), *maxima).hex(),
    "codes": bytes(codes).hex(),
    "scales": struct.pack("<%df" % len(scales), *scales).hex(),  # float32, little-endian
}
(folder / "nf4_scales.json").write_text(json.dumps(golden) + "\n")
