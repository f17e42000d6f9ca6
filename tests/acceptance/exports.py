#!/usr/bin/env python3
"""Exports of quantized demo models, read by programs that know nothing of ours: gguf, safetensors, compressed-tensors, and NumPy by the layouts of AWQ
and GPTQ. Every dequantized weight is bit-equal to the .qvlm's, which is read here by its planes, too; and the compressed-tensors folder answers
picture questions in transformers as we do. usage: exports.py [QUESTIONS]   (21, three a category, if not given)
"""
import shutil
import sys

from common import WORK, Figures, program, run_json, use_packages

use_packages()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from compressed_tensors.compressors.pack_quantized.helpers import unpack_from_int32  # noqa: E402
from gguf import GGUFReader, dequantize  # noqa: E402
from safetensors import safe_open  # noqa: E402
from transformers import AutoProcessor, CompressedTensorsConfig, LlavaForConditionalGeneration  # noqa: E402

from demo_in_transformers import equal_answers  # noqa: E402
from evaluation import evaluate, quantize, selection  # noqa: E402
from llava_checkpoints import SlowProcessor  # noqa: E402

FORMATS = ("gguf", "awq", "gptq", "compressed-tensors")
ORDER = [0, 4, 1, 5, 2, 6, 3, 7]  # AWQ: the nibble of output 8 c + k
MODULES = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
           "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
TOWER = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_out": "self_attn.out_proj",
         "ffn_up": "mlp.fc1", "ffn_down": "mlp.fc2", "ln1": "layer_norm1", "ln2": "layer_norm2"}
OTHERS = {"token_embd.weight": "language_model.model.embed_tokens.weight", "output_norm.weight": "language_model.model.norm.weight",
          "output.weight": "language_model.lm_head.weight", "v.class_embd": "vision_tower.vision_model.embeddings.class_embedding",
          "v.patch_embd.weight": "vision_tower.vision_model.embeddings.patch_embedding.weight",
          "v.position_embd.weight": "vision_tower.vision_model.embeddings.position_embedding.weight",
          "v.pre_ln.weight": "vision_tower.vision_model.pre_layrnorm.weight", "v.pre_ln.bias": "vision_tower.vision_model.pre_layrnorm.bias",
          "mm.0.weight": "multi_modal_projector.linear_1.weight", "mm.0.bias": "multi_modal_projector.linear_1.bias",
          "mm.2.weight": "multi_modal_projector.linear_2.weight", "mm.2.bias": "multi_modal_projector.linear_2.bias"}


def values(tensor):
    """A tensor of a GGUF file, outermost dimension first."""
    return dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(tuple(int(n) for n in reversed(tensor.shape)))


def key(reader, name):
    field = reader.fields.get(name)
    return [] if field is None else field.contents()


def read_qvlm(path):
    """A file of a .qvlm -> name: float32, planes put together: (code - zero) * scale."""
    reader = GGUFReader(path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    result = {}
    for name, bits, group, symmetric in zip(*(key(reader, f"qvlm.planes.{part}") for part in ("names", "bits", "groups", "symmetric"))):
        scales = tensors.pop(f"{name}.scales").data.view(np.float16).astype(np.float32)
        packed = tensors.pop(f"{name}.codes").data.view(np.uint8)
        columns = scales.shape[1] * group
        stream = np.unpackbits(packed, axis=1, bitorder="little")[:, :columns * bits].reshape(packed.shape[0], columns, bits)
        codes = (stream.astype(np.int32) << np.arange(bits)).sum(-1)
        zeros = np.full(scales.shape, 2 ** (bits - 1)) if symmetric else tensors.pop(f"{name}.zeros").data.view(np.uint8).astype(np.int32)
        result[name] = ((codes - zeros.repeat(group, 1)).astype(np.float32) * scales.repeat(group, 1)).astype(np.float32)
    result.update({name: values(tensor) for name, tensor in tensors.items() if name != "rope_freqs.weight"})
    return result


def hugging_face(name):
    if name in OTHERS:
        return OTHERS[name]
    tower = name.startswith("v.")
    _, layer, module, part = name.removeprefix("v.").split(".")
    if tower:
        return f"vision_tower.vision_model.encoder.layers.{layer}.{TOWER[module]}.{part}"
    module = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}.get(module) or MODULES[module]
    return f"language_model.model.layers.{layer}.{module}.{part}"


