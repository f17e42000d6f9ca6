#!/usr/bin/env python3
"""The engine under the Khronos validation layers: the demo model answers over one and over two pictures without a message of theirs.
The layers do not see accesses by address; barriers.sh looks after those.
"""
import os
import subprocess

from common import DEMO, Figures, program


def messages(arguments):
    """-> (lines that the layers said, exit status, what else stood on stderr)"""
    result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, env={**os.environ, "VK_LOADER_DEBUG": ""})
    lines = result.stderr.splitlines()
    return [line for line in lines if line.startswith("validation:") or "Validation Error" in line or "VUID-" in line], result.returncode, result.stderr


def main():
    figures = Figures()
    pictures = sorted((DEMO / "images").glob("*.png"))
    said, status = [], 0
    for images, question in ((pictures[:1], "What is in the picture?"), (pictures[:2], "In which picture is the dog, the first or the second?")):
        arguments = [program("qvlm"), "chat", DEMO / "model", "--validation", "--prompt", question]
        for image in images:
            arguments += ["--image", image]
        lines, code, words = messages(arguments)
        said, status = said + lines, status or code
        if code:
            print("  " + words.strip()[-400:])
    for line in said[:10]:
        print("  " + line)
    figures.at_most("validation_layers_chat_status", status, 0)
    figures.at_most("validation_layers_messages", len(said), 0)
    figures.finish()


if __name__ == "__main__":
    main()
