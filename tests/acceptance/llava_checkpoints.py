"""Small random LLaVA checkpoints in each generation of names and each way of storing, and what transformers computes with them."""
import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, PreTrainedTokenizerFast
from transformers.models.llava.processing_llava import LlavaProcessor

try:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil as SlowProcessor
except ImportError:
    from transformers import CLIPImageProcessor as SlowProcessor

TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"]


def make_model(seed, text, vision, **llava):
    """Random weights, large enough that attention is not flat and logits differ; norms and biases are random, too."""
    torch.manual_seed(seed)
    text_config = LlamaConfig(vocab_size=1024, max_position_embeddings=512, pad_token_id=1023, bos_token_id=1, eos_token_id=2, **text)
    vision_config = CLIPVisionConfig(projection_dim=16, **vision)
    config = LlavaConfig(vision_config=vision_config, text_config=text_config, image_token_index=1022, **llava)
    config._attn_implementation = "eager"
    model = LlavaForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name or "layrnorm" in name:
                parameter.add_(torch.randn_like(parameter) * 0.2)
            elif name.endswith("bias"):
                parameter.copy_(torch.randn_like(parameter) * 0.2)
            elif parameter.dim() >= 2 and "embed" not in name:
                parameter.copy_(torch.randn_like(parameter) * 1.2 / parameter[0].numel() ** 0.5)
            else:
                parameter.copy_(torch.randn_like(parameter))
    return model


def part_of(name):
    """A tensor of a checkpoint that transformers wrote -> (part, name within the part)."""
    name = name.removeprefix("model.")
    if name in ("lm_head.weight", "language_model.lm_head.weight"):
        return "head", "lm_head.weight"
    for prefix, part in (("vision_tower.vision_model.", "tower"), ("vision_tower.", "tower"), ("multi_modal_projector.", "projector"),
                         ("language_model.model.", "decoder"), ("language_model.", "decoder")):
        if name.startswith(prefix):
            return part, name.removeprefix(prefix)
    raise ValueError(name)


def renamed(name, names):
    part, rest = part_of(name)
    if names == "old":  # transformers up to 4.51
        return {"tower": "vision_tower.vision_model.", "projector": "multi_modal_projector.", "decoder": "language_model.model.",
                "head": "language_model."}[part] + rest
    if names == "new":  # transformers 4.52 and later
        return {"tower": "model.vision_tower.vision_model.", "projector": "model.multi_modal_projector.", "decoder": "model.language_model.",
                "head": ""}[part] + rest
    if names == "original":  # the LLaVA repository's own
        rest = rest.replace("linear_1.", "0.").replace("linear_2.", "2.")
        return {"tower": "model.vision_tower.vision_tower.vision_model.", "projector": "model.mm_projector.", "decoder": "model.", "head": ""}[part] + rest
    raise ValueError(names)


def save(model, folder, tokenizer_folder, names="as saved", store="single", dtype=torch.float32, tower="inside", aspect="square", sparse=()):
    """names: 'as saved' by transformers, 'old', 'new', 'original'. store: 'single', 'sharded', 'pickle', 'sharded pickle'. tower: 'inside', or
    'apart' for original checkpoints: written to FOLDER-tower. `sparse`: keys left out of text_config (their values are the defaults)."""
    folder = pathlib.Path(folder)
    with torch.no_grad():  # what the file can hold; the model itself computes in float32 (its tables, too)
        for parameter in model.parameters():
            parameter.copy_(parameter.to(dtype))
    model.save_pretrained(folder, max_shard_size="150KB" if store == "sharded" and names == "as saved" else "5GB")
    for file in TOKENIZER_FILES:
        shutil.copy(pathlib.Path(tokenizer_folder) / file, folder / file)
    vision = model.config.vision_config
    processor = SlowProcessor(size={"shortest_edge": vision.image_size}, crop_size={"height": vision.image_size, "width": vision.image_size})
    processor.save_pretrained(folder)
    description = json.loads((folder / "preprocessor_config.json").read_text())
    description["image_processor_type"] = "CLIPImageProcessor"  # as published checkpoints name it
    (folder / "preprocessor_config.json").write_text(json.dumps(description))
    if names != "as saved" or dtype != torch.float32:
        tensors = load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        tensors = {name if names == "as saved" else renamed(name, names): tensor.to(dtype) for name, tensor in tensors.items()}
        if tower == "apart":
            tensors = {name: tensor for name, tensor in tensors.items() if "vision_tower" not in name}
        write(tensors, folder, store)
    config = json.loads((folder / "config.json").read_text())
    for key in sparse:
        config["text_config"].pop(key)
    if names == "original":
        config = original_config(config, folder, tower, aspect)
        if tower == "apart":
            apart = CLIPVisionModel(vision)
            apart.load_state_dict(tower_state(model, apart))
            apart.save_pretrained(f"{folder}-tower")
            shutil.copy(folder / "preprocessor_config.json", f"{folder}-tower")
            (folder / "preprocessor_config.json").unlink()
    (folder / "config.json").write_text(json.dumps(config, indent=1))


def tower_state(model, tower):
    """The tower's weights under the names of a CLIPVisionModel by itself."""
    state = {part_of(name)[1]: tensor for name, tensor in model.state_dict().items() if part_of(name)[0] == "tower"}
    return {name: state[name.removeprefix("vision_model.")] for name in tower.state_dict()}


def original_config(config, folder, tower, aspect):
    """As the LLaVA repository writes it: the decoder's fields at the top, the tower by name."""
    result = dict(config["text_config"])
    result.update(model_type="llava_llama", architectures=["LlavaLlamaForCausalLM"], mm_projector_type="mlp2x_gelu",
                  mm_hidden_size=config["vision_config"]["hidden_size"], mm_vision_select_layer=config["vision_feature_layer"],
                  mm_vision_select_feature="patch", mm_vision_tower="openai/clip-random" if tower == "apart" else "tower",
                  image_aspect_ratio=aspect)
    if tower == "inside":  # such checkpoints carry the tower's weights; its description stands in the named folder
        (folder / "tower").mkdir()
        (folder / "tower" / "config.json").write_text(json.dumps(config["vision_config"]))
        shutil.copy(folder / "preprocessor_config.json", folder / "tower")
    return result


def write(tensors, folder, store):
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    pickle = "pickle" in store
    extension, base, put = ("bin", "pytorch_model", torch.save) if pickle else ("safetensors", "model", save_file)
    if "sharded" not in store:
        put(tensors, folder / f"{base}.{extension}")
        return
    names, index = sorted(tensors), {}
    count = 3
    for number in range(count):
        file = f"{base}-{number + 1:05d}-of-{count:05d}.{extension}"
        part = {name: tensors[name] for name in names[number::count]}
        index.update({name: file for name in part})
        put(part, folder / file)
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    (folder / f"{base}.{extension}.index.json").write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": index}))


def processor_of(model, tokenizer_folder):
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tokenizer_folder)
    vision = model.config.vision_config
    images = SlowProcessor(size={"shortest_edge": vision.image_size}, crop_size={"height": vision.image_size, "width": vision.image_size})
    return LlavaProcessor(images, tokenizer, patch_size=vision.patch_size, num_additional_image_tokens=1,
                          vision_feature_select_strategy=model.config.vision_feature_select_strategy,
                          chat_template=(pathlib.Path(tokenizer_folder) / "chat_template.jinja").read_text())


def expanded(image, mean):
    """LLaVA's expand2square: the picture in the middle of a square of the mean colour."""
    from PIL import Image
    side = max(image.size)
    result = Image.new("RGB", (side, side), tuple(int(x * 255) for x in mean))
    result.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return result
