# Makes tokens.json: what Hugging Face transformers makes of the demo VLM's dialogues and of plain strings.
# qvlm-demo preview -o DIR --columns 6 --rows 5; then: python make_tokens.py DIR/prompts.jsonl
import json
import pathlib
import random
import sys

import sentencepiece
import transformers

root = pathlib.Path(__file__).resolve().parents[3]
folder = root / "resources/demo/model"
fast = transformers.AutoTokenizer.from_pretrained(folder)
model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))

dialogues = []
for line in open(sys.argv[1]):
    entry = json.loads(line)
    dialogues.append({"seed": entry["seed"], "text": entry["text"], "ids": fast(entry["text"])["input_ids"]})

parts = ["red", " ", "  ", "é", "日本", "🙂", "\n", "x=1;", "STOP", "circle", "What", "the", "012",
         "top left", "\t", "Straße", ",", "!?"]
random.seed(1)
strings = []
while len(strings) < 200:
    text = "".join(random.choice(parts) + random.choice(["", " "]) for _ in range(8))
    if text.startswith(" "):  # here the two differ by design: Metaspace adds no second blank, SentencePiece does
        continue
    ids = fast(text, add_special_tokens=False)["input_ids"]
    assert ids == model.encode(text), text
    strings.append({"text": text, "ids": ids})

chat = [
    {"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image"}, {"type": "image"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "red circle"}]},
    {"role": "user", "content": [{"type": "text", "text": "Where?"}]},
]
rendered = fast.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
assert rendered == "USER: <image>\n<image>\nWhat is it? ASSISTANT: red circle</s>USER: Where? ASSISTANT:", rendered
out = pathlib.Path(__file__).with_name("tokens.json")
lines = lambda entries: ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in entries)
out.write_text('{"made_with": "transformers %s",\n "dialogues": [\n%s],\n "strings": [\n%s]}\n'
               % (transformers.__version__, lines(dialogues), lines(strings)))
