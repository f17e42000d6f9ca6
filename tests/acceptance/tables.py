"""Tables made by one call of `qvlm table`, and what they must say: rows by name, and the order of methods with its uncertainty."""
import json
import math
import os
import random
import shutil
import subprocess
import sys

from common import WORK, program

DRAWS = ("", " draw 1", " draw 2")  # behind the names of rows of one recipe whose seeds draw other calibration samples


class Row:
    """One row, with the lines of its answers for paired comparisons."""

    def __init__(self, row, folder):
        self.name = row["name"]
        self.failure = row.get("failure")
        self.run = row.get("run")
        self.evaluation = row.get("evaluation")
        file = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.name.lower())
        while "--" in file:
            file = file.replace("--", "-")
        self.journal = folder / f"{file.strip('-')}.qvlm" / "journal.jsonl"
        lines = (folder / f"{file.strip('-')}.answers.jsonl").read_text().splitlines() if self.evaluation else []
        self.scored = {}  # index -> (sum of KL, tokens)
        for line in map(json.loads, lines):
            if line["event"] == "QuestionAnswered":
                self.scored[line["index"]] = (line.get("kl", 0) * line.get("compared_tokens", 0), line.get("compared_tokens", 0))
            elif line["event"] == "TextScored":
                self.scored[line["index"]] = (line.get("kl", 0) * line["tokens"], line["tokens"])

    @property
    def layer_error(self):
        return self.run["layer_error"]

    def events(self, kind):
        return [e for e in map(json.loads, self.journal.read_text().splitlines()) if e["event"] == kind]

    @property
    def token_error(self):
        return self.run["token_error"]

    @property
    def output_error(self):
        return self.run["output_error"]

    @property
    def joint_over_layerwise(self):
        """Error behind the blocks by the joint search over that of the layer-wise choice on the same inputs, geometric mean over the blocks of
        more than one site; and how many there are."""
        blocks = [e for e in self.events("BlockSearched") if e["last_site"] > e["first_site"]]
        ratios = [math.log(e["joint_error"] / e["layerwise_error"]) for e in blocks]
        return math.exp(sum(ratios) / max(len(ratios), 1)), len(ratios)

    @property
    def joint_over_layerwise_by_samples(self):
        """Over the blocks where the two choices differ, geometric means of the joint choice's error over the layer-wise one's: on the samples that
        all tuples were scored on, and on the others, which only the best few were. What joint gains by fitting the former it loses on the latter."""
        started = self.events("RunStarted")[0]
        searched, samples = json.loads(started["recipe"])["search_samples"], started["samples"]
        scores, ratios = {}, ([], [])
        for event in map(json.loads, self.journal.read_text().splitlines()):
            if event["event"] == "CandidateScored":
                scores.setdefault((event["block"], *event["parameters"]), {})[event["samples"]] = event["loss"]
            if event["event"] != "BlockSearched" or event["joint_parameters"] == event["layerwise_parameters"]:
                continue
            joint, layerwise = (scores[(event["block"], *event[key])] for key in ("joint_parameters", "layerwise_parameters"))
            ratios[0].append(math.log(joint[searched] / layerwise[searched]))
            # A relative error over all samples is the mean of those over its parts, near enough.
            others = [(one[samples] * samples - one[searched] * searched) / (samples - searched) for one in (joint, layerwise)]
            ratios[1].append(math.log(others[0] / others[1]))
        return [math.exp(mean(part)) for part in ratios]

    @property
    def kl(self):
        return sum(kl for kl, _ in self.scored.values()) / max(sum(tokens for _, tokens in self.scored.values()), 1)

    @property
    def accuracy(self):
        overall = self.evaluation["overall"]
        return 100.0 * overall["right"] / overall["total"]

    @property
    def questions(self):
        return self.evaluation["overall"]["total"]

    @property
    def perplexity(self):
        return self.evaluation["likelihood"]["text"]["perplexity"]


def make_table(name, spec, fresh=False):
    """Writes the specification (a dict with absolute paths) and makes its table in build/acceptance/NAME. Rows that were finished there
    by an earlier call with the same recipe, model and data are not made again, unless `fresh`. -> {row's name: Row}"""
    folder = WORK / name
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    specification = folder / "spec.json"
    specification.write_text(json.dumps(spec, indent=1, default=os.fspath))
    ended = subprocess.run([program("qvlm"), "table", str(specification), "-o", str(folder)], stdout=subprocess.PIPE, text=True)
    print(ended.stdout, flush=True)
    if not (folder / "table.json").exists():
        sys.exit(f"qvlm table ended with {ended.returncode}")
    rows = [Row(row, folder) for row in json.loads((folder / "table.json").read_text())["rows"]]
    return {row.name: row for row in rows}


