#!/usr/bin/env python3
"""Dialogues with the demo model on Vulkan, through `qvlm chat --json`: the second turn about a picture starts at least 5 times sooner than the first
(median over 20 pictures), and 1,000 turns about 40 pictures leave memory as it was after the first 200, within 8 MiB. Takes
build/acceptance/demo-w4a16.qvlm where qvlm_w4a16.py has left it.
"""
import json
import statistics
import subprocess

from common import DEMO, Figures, program
from evaluation import quantize

FIRST, SECOND = "What is at the top left?", "How many things are there?"
TURNS, SETTLED = 1000, 200


class Chat:
    def __init__(self, model):
        self.process = subprocess.Popen([str(program("qvlm")), "chat", str(model), "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.heard("ChatReady")

    def heard(self, event):
        for line in self.process.stdout:
            said = json.loads(line)
            if said["event"] == event:
                return said
            if said["event"] == "ChatFailed":
                raise SystemExit(f"chat: {said['message']}")
        raise SystemExit("chat: ended")

    def ask(self, turns, tokens):
        """-> PromptReady, AnswerFinished"""
        self.process.stdin.write(json.dumps({"ask": {"turns": turns, "max_tokens": tokens}}) + "\n")
        self.process.stdin.flush()
        return self.heard("PromptReady"), self.heard("AnswerFinished")

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def quit(self):
        self.process.stdin.write('{"quit": true}\n')
        self.process.stdin.flush()
        return self.process.wait(timeout=60)


def user(text, *pictures):
    return {"role": "user", "text": text, "images": [str(p) for p in pictures]}


def main():
    figures = Figures()
    chat = Chat(quantize("demo-w4a16", "--weights", 4, "--activations", 16, fresh=False))
    pictures = sorted((DEMO / "questions" / "images").glob("*.png"))[:60]
    chat.ask([user(FIRST, pictures[-1])], 4)  # makes what is made once
    ratios = []
    for picture in pictures[:20]:
        turns = [user(FIRST, picture)]
        _, first = chat.ask(turns, 16)
        turns += [{"role": "assistant", "text": first["text"], "images": []}, user(SECOND)]
        prompt, second = chat.ask(turns, 16)
        ratios.append(first["first_token_seconds"] / second["first_token_seconds"])
        computed = prompt["tokens"] - prompt["reused_tokens"]
    figures.told("dialogue_first_turn_seconds", first["first_token_seconds"], "s")
    figures.told("dialogue_second_turn_rows_computed", computed)
    figures.at_least("dialogue_second_turn_sooner", statistics.median(ratios), 5, "times")

    settled = 0
    for turn in range(TURNS):
        dialogue = [user(FIRST, pictures[turn % 40])]
        for _ in range(turn % 3):
            dialogue += [{"role": "assistant", "text": "a red square", "images": []}, user(SECOND)]
        chat.ask(dialogue, 4)
        if turn + 1 == SETTLED:
            settled = chat.resident_mib()
    figures.told("dialogue_resident_memory", settled, "MiB")
    figures.at_most("dialogue_memory_grown_over_800_turns", chat.resident_mib() - settled, 8, "MiB")
    figures.at_most("dialogue_exit_status", chat.quit(), 0)
    figures.finish()


if __name__ == "__main__":
    main()
