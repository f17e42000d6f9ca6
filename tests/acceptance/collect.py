"""Runs the commands of list.txt and keeps their figures in figures.json: value, bar, whether it holds, the commit and the command."""
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "figures.json"


def machine():
    """Processor, cores, memory: what figures of time depend on."""
    model = platform.processor() or platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = next((line for line in pathlib.Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")), "MemTotal: 0 kB")
    return f"{model}, {os.cpu_count()} cores, {int(memory.split()[1]) / 2**20:.0f} GiB"


def commit():
    git = ["git", "-C", str(HERE)]
    name = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip() or "unknown"
    changed = subprocess.run([*git, "status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)tests/acceptance/figures.json"], capture_output=True, text=True).stdout
    return name + ("+changes" if changed.strip() else "")


def run(command):
    """-> ([(name, value, bar, ok)], status, seconds); what it prints goes through, but for the FIGURE lines."""
    figures, begin = [], time.monotonic()
    name, *arguments = command.split()
    process = subprocess.Popen([HERE / name, *arguments], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("FIGURE "):
            _, figure, value, bar, verdict = line.split()
            figures.append((figure, value, bar, verdict == "ok"))
        else:
            print(line, end="", flush=True)
    return figures, process.wait(), time.monotonic() - begin


def main():
    commands = [line.strip() for line in (HERE / "list.txt").read_text().splitlines() if line.strip() and not line.startswith("#")]
    if len(sys.argv) > 1:
        commands = [command for command in commands if any(word in command for word in sys.argv[1:])]
        if not commands:
            sys.exit(f"no command of {HERE / 'list.txt'} has {' or '.join(sys.argv[1:])} in its name")
    now = {"commit": commit(), "machine": machine(), "date": datetime.date.today().isoformat()}
    kept = json.loads(FILE.read_text())["figures"] if FILE.exists() else {}
    failed = []
    for command in commands:
        print(f"== {command}", flush=True)
        figures, status, seconds = run(command)
        kept = {name: figure for name, figure in kept.items() if figure["command"] != command}
        for name, value, bar, ok in figures:
            kept[name] = {"value": number(value), "bar": bar, "ok": ok, "command": command, "commit": now["commit"], "date": now["date"]}
        if status or not figures:
            failed.append(command)
        print(f"   ({'failed, ' if command in failed else ''}{seconds:.0f} s)", flush=True)
        beside = FILE.with_suffix(".new")
        beside.write_text(json.dumps({**now, "figures": dict(sorted(kept.items()))}, indent=1) + "\n")
        beside.replace(FILE)
    print(f"{len(commands) - len(failed)} of {len(commands)} commands hold" + (f"; short or failed: {', '.join(failed)}" if failed else ""))
    sys.exit(1 if failed else 0)


def number(text):
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and "." not in text and "e" not in text.lower() else value


if __name__ == "__main__":
    main()
