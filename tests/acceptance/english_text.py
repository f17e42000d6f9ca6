"""English prose for decoders without a tower: the Debian FAQ (Debian package debian-faq), cut into a calibration part
and a held-out part.

    english_text.py FOLDER    writes FOLDER/calibration.txt and FOLDER/held-out.txt: samples of some 150 words between
                              blank lines; the last three tenths of the book are held out
"""

import gzip
import pathlib
import re
import sys

SOURCE = pathlib.Path("/usr/share/doc/debian/FAQ/debian-faq.en.txt.gz")
WORDS = 150  # of a sample
HELD_OUT = 0.3


def paragraphs(text: str) -> list[str]:
    """Sentences of prose: headings, lists of contents, commands and addresses are left out."""
    result = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        prose = re.sub(r"\s+", " ", " ".join(lines)).removeprefix("* ")
        words = prose.split(" ")
        if len(words) < 12 or not re.search(r"[.!?]$", prose) or "://" in prose:
            continue
        if sum(word.isalpha() or word[:-1].isalpha() for word in words) < 0.8 * len(words):
            continue
        result.append(prose)
    return result


def samples(text: str) -> list[str]:
    result, current = [], []
    for paragraph in paragraphs(text):
        current += paragraph.split(" ")
        if len(current) >= WORDS:
            result.append(" ".join(current))
            current = []
    return result


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not SOURCE.exists():
        sys.exit(f"{SOURCE}: not there; install the Debian package debian-faq")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    all_samples = samples(gzip.decompress(SOURCE.read_bytes()).decode())
    border = round(len(all_samples) * (1 - HELD_OUT))
    for name, part in (("calibration", all_samples[:border]), ("held-out", all_samples[border:])):
        (folder / f"{name}.txt").write_text("\n\n".join(part) + "\n")
        print(f"{name}.txt: {len(part)} samples, {sum(len(one.split()) for one in part)} words")


if __name__ == "__main__":
    main()
