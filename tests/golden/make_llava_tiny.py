#!/usr/bin/env python3
"""Makes tests/golden/llava_tiny/: a random LLaVA of odd shapes (3 query heads on 1 key head, head_dim 24) with what transformers computes
from it, and rotary tables with frequency scaling.

Needs torch, transformers, safetensors. Run by hand from the repository root; the files are committed."""
import os

import torch
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "llava_tiny")
os.makedirs(OUT, exist_ok=True)
torch.manual_seed(7)

vision = CLIPVisionConfig(hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=2, image_size=28, patch_size=7,
                          hidden_act="quick_gelu", projection_dim=16)
text = LlamaConfig(vocab_size=64, hidden_size=72, intermediate_size=64, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1,
                   head_dim=24, max_position_embeddings=96, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False,
                   bos_token_id=1, eos_token_id=2, pad_token_id=63)
config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=62, vision_feature_layer=-2,
                     vision_feature_select_strategy="default", projector_hidden_act="gelu", tie_word_embeddings=False)
model = LlavaForConditionalGeneration(config).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        spread = 0.3 if parameter.dim() > 1 else 0.2
        parameter.normal_(0, spread / (parameter[0].numel() ** 0.5 * 0.2) if parameter.dim() > 1 else spread)
        if "norm" in name and name.endswith("weight"):
            parameter.add_(1)
    model.half().save_pretrained(OUT)
    # Read back, in float32: the weights with the file's rounding (half() would have rounded the rotary frequencies too).
    model = LlavaForConditionalGeneration.from_pretrained(OUT, dtype=torch.float32).eval()

    ids = torch.tensor([[1, 5, 9] + [62] * 16 + [4, 33, 17, 8, 20, 51, 2, 11]])
    pixels = torch.randn(1, 3, 28, 28)
    out = model(input_ids=ids, pixel_values=pixels, output_hidden_states=True)
    text_ids = torch.tensor([[1, 40, 3, 27, 13, 6, 30]])
    text_logits = model(input_ids=text_ids).logits
    tower = model.model.vision_tower(pixels, output_hidden_states=True).hidden_states[-2][:, 1:]
    rotary = {}
    for kind, parameters in {
        "plain": {"rope_type": "default", "rope_theta": 10000.0},
        "linear": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0},
        "llama3": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                   "original_max_position_embeddings": 32, "rope_theta": 10000.0},
    }.items():
        scaled = LlamaConfig(**{**text.to_dict(), "rope_parameters": parameters})
        cos, sin = LlamaRotaryEmbedding(scaled)(torch.zeros(1), torch.arange(40)[None])
        rotary[f"rotary.{kind}.cos"], rotary[f"rotary.{kind}.sin"] = cos[0].contiguous(), sin[0].contiguous()

save_file({"ids": ids[0], "pixels": pixels[0].contiguous(), "logits": out.logits[0].contiguous(), "tower": tower[0].contiguous(),
           "text_ids": text_ids[0], "text_logits": text_logits[0].contiguous(),
           "hidden_1": out.hidden_states[1][0].contiguous(), **rotary}, os.path.join(OUT, "expected.safetensors"))