def demand_rows(figures, name, rows):
    """A row that failed is a short figure that says why."""
    failed = {row.name: row.failure for row in rows.values() if row.failure}
    for row, why in failed.items():
        print(f"{name}: {row} failed: {why}")
    figures.at_least(f"{name}_rows", len(rows) - len(failed), len(rows))


def mean(values):
    values = list(values)
    return sum(values) / max(len(values), 1)


def kl_difference(before, after, draws=2000):
    """Mean KL of the rows `after` less that of the rows `before` over the same tokens, and its 95 % interval by a paired bootstrap over the
    samples."""
    def scored(rows, index):
        return mean(row.scored[index][0] for row in rows), rows[0].scored[index][1]

    pairs = [(scored(before, i), scored(after, i)) for i in sorted(before[0].scored) if i in after[0].scored]
    generator = random.Random(0)

    def difference(chosen):
        return sum(b[0] - a[0] for a, b in chosen) / max(sum(a[1] for a, _ in chosen), 1)

    drawn = sorted(difference(generator.choices(pairs, k=len(pairs))) for _ in range(draws))
    return difference(pairs), drawn[int(0.025 * draws)], drawn[int(0.975 * draws) - 1]


# Student's t, two-sided 95 %, by degrees of freedom: few draws know little of their own spread.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228}


def student(freedom):
    return STUDENT.get(freedom, 2.228 if freedom < 20 else 2.09)  # of more degrees: on the safe side


def margin(before, after, value):
    """Half of the 95 % interval of the difference of two means over draws, by Student's t of both lists' pooled spread; 0 where no list has two."""
    lists = [[value(row) for row in rows] for rows in (before, after)]
    freedom = sum(len(one) - 1 for one in lists)
    if freedom == 0:
        return 0
    variance = sum(sum((v - mean(one)) ** 2 for v in one) for one in lists) / freedom
    return student(freedom) * math.sqrt(variance * sum(1 / len(one) for one in lists))


def check_order(figures, name, methods, error="layer_error", checks_kl=True):
    """`methods` from the worst to the best: lists of rows of one recipe, which differ in the draw of their calibration samples alone (rounding at
    few bits turns any small change of a stream into other answers where the model is unsure). Error and KL, means over the draws: each is below
    the one before it, or the two cannot be told apart: their difference is within its 95 % interval over the draws, or, for KL, the paired
    difference's 95 % interval over the samples reaches zero. What it was is said. `error`: of the layers, of their tokens, or of the last output.
    checks_kl: False where KL is only told."""
    for before, after in zip(methods, methods[1:]):
        pair = f"{name}_{slug(after[0].name)}_against_{slug(before[0].name)}"
        was, now = (mean(getattr(row, error) for row in rows) for rows in (before, after))
        noise = margin(before, after, lambda row: getattr(row, error))
        figures.told(f"{pair}_draws", min(len(before), len(after)))
        figures.told(f"{pair}_{error}_ratio", now / was)
        figures.at_most(f"{pair}_{error}_ratio_less_margin", (now - noise) / was, 1)
        difference, low, high = kl_difference(before, after)
        noise = margin(before, after, lambda row: row.kl)
        figures.told(f"{pair}_kl_ratio", mean(row.kl for row in after) / mean(row.kl for row in before))
        figures.told(f"{pair}_kl_interval", f"{low:.2e}..{high:.2e}")
        figures.told(f"{pair}_kl_margin_of_draws", noise)
        apart = min(abs(low), abs(high)) > 0 and low * high > 0 and abs(difference) > noise
        figures.told(f"{pair}_kl", ("lower" if difference < 0 else "higher") + ("" if apart else "_not_told_apart"))
        least = (f"{pair}_kl_least_difference", min(low, difference - noise))
        figures.at_most(*least, 0) if checks_kl else figures.told(*least)


def check_blocks(figures, name, rows):
    """On the same inputs, which two runs no longer have behind their first block, a block's joint choice is never worse than its layer-wise one."""
    for row in rows:
        ratio, blocks = row.joint_over_layerwise
        figures.told(f"{name}_{slug(row.name)}_blocks_of_more_sites", blocks)
        figures.at_most(f"{name}_{slug(row.name)}_joint_over_layerwise_block_error", ratio, 1)
        for where, value in zip(("searched", "other"), row.joint_over_layerwise_by_samples):
            figures.told(f"{name}_{slug(row.name)}_joint_over_layerwise_on_{where}_samples", value)


def slug(name):
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
