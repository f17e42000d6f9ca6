#!/usr/bin/env python3
"""Real weights: SmolLM2-135M-Instruct, taken off its 4-bit grid by a random rotation, calibrated on English prose and scored on the part
that was held out (Debian FAQ): perplexity and KL, one table.

W4A16 g64 and W3A16 g32: 'best' has at most half of RTN's KL. W4A4 per token: 'best' closes at least 80 % of the gap of log-perplexity
between RTN and float. W4A4 per group of 32: 'best' at most 15 % above float's perplexity. RTN > layer-wise > joint on the error of the layers'
tokens, each by its own size, and on KL wherever two rows can be told apart (the model has no tower, so no VEO). Over the tokens together the
order need not hold: one token's activation, some hundred times all others', has nearly all of the energy behind its layer, and the error is
that token's; it is told before that layer and from it on. Rows of 576 weights have no groups of 128: 64 stands for it.

At W4A4 a token, joint's KL is not below layer-wise's. The cause is shown in two parts. What joint gains at the ends of the blocks is a fraction of a
percent, and on the same input that is no gain at the output: each block's choices are carried there by the rest of the model in float. And a set
of ratios has its KL, some two nats, by chance: sets that take each block's ratios from either row by a coin have the same errors and differ
by several percent, and the draws of a method, which choose mostly alike, share their luck.

W4A4 per group of 32: layer-wise has the lower error and the higher KL than RTN. The cause: no group gains by clipping while what it rounds is near
the float stream, but the more error that carries, the nearer to float's output comes one that is made smaller, as a regression on noisy
inputs has too flat a slope; and what behind the site reads it was trained on the whole of it. It is shown in three ways: on random numbers
(shrinkage.py), by the ratios chosen in the first and the last third of the layers, and by KL of the same model with the ratios of only its
first layers, near RTN's, or only of the others, near layer-wise's.

usage: smollm2_table.py [--fresh] [--order]   # --order: only the rows whose order is asked
"""
import itertools
import json
import math
import pathlib
import random
import shutil
import statistics
import subprocess
import sys

from common import WORK, Figures, program, use_packages
from evaluation import evaluate
from tables import DRAWS, check_blocks, check_order, demand_rows, make_table, mean, slug, student
from testbeds import make, smollm2

HERE = pathlib.Path(__file__).resolve().parent
GROUPS = {"activation_bits": 4, "activation_mode": "dynamic-group", "activation_group": 32}
GPTAQ = {"weight_method": "gptaq", "gptaq_validated": True, "search": "none"}
FUSED = {"rotation": "r1r2", **GPTAQ}
LEARNED = {"transform": "learned", **GPTAQ}   # clip bounds are learned along with the transforms, so nothing is searched
BEST = {"rotation": "principal", **LEARNED}
RELATIVE = {"token_weighting": "relative", "activation_bits": 4}  # each token's error by its own size: the attention sink's does not drown the others'


SIX_DRAWS = (*DRAWS, *(f" draw {i}" for i in range(len(DRAWS), 6)))  # at a KL of two nats three are too few to tell methods apart


COINS = 6


def row(name, method, recipe):
    return {"name": name, "method": method, "recipe": recipe}


ROWS = [
    row("RTN W4A16 g64", "RTN", {"search": "none", "weight_group": 64}),
    row("GPTQ W4A16 g64", "GPTQ", {"search": "none", "weight_group": 64, "weight_method": "gptq"}),
    row("best W4A16 g64", "best, no search", {**FUSED, "weight_group": 64}),
    row("RTN W3A16 g32", "RTN", {"search": "none", "weight_bits": 3}),
    row("AWQ W3A16 g32", "AWQ", {"search": "none", "weight_bits": 3, "weight_method": "awq"}),
    row("GPTQ W3A16 g32", "GPTQ", {"search": "none", "weight_bits": 3, "weight_method": "gptq"}),
    row("best W3A16 g32", "best, no search", {**FUSED, "weight_bits": 3}),
    row("RTN W4A4 token", "RTN", {"search": "none", "activation_bits": 4}),
    *(row(f"{name} W4A4 token{draw}", name, {"search": search, "activation_bits": 4, "seed": seed})
      for name, search in (("Q-VLM layer-wise", "layerwise"), ("Q-VLM", "joint")) for seed, draw in enumerate(SIX_DRAWS)),
    row("rotated W4A4 token", "GPTAQ, R1 R2 R4", {"rotation": "r1r2r4", **GPTAQ, "activation_bits": 4}),
    *(row(f"{name} W4A4 token relative{draw}", f"{name}, tokens by their size", {"search": search, **RELATIVE, "seed": seed})
      for name, search in (("Q-VLM layer-wise", "layerwise"), ("Q-VLM", "joint")) for seed, draw in enumerate(DRAWS)),
    row("best W4A4 token", "best, learned along principal axes", {**BEST, "activation_bits": 4}),
    row("RTN W4A4 groups", "RTN", {"search": "none", **GROUPS}),
    row("Q-VLM layer-wise W4A4 groups", "Q-VLM layer-wise", {"search": "layerwise", **GROUPS}),
    row("Q-VLM W4A4 groups", "Q-VLM", {"search": "joint", **GROUPS}),
    row("learned W4A4 groups", "GPTAQ, learned transforms", {**LEARNED, **GROUPS}),
    row("best W4A4 groups", "best, learned along principal axes", {**BEST, **GROUPS}),
]


