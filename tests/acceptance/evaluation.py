"""Calls `qvlm evaluate` and `qvlm quantize` and gives back what they say."""
import shutil

from common import DEMO, WORK, program, run_json


def evaluate(model, *options, questions=DEMO / "questions"):
    """-> (the result, the answers in order)"""
    lines = run_json([program("qvlm"), "evaluate", model, "--questions", questions, "--json", *options])
    result = lines[-1]
    if result.get("event") != "EvaluationFinished":
        raise SystemExit(f"evaluate ended with {result}")
    return result, [line for line in lines if line["event"] == "QuestionAnswered"]


def percent(accuracy):
    return 100.0 * accuracy["right"] / max(accuracy["total"], 1)


def quantize(name, *options, samples=64, fresh=True):
    """A run on the demo model by Q-VLM (joint search) into build/acceptance/NAME.qvlm, unless one is there and `fresh` is false. -> folder"""
    out = WORK / f"{name}.qvlm"
    if out.exists() and not fresh:
        return out
    WORK.mkdir(parents=True, exist_ok=True)
    for old in (out, out.with_name(out.name + ".partial")):
        shutil.rmtree(old, ignore_errors=True)
    run_json([program("qvlm"), "quantize", DEMO / "model", "--calibration", DEMO / "calibration", "-o", out, "--samples", samples, "--search", "joint",
              "--group", 32, "--json", *options])
    return out
