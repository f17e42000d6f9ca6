"""What the acceptance commands share: where things are, the virtual environment, and how a figure is reported.

QVLM_ACCEPTANCE_PYTHON  a Python with the packages of requirements.txt, in place of build/acceptance-venv
QVLM_BUILD              the build folder, in place of build/release
QVLM_DEMO               the demo's folder, in place of resources/demo
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QVLM_BUILD", ROOT / "build" / "release"))
DEMO = pathlib.Path(os.environ.get("QVLM_DEMO", ROOT / "resources" / "demo"))
WORK = ROOT / "build" / "acceptance"
VENV = ROOT / "build" / "acceptance-venv"


def use_packages():
    """Goes on in the Python that has the packages; makes the virtual environment where there is none yet."""
    chosen = os.environ.get("QVLM_ACCEPTANCE_PYTHON")
    if chosen is None:
        if not (VENV / "complete").exists():
            subprocess.run([ROOT / "tests" / "acceptance" / "make-venv"], check=True)
        chosen = str(VENV / "bin" / "python")
    if not os.path.exists(chosen):
        sys.exit(f"QVLM_ACCEPTANCE_PYTHON: {chosen} is not there")
    if pathlib.Path(sys.executable).parent != pathlib.Path(chosen).parent:
        os.execv(chosen, [chosen, *sys.argv])
    for name, value in {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false",
                        "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1"}.items():
        os.environ.setdefault(name, value)


def program(name):
    path = BUILD / "bin" / name
    if not path.exists():
        sys.exit(f"{path} is not built (packaging/build)")
    return str(path)


def run_json(arguments, **options):
    """The objects that a command prints, one a line; its messages go through. Exits with its message where it fails."""
    result = subprocess.run([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if result.returncode:
        sys.exit(f"{' '.join(str(a) for a in arguments)}\nended with {result.returncode}: {result.stderr.strip() or result.stdout[-500:]}")
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


class Figures:
    """Collects figures, prints each with its bar, and knows whether all of them hold."""

    def __init__(self):
        self.short = 0

    def add(self, name, value, bar, ok, unit=""):
        """`bar` as text without blanks ('<=1e-3', '>=85', 'none' for a figure that is only told)."""
        text = f"{value:.5g}" if isinstance(value, float) else str(value)
        print(f"{name}: {text}{' ' + unit if unit else ''} ({'told only' if bar == 'none' else bar}{'' if ok else ', SHORT'})")
        print(f"FIGURE {name} {text} {bar} {'ok' if ok else 'short'}", flush=True)
        self.short += not ok

    def at_most(self, name, value, bar, unit=""):
        self.add(name, value, f"<={bar:g}", value <= bar, unit)

    def at_least(self, name, value, bar, unit=""):
        self.add(name, value, f">={bar:g}", value >= bar, unit)

    def above(self, name, value, bar, unit=""):
        self.add(name, value, f">{bar:g}", value > bar, unit)

    def told(self, name, value, unit=""):
        self.add(name, value, "none", True, unit)

    def finish(self):
        sys.exit(1 if self.short else 0)
