#!/usr/bin/env python3
"""Speed on lavapipe beside llama.cpp in one run: a random 1.1 B Llama (2048 x 22, FFN 5632, 32 heads, 4 KV heads, vocabulary 32,000; Q4_0), the same file
for both. Decode at least 10 times and prefill of 512 at least 6 times llama.cpp's Vulkan backend on lavapipe; told: how near its CPU backend (half of its
decode is the aim), and 15 times the Vulkan backend's prefill (the aim).

usage: llama_speed.py [--layers N]   fewer layers for a first look
"""
import argparse

from common import WORK, Figures, program, run_json, use_packages

use_packages()

import llama_cpp  # noqa: E402

SHAPE = dict(hidden=2048, ffn=5632, heads=32, kv_heads=4, head_dim=64, vocabulary=32000, context=2048)
PREFILL, CONTEXT, DECODED = 512, 128, 32


def ours(path):
    said = run_json([program("qvlm"), "bench", path, "--json", "--prefill", PREFILL, "--contexts", CONTEXT, "--tokens", DECODED])[-1]
    of = {r["what"]: r for r in said["results"]}
    return said, of["prefill"]["tokens_per_second"], of["decode"]["tokens_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=22)
    layers = parser.parse_args().layers
    figures = Figures()
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"random-llama-{layers}.gguf"
    llama_cpp.write_random(path, "llama", 1, layers=layers, q4_0=True, **SHAPE)
    said, prefill, decode = ours(path)
    figures.told("llama_speed_our_prefill", prefill, "tokens/s")
    figures.told("llama_speed_our_decode", decode, "tokens/s")
    figures.told("llama_speed_our_read_bandwidth", said["read_gigabytes_per_second"], "GB/s")
    figures.told("llama_speed_our_share_of_read_bandwidth", next(r["bandwidth_fraction"] for r in said["results"] if r["what"] == "decode"))

    peer = llama_cpp.Llama(path, 1024)
    cpu_prefill, cpu_decode = peer.prefill_rate(PREFILL), peer.decode_rate(CONTEXT, DECODED)
    figures.told("llama_speed_llama_cpu_prefill", cpu_prefill, "tokens/s")
    figures.told("llama_speed_llama_cpu_decode", cpu_decode, "tokens/s")
    del peer
    # A process of its own: which devices there are is asked once.
    vulkan_prefill, vulkan_decode = llama_cpp.vulkan_rates(path, PREFILL, CONTEXT, 8)
    figures.told("llama_speed_llama_vulkan_prefill", vulkan_prefill, "tokens/s")
    figures.told("llama_speed_llama_vulkan_decode", vulkan_decode, "tokens/s")

    figures.at_least("llama_speed_decode_over_llama_vulkan", decode / vulkan_decode, 10)
    figures.at_least("llama_speed_prefill_over_llama_vulkan", prefill / vulkan_prefill, 6)
    figures.told("llama_speed_decode_over_llama_cpu", decode / cpu_decode)
    figures.told("llama_speed_prefill_over_llama_cpu", prefill / cpu_prefill)
    path.unlink()
    figures.finish()


if __name__ == "__main__":
    main()