def tell_massive_activation(figures, plain, drawn, relative):
    """Where the order of errors over all tokens together breaks: the layer whose MLP has one value that outweighs all, and how the error of each
    method, mean over its draws, relates to that of `plain` over the layers ahead of it and from it on. From it on the pooled error is one
    token's: joint search lowers that, and raises the other tokens'."""
    largest = [max(abs(e["minimum"]), abs(e["maximum"])) for e in plain.events("SiteMeasured") if e["site"] % 4 == 3]
    layer = max(range(len(largest)), key=largest.__getitem__)
    figures.told("smollm2_table_massive_activation_layer", layer)
    figures.told("smollm2_table_massive_activation_over_median", largest[layer] / sorted(largest)[len(largest) // 2])

    def errors(rows, error, part):
        return mean(math.log(e[error]) for one in rows for e in one.events("LayerQuantized")[part])

    ratios = {}
    for where, part in (("ahead_of", slice(0, layer)), ("from", slice(layer, None))):
        for error in ("output_error", "token_error"):
            kind = "pooled" if error == "output_error" else "token"
            for rows in (*drawn, *relative):
                figures.told(f"smollm2_table_{slug(rows[0].name)}_{kind}_error_ratio_{where}_it",
                             math.exp(errors(rows, error, part) - errors([plain], error, part)))
            for weighting, (layerwise, joint) in (("plain", drawn), ("relative", relative)):
                ratios[weighting, where, kind] = math.exp(errors(joint, error, part) - errors(layerwise, error, part))
                figures.told(f"smollm2_table_joint_over_layerwise_{weighting}_{kind}_error_{where}_it", ratios[weighting, where, kind])
    figures.at_most("smollm2_table_joint_over_layerwise_pooled_error_over_token_error", ratios["plain", "from", "pooled"] / ratios["plain", "from", "token"], 1)


def tell_choices_at_output(figures, model, text, row):
    """What the choices of the blocks of a joint `row` do at the model's output: on the same input, each through the rest of the model in float.
    Ratios to the layer-wise choice where that is another, geometric means over the blocks with their 95 % margin; and how far a lower error at
    the block's end goes with a lower KL at the output."""
    out = WORK / "smollm2-choices.jsonl"
    subprocess.run([program("qvlm-probe"), "blocks", str(model), "--run", str(row.journal.parent), "--text", str(text), "--stretches", "2", "--out", str(out)],
                   check=True)
    blocks = [json.loads(line)["choices"] for line in out.read_text().splitlines()]
    name = f"smollm2_table_{slug(row.name)}_choices"
    figures.told(f"{name}_blocks", len(blocks))
    logs = {(choice, key): [math.log(block[choice][key] / block["layerwise"][key]) for block in blocks] for choice in ("joint", "unclipped") for key in ("error", "kl")}
    for (choice, key), values in logs.items():
        margin = student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
        figures.told(f"{name}_{choice}_over_layerwise_{key}", math.exp(mean(values)))
        figures.told(f"{name}_{choice}_over_layerwise_{key}_margin", margin)
        if (choice, key) == ("joint", "kl"):  # the gain does not reach the output
            figures.at_least(f"{name}_{choice}_over_layerwise_{key}_and_margin", math.exp(mean(values) + margin), 1)
    for choice in ("joint", "unclipped"):
        figures.told(f"{name}_{choice}_correlation_of_error_and_kl", statistics.correlation(logs[choice, "error"], logs[choice, "kl"]))
    figures.told(f"{name}_joint_less_layerwise_kl_summed", sum(block["joint"]["kl"] - block["layerwise"]["kl"] for block in blocks))


def check_chance(figures, name, model, text, layerwise, joint):
    """How far apart KL of two sets of ratios lies by chance: of the draw whose two rows lie farthest apart, each block where their ratios differ takes
    one of theirs by a coin. The draws of a method do not tell that: they choose mostly alike, so all of them have the same luck. The difference of the
    methods is to lie within what two such sets may differ by (95 %)."""
    chosen = [[[float(ratio[0]) for ratio in clip_ratios(row.journal.parent)] for row in rows] for rows in (layerwise, joint)]
    for method, draws in zip(("layerwise", "joint"), chosen):
        figures.told(f"{name}_{method}_draws_choose_alike", mean(mean(a == b for a, b in zip(*pair)) for pair in itertools.combinations(draws, 2)))
    draw = max(range(len(joint)), key=lambda i: abs(joint[i].kl - layerwise[i].kl))
    first, second = (draws[draw] for draws in chosen)
    blocks = [slice(e["first_site"], e["last_site"] + 1) for e in joint[draw].events("BlockSearched")]
    blocks = [block for block in blocks if first[block] != second[block]]
    kls, shares = [], []
    for seed in range(COINS):
        coin, ratios = random.Random(seed), list(first)
        taken = [block for block in blocks if coin.random() < 0.5]
        for block in taken:
            ratios[block] = second[block]
        kls.append(kl_with_ratios(text, model, joint[draw], lambda layer, site, _: ratios[4 * layer + site]))
        shares.append(len(taken) / len(blocks))
        figures.told(f"{name}_kl_by_coin_{seed}", kls[-1])
    spread = statistics.stdev(kls)
    figures.told(f"{name}_kl_by_coin_spread", spread)
    figures.told(f"{name}_kl_by_coin_correlation_with_share_of_joint", statistics.correlation(kls, shares))
    difference = mean(row.kl for row in joint) - mean(row.kl for row in layerwise)
    figures.told(f"{name}_joint_less_layerwise_kl", difference)
    figures.at_most(f"{name}_joint_less_layerwise_kl_over_chance", abs(difference) / (student(COINS - 1) * math.sqrt(2) * spread), 1)


def kl_on(text, one, model):
    result, _ = evaluate(one, "--backend", "reference", "--against", model, "--limit", 8, "--context", 512, questions=text)
    return result["mean_kl"]


def clip_ratios(folder, mode="r"):
    """Views of the file's numbers, one a site, four sites a layer."""
    from gguf import GGUFReader  # of the packages' Python
    field = GGUFReader(folder / "model.gguf", mode).fields["qvlm.activations.clip"]
    return [field.parts[i] for i in field.data]


def kl_with_ratios(text, model, row, ratio_of):
    """KL of the row's model with other clip ratios: ratio_of(layer, site, its own)."""
    folder = WORK / "smollm2-other-ratios.qvlm"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(row.journal.parent, folder)
    ratios = clip_ratios(folder, "r+")
    for i, ratio in enumerate(ratios):
        ratio[0] = ratio_of(*divmod(i, 4), float(ratio[0]))
    del ratios, ratio  # closes the file
    kl = kl_on(text, folder, model)
    shutil.rmtree(folder)
    return kl


def tell_shrinkage(figures, model, text, plain, layerwise):
    """What clipping in groups does where its input is near the float stream, and where it is not. `plain`, `layerwise`: rows."""
    from shrinkage import tell_choices  # needs NumPy
    tell_choices(figures)
    chosen = [float(ratio[0]) for ratio in clip_ratios(layerwise.journal.parent)]
    layers = len(chosen) // 4
    for where, part in (("first", range(layers // 3)), ("last", range(layers - layers // 3, layers))):
        inputs = [chosen[4 * layer + site] for layer in part for site in (0, 2)]  # of attention and of the MLP
        figures.told(f"smollm2_table_groups_mean_clip_of_{where}_third", mean(inputs))
    errors = [e["token_error"] for e in plain.events("LayerQuantized")]
    first = 2 * layers // 5
    figures.told("smollm2_table_groups_stream_error_where_clipping_is_parted", errors[first - 1])
    kls = {}
    for where, unclipped in (("before", range(first, layers)), ("behind", range(first))):
        kls[where] = kl_with_ratios(text, model, layerwise, lambda layer, _, ratio: 1 if layer in unclipped else ratio) / plain.kl
        figures.told(f"smollm2_table_groups_clipped_only_{where}_there_kl_of_rtn", kls[where])
    figures.told("smollm2_table_groups_layerwise_kl_of_rtn", layerwise.kl / plain.kl)
    figures.at_most("smollm2_table_groups_clipping_of_near_over_noisy_inputs_kl", kls["before"] / kls["behind"], 1)


def check_best(figures, rows):
    for bits in ("W4A16 g64", "W3A16 g32"):
        figures.at_most(f"smollm2_table_best_{slug(bits)}_kl_of_rtn", rows[f"best {bits}"].kl / rows[f"RTN {bits}"].kl, 0.5)
    full, rtn, best = (math.log(rows[name].perplexity) for name in ("float", "RTN W4A4 token", "best W4A4 token"))
    figures.at_least("smollm2_table_best_w4a4_token_gap_closed", (rtn - best) / (rtn - full), 0.8)
    figures.at_most("smollm2_table_best_w4a4_groups_perplexity", rows["best W4A4 groups"].perplexity / rows["float"].perplexity, 1.15)


def main():
    use_packages()
    figures = Figures()
    rows_asked = [one for one in ROWS if "--order" not in sys.argv or "Q-VLM" in one["name"] or one["name"] in ("RTN W4A4 token", "RTN W4A4 groups")]
    fresh = "--fresh" in sys.argv
    model = WORK / "testbed-rotated"
    if not (model / "model.gguf").exists() or fresh:
        model, difference, _ = make("rotated", smollm2())
        figures.at_most("smollm2_table_rotated_logits", difference, 1e-3)
    text = WORK / "english-text"
    subprocess.run([sys.executable, HERE / "english_text.py", text], check=True, stdout=subprocess.DEVNULL)
    rows = make_table("smollm2-table", {"title": "SmolLM2-135M-Instruct, rotated off its grid", "model": model / "model.gguf",
                                        "calibration": text / "calibration.txt", "questions": text / "held-out.txt", "context": 512,
                                        "limit": 8, "base": {"weight_group": 32, "samples": 16, "search_samples": 4}, "rows": rows_asked}, fresh=fresh)
    demand_rows(figures, "smollm2_table", rows)
    figures.told("smollm2_table_float_perplexity", rows["float"].perplexity)
    for one in rows.values():
        if one.run:
            figures.told(f"smollm2_table_{slug(one.name)}_perplexity", one.perplexity)
            figures.told(f"smollm2_table_{slug(one.name)}_kl", one.kl)
            figures.told(f"smollm2_table_{slug(one.name)}_layer_error", one.layer_error)
            figures.told(f"smollm2_table_{slug(one.name)}_token_error", one.token_error)
    if "--order" not in sys.argv:
        check_best(figures, rows)
    plain = rows["RTN W4A4 token"]
    methods = ("Q-VLM layer-wise", "Q-VLM")
    drawn = [[rows[f"{method} W4A4 token{draw}"] for draw in SIX_DRAWS] for method in methods]
    relative = [[rows[f"{method} W4A4 token relative{draw}"] for draw in DRAWS] for method in methods]
    for pair in (drawn, relative):
        check_order(figures, "smollm2_table", [[plain], pair[0]], error="token_error")
        check_order(figures, "smollm2_table", pair, error="token_error", checks_kl=False)
    check_order(figures, "smollm2_table", [[plain], *drawn], error="output_error", checks_kl=False)  # of what the search minimizes, the last
    check_blocks(figures, "smollm2_table", drawn[1])
    check_order(figures, "smollm2_table", [[rows[f"{method} W4A4 groups"]] for method in methods], error="token_error")
    tell_massive_activation(figures, plain, drawn, relative)
    tell_shrinkage(figures, model / "model.gguf", text / "held-out.txt", rows["RTN W4A4 groups"], rows["Q-VLM layer-wise W4A4 groups"])
    for name, pair in (("smollm2_table_token", drawn), ("smollm2_table_token_relative", relative)):
        check_chance(figures, name, model / "model.gguf", text / "held-out.txt", *pair)
    tell_choices_at_output(figures, model / "model.gguf", text / "held-out.txt", drawn[1][3])  # the draw farthest from layer-wise
    figures.finish()


if __name__ == "__main__":
    main()
