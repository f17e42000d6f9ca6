"""Calls `qvlm evaluate` and `qvlm quantize` and gives back what they say."""
import json
import pathlib
import shutil

from common import DEMO, WORK, program, run_json


def evaluate(model, *options, questions=DEMO / "questions"):
    """-> (the result, the answers in order)"""
    lines = run_json([program("qvlm"), "evaluate", model, "--questions", questions, "--json", *options])
    result = lines[-1]
    if result.get("event") != "EvaluationFinished":
        raise SystemExit(f"evaluate ended with {result}")
    answers = [line for line in lines if line["event"] == "QuestionAnswered"]
    return result, sorted(answers, key=lambda answer: answer["index"])  # batches are not in the set's order


def percent(accuracy):
    return 100.0 * accuracy["right"] / max(accuracy["total"], 1)


def selection(answers, count):
    """Of answers or questions, as many of every category, `count` at most, in the set's order."""
    chosen, each = [], {}
    categories = len({answer["category"] for answer in answers})
    for answer in answers:
        each[answer["category"]] = each.get(answer["category"], 0) + 1
        if each[answer["category"]] * categories <= count:
            chosen.append(answer)
    return chosen


def is_of_this_model(folder):
    report = folder / "report.json"
    if not report.exists():
        return False
    model = DEMO / "model"
    newest = max(file.stat().st_mtime for file in model.iterdir())
    return pathlib.Path(json.loads(report.read_text())["model"]).resolve() == model.resolve() and report.stat().st_mtime > newest


def quantize(name, *options, samples=64, group=32, fresh=True):
    """A run on the demo model by Q-VLM into build/acceptance/NAME.qvlm. Where `fresh` is false, a run on the same model that
    was left there serves. -> folder"""
    out = WORK / f"{name}.qvlm"
    if not fresh and is_of_this_model(out):
        return out
    WORK.mkdir(parents=True, exist_ok=True)
    for old in (out, out.with_name(out.name + ".partial")):
        shutil.rmtree(old, ignore_errors=True)
    run_json([program("qvlm"), "quantize", DEMO / "model", "--calibration", DEMO / "calibration", "-o", out, "--samples", samples,
              "--group", group, "--json", *options])
    return out