def half_rotary(weight, head_dim):
    """Rows from llama.cpp's rotary order (pairs side by side) to Hugging Face's (halves of a head)."""
    return weight.reshape(-1, head_dim // 2, 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def unpack(words, bits):
    """int32 [..., n] -> [..., n, 32 / bits], the lowest bits first."""
    return (words.view(np.uint32)[..., None] >> np.arange(0, 32, bits, dtype=np.uint32)) & np.uint32(2 ** bits - 1)


def awq(t, _):
    q = unpack(t["qweight"], 4)[..., ORDER].reshape(t["qweight"].shape[0], -1).T.astype(np.int32)
    z = unpack(t["qzeros"], 4)[..., ORDER].reshape(t["qzeros"].shape[0], -1).T.astype(np.int32)
    s = t["scales"].astype(np.float32).T
    group = q.shape[1] // s.shape[1]
    return (q - z.repeat(group, 1)).astype(np.float32) * s.repeat(group, 1)


def gptq(t, _):
    outputs, inputs = t["scales"].shape[1], t["g_idx"].shape[0]
    bits = 32 * t["qweight"].shape[0] // inputs
    q = unpack(t["qweight"], bits).swapaxes(1, 2).reshape(inputs, outputs).astype(np.int32)  # [words, outputs, slots]
    z = unpack(t["qzeros"], bits).reshape(-1, outputs).astype(np.int32)
    return ((q - z[t["g_idx"]]).astype(np.float32) * t["scales"].astype(np.float32)[t["g_idx"]]).T


def compressed(t, _):
    shape = torch.Size(t["weight_shape"].tolist())
    bits = 32 * t["weight_packed"].shape[1] // shape[1]
    scale = torch.from_numpy(t["weight_scale"]).float()
    q = unpack_from_int32(torch.from_numpy(t["weight_packed"]), bits, shape).float()
    if "weight_zero_point" in t:
        zero = unpack_from_int32(torch.from_numpy(t["weight_zero_point"]), bits, torch.Size((shape[0], scale.shape[1])), packed_dim=0).float()
    else:
        zero = torch.zeros_like(scale)
    group = shape[1] // scale.shape[1]
    return ((q - zero.repeat_interleave(group, 1)) * scale.repeat_interleave(group, 1)).numpy()


UNPACKERS = {"awq": awq, "gptq": gptq, "compressed-tensors": compressed}


def read_folder(folder, form):
    parts = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "np") as tensors:
            for name in tensors.keys():
                module, suffix = name.rsplit(".", 1)
                parts.setdefault(module, {})[suffix] = tensors.get_tensor(name)
    result = {}
    for module, tensors in parts.items():
        if "qweight" in tensors or "weight_packed" in tensors:
            result[f"{module}.weight"] = UNPACKERS[form](tensors, module)
        else:
            result.update({f"{module}.{suffix}": tensor.astype(np.float32) for suffix, tensor in tensors.items()})
    return result


def export(model, form):
    """-> folder"""
    folder = WORK / "exports" / f"{model.stem}-{form}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    run_json([program("qvlm"), "export", model, "--to", form, "-o", folder, "--json"])
    return folder


def compare(model, form, folder):
    """-> tensors, of them bit-equal, of them packed"""
    ours = read_qvlm(model / "model.gguf")
    ours.update(read_qvlm(model / "vision.gguf"))
    if form == "gguf":
        theirs = {}
        for file in folder.glob("*.gguf"):
            theirs.update({tensor.name: values(tensor) for tensor in GGUFReader(file).tensors})
    else:
        theirs = read_folder(folder, form)
        renamed = {}
        for name, weight in ours.items():
            if name.startswith("blk.") and (".attn_q." in name or ".attn_k." in name):
                weight = half_rotary(weight, 64)
            renamed[hugging_face(name)] = weight
        ours = renamed
        spare = {f"vision_tower.vision_model.post_layernorm.{part}" for part in ("weight", "bias")}
        if theirs.keys() - ours.keys() != spare:
            print(f"  {folder}: other tensors than {spare}: {theirs.keys() - ours.keys()}")
            return len(ours), 0
    equal = 0
    for name, weight in ours.items():
        same = name in theirs and theirs[name].shape == weight.shape and np.array_equal(theirs[name].view(np.uint32), weight.view(np.uint32))
        equal += same
        if not same:
            print(f"  {folder.name}: {name} differs")
    return len(ours), equal


def answers_in_transformers(folder, asked):
    """-> how many are equal to ours"""
    # Dequantized as it loads: compressed-tensors 0.20 makes its packed modules on the meta device with zero points that are not packed, into which
    # packed ones do not fit.
    model, report = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, output_loading_info=True,
                                                                  quantization_config=CompressedTensorsConfig(dequantize=True))
    model.eval()
    processor = AutoProcessor.from_pretrained(folder)
    processor.image_processor = SlowProcessor.from_pretrained(folder)  # the one that PIL computes
    return equal_answers(model, processor, asked), sum(len(report[kind]) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    figures = Figures()
    fast = {"samples": 8, "fresh": False}
    models = {"4 bits with zero points": (quantize("demo-w4a16", "--weights", 4, "--activations", 16, fresh=False), FORMATS),
              "4 bits, symmetric rows": (quantize("demo-w4-rows", "--weights", 4, "--activations", 16, "--symmetric", "--search", "none", group=0, **fast),
                                         FORMATS),
              "8 bits in groups of 128": (quantize("demo-w8-g128", "--weights", 8, "--activations", 16, "--search", "none", group=128, **fast),
                                          ("gptq", "compressed-tensors"))}
    for form in FORMATS:
        tensors = equal = grids = 0
        for what, (model, forms) in models.items():
            if form not in forms:
                continue
            one, same = compare(model, form, export(model, form))
            tensors, equal, grids = tensors + one, equal + same, grids + 1
        figures.add(f"exports_{form.replace('-', '_')}_tensors_bit_equal", equal, f">={tensors}", equal == tensors > 0, f"of {tensors}, {grids} models")

    model = models["4 bits with zero points"][0]
    _, answers = evaluate(model, "--backend", "reference")
    asked = selection([answer for answer in answers if answer["images"]], count)
    equal, odd = answers_in_transformers(WORK / "exports" / f"{model.stem}-compressed-tensors", asked)
    figures.at_most("exports_transformers_odd_keys", odd, 0)
    figures.at_least("exports_transformers_questions", len(asked), 20)
    figures.add("exports_transformers_equal_answers", equal, f">={len(asked)}", equal == len(asked), f"of {len(asked)}")
    figures.finish()


if __name__ == "__main__":
    main()
