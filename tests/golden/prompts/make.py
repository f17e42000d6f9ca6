#!/usr/bin/env python3
"""Renders dialogues with chat templates as Hugging Face's apply_chat_template does, and tokenizes some of them with pictures expanded.

cases.json: templates {name: {template, renders: [[dialogue, generate, text]]}} and prompts [{tokenizer, dialogue, ids}], with 4 tokens a picture.
"""
import json
import os

import sentencepiece
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

FOLDER = os.path.dirname(os.path.abspath(__file__))
TOKENIZERS = os.path.join(FOLDER, "..", "tokenizers")

LLAVA_HF = (  # llava-hf/llava-1.5-7b-hf
    "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}{# Render all images first #}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}{# Render all text next #}"
    "{% if message['role'] != 'assistant' %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' '}}{% endfor %}"
    "{% else %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}")
LLAVA = (  # the demo VLM's: answers end with </s>
    "{% for message in messages %}{% if message['role'] != 'assistant' %}{{ message['role'].upper() + ': ' }}"
    "{% if message['content'] is string %}{{ message['content'] + ' ' }}{% else %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\\n' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' ' }}{% endfor %}"
    "{% endif %}{% else %}{{ 'ASSISTANT: ' }}{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] }}{% endfor %}"
    "{% endif %}{{ '</s>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}")
VICUNA = (
    "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{{ messages[0]['content'] + ' ' }}{% else %}{% set rest = messages %}"
    "{{ \"A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions. \" }}{% endif %}"
    "{% for message in rest %}{% if message['role'] == 'user' %}{{ 'USER: ' + message['content'] + ' ' }}{% else %}{{ 'ASSISTANT: ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}")
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
CHATML_SYSTEM = (  # SmolLM2's
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
LLAMA_2 = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
    "{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}")
LLAMA_3 = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}")

# [role, text, pictures]
DIALOGUES = [
    [["user", "What is this?", 0]],
    [["user", "What colour is the star?", 1]],
    [["user", "In which picture is the dog?", 2], ["assistant", "first", 0], ["user", "And the cat?", 0]],
    [["system", "Be brief.", 0], ["user", "Hi  there", 0]],
    [["user", "a", 1], ["assistant", "b", 0], ["user", "c", 0], ["assistant", "d", 0], ["user", "e", 0]],
]


def conversation(dialogue, parts):
    def content(text, images):
        if parts:
            return [{"type": "image"}] * images + [{"type": "text", "text": text}]
        return "<image>\n" * images + text
    return [{"role": role, "content": content(text, images)} for role, text, images in dialogue]


def main():
    llama = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(os.path.join(TOKENIZERS, "llama", "tokenizer.json")), bos_token="<s>", eos_token="</s>")
    cases = {"templates": {}, "prompts": []}
    for name, template, parts in (("llava-hf", LLAVA_HF, True), ("llava", LLAVA, True), ("vicuna", VICUNA, False), ("chatml", CHATML, False), ("chatml with system", CHATML_SYSTEM, False),
                                  ("llama-2", LLAMA_2, False), ("llama-3", LLAMA_3, False)):
        renders = []
        for number, dialogue in enumerate(DIALOGUES):
            if name == "llava" and dialogue[0][0] == "system":
                continue  # it would write "SYSTEM: "
            for generate in (True, False):
                text = llama.apply_chat_template(conversation(dialogue, parts), chat_template=template, tokenize=False, add_generation_prompt=generate)
                renders.append([number, generate, text.removeprefix("<s>")])
        cases["templates"][name] = {"template": template, "renders": renders}
    cases["dialogues"] = DIALOGUES
    pieces = sentencepiece.SentencePieceProcessor(model_file=os.path.join(TOKENIZERS, "sentencepiece_bpe", "tokenizer.model"))
    for number, dialogue in enumerate(DIALOGUES):
        if dialogue[0][0] == "system":
            continue
        text = llama.apply_chat_template(conversation(dialogue, True), chat_template=LLAVA, tokenize=False, add_generation_prompt=True)
        ids = llama(text.replace("<image>", "<image>" * 4))["input_ids"]
        cases["prompts"].append({"tokenizer": "llama/tokenizer.json", "dialogue": number, "ids": ids})
        # The original LLaVA's tokenizer_image_token: a stretch at a time, -1 standing for each of a picture's tokens.
        ids = [pieces.bos_id()]
        for index, stretch in enumerate(text.split("<image>")):
            for nested, part in enumerate(stretch.split("</s>")):
                ids += ([] if nested == 0 else [pieces.eos_id()]) + pieces.encode(part)
            if index < text.count("<image>"):
                ids += [-1] * 4
        cases["prompts"].append({"tokenizer": "sentencepiece_bpe/tokenizer.model", "dialogue": number, "ids": ids})
    with open(os.path.join(FOLDER, "cases.json"), "w") as file:
        json.dump(cases, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
