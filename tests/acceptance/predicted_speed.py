#!/usr/bin/env python3
"""What a GPU that is not at hand would give, from what can be read off here: the bytes and the dispatches of a token of LLaVA-1.5-7B's shape at 4 bits, as
the engine records it (2 and 4 layers, the others alike: the whole does not fit on lavapipe), and the width of the weights' loads in the compiled
matrix x vector kernel. A token's time is predicted as bytes over 80 % of a card's published bandwidth plus 3 us a dispatch, and told. At most 8 dispatches a decoder layer and 4 beside; every load of weights has 128 bits.
"""
import collections
import pathlib
import re
import subprocess
import tempfile

from common import ROOT, Figures, program, run_json

LAYERS = 32
CARDS = {"RX 7900 XTX": 960, "RTX 3090": 936, "Arc A770": 560, "Radeon 8060S": 256, "Jetson Orin Nano": 102}  # GB/s, as published
DISPATCH_SECONDS, EFFICIENCY = 3e-6, 0.8


def code_loads():
    """-> {bits: loads of weights} in matvec's SPIR-V: loads through pointers to texels of codes."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "matvec.spvasm"
        subprocess.run(["glslc", "-O", "--target-env=vulkan1.2", "-S", str(ROOT / "shaders" / "matvec.comp"), "-o", str(out)], check=True)
        text = out.read_text()
    types = dict(re.findall(r"(%\S+) = (OpType\S+ .*|OpType\S+)", text))

    def bits(name):
        words = types[name].split()
        if words[0] == "OpTypeVector":
            return bits(words[1]) * int(words[2])
        return int(words[1]) if words[0] in ("OpTypeInt", "OpTypeFloat") else 0

    chains = dict(re.findall(r"(%\S+) = Op(?:InBounds)?AccessChain %\S+ (%\S+)", text))
    loads = collections.Counter()
    pointers = set()  # to buffers of codes: what is chained into as uvec4
    for name, type_name, base in re.findall(r"(%\S+) = OpLoad (%\S+) (%\S+) Aligned", text):
        if bits(type_name) == 128 and types[type_name].split()[1] in {n for n, t in types.items() if t.startswith("OpTypeInt 32 0")}:
            pointers.add(chains.get(base))
    for name, type_name, base in re.findall(r"(%\S+) = OpLoad (%\S+) (%\S+) Aligned", text):
        if chains.get(base) in pointers:
            loads[bits(type_name)] += 1
    return loads


def token_of(layers):
    """-> bytes read, dispatches"""
    said = run_json([program("qvlm"), "bench", "--shape", "llava-7b", "--shape-layers", layers, "--context", 512, "--prefill", 8, "--contexts", 256, "--tokens", 1,
                     "--json"])[-1]
    of = {r["what"]: r for r in said["results"]}
    return of["decode"]["bytes_per_token"], of["step"]["dispatches"]


def main():
    figures = Figures()
    (few_bytes, few), (more_bytes, more) = (token_of(layers) for layers in (2, 4))
    size = few_bytes + (LAYERS - 2) * (more_bytes - few_bytes) // 2
    dispatches = few + (LAYERS - 2) * (more - few) // 2
    figures.told("predicted_llava_7b_bytes_per_token", size)
    figures.at_most("predicted_llava_7b_dispatches", dispatches, 8 * LAYERS + 4)
    for card, bandwidth in CARDS.items():
        seconds = size / (EFFICIENCY * bandwidth * 1e9) + dispatches * DISPATCH_SECONDS
        figures.told(f"predicted_llava_7b_tokens_per_second_{re.sub('[^a-z0-9]+', '_', card.lower())}", 1 / seconds, "tokens/s")
    loads = code_loads()
    figures.at_least("predicted_128_bit_weight_loads", loads[128], 1)
    figures.at_most("predicted_narrower_weight_loads", sum(loads.values()) - loads[128], 0)
    figures.finish()


if __name__ == "__main__":
    main()
