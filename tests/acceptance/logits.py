"""Our logits, as qvlm-probe writes them, beside another program's along the same tokens."""
import json
import subprocess

import numpy as np

from common import program


def probe(command, model, out, *extra, sequences=None):
    """qvlm-probe COMMAND on a model -> what it says; the numbers are in `out`."""
    run = subprocess.run([program("qvlm-probe"), command, str(model), "--out", str(out), *map(str, extra)], capture_output=True, text=True,
                         input=None if sequences is None else json.dumps(sequences))
    if run.returncode:
        raise SystemExit(f"{model}: {run.stderr.strip()}")
    return json.loads(run.stdout)


def log_softmax(x):
    x = x.astype(np.float64)
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def mean_divergence(expected, found):
    """Mean over rows of KL(expected || found)."""
    p, q = log_softmax(expected), log_softmax(found)
    return float((np.exp(p) * (p - q)).sum(1).mean())


class Agreement:
    """Of a peer's greedy sequences: which of its tokens are ours, and how far the distributions before them are apart."""

    def __init__(self):
        self.sequences = self.tokens = self.far = self.unexplained = self.same = 0
        self.sums = np.zeros(3)

    def add(self, tokens, theirs, float32, ours):
        """One sequence: its tokens, and the logits before each of them [tokens, vocabulary]: the peer's, the peer's on float32 weights, and ours."""
        behind, exact_behind = (rows.max(1) - rows[np.arange(len(tokens)), tokens] for rows in (ours, float32))
        self.sequences += 1
        self.tokens += len(tokens)
        self.far += int((behind > 0.1).sum())
        self.unexplained += int(((behind > 0.1) & (exact_behind <= 0.09)).sum())
        self.same += bool((ours.argmax(1) == tokens).all())
        self.sums += [mean_divergence(theirs, ours), mean_divergence(float32, ours), mean_divergence(float32, theirs)]

    @property
    def divergences(self):
        """Mean KL of ours from the peer, of ours from the peer on float32 weights, and of the peer from that."""
        return self.sums / self.sequences

    def __str__(self):
        divergence, from_float32, own = self.divergences
        return (f"{self.far} of {self.tokens} tokens beyond 0.1 logit, mean KL {divergence:.2e}, from its float32 {from_float32:.2e} (its own "
                f"{own:.2e}), {100 * self.same / self.sequences:.0f} % identical sequences")


def report(figures, prefix, agreements):
    """The figures of several models. What the peer on float32 weights has beyond 0.09 logit, or how far the peer is from that where it is beyond
    1e-3 (told), is not held against us."""
    divergences = np.array([agreement.divergences for agreement in agreements])
    ours, from_float32, own = divergences.T
    tokens = sum(agreement.tokens for agreement in agreements)
    figures.told(f"{prefix}_tokens_beyond_tenth_logit", sum(a.far for a in agreements), f"of {tokens}, {len(agreements)} files")
    unexplained = sum(a.unexplained for a in agreements)
    figures.add(f"{prefix}_tokens_beyond_tenth_logit_unlike_float32", unexplained, "<=0", unexplained == 0)
    figures.at_most(f"{prefix}_worst_mean_kl", float(np.where(own <= 1e-3, ours, ours - own).max()), 1e-3)
    figures.told(f"{prefix}_llama_cpp_worst_mean_kl_from_its_own_float32", float(own.max()))
    figures.at_most(f"{prefix}_worst_mean_kl_from_float32", float(from_float32.max()), 1e-4)
    figures.told(f"{prefix}_identical_sequences_percent", 100 * float(np.mean([a.same / a.sequences for a in agreements])), "%")
