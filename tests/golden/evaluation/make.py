"""Figures of scipy (1.x) for tests/evaluation/test_accuracy.cpp: python make.py > figures.json"""
import json

import numpy as np
from scipy.special import log_softmax, rel_entr, softmax
from scipy.stats import binomtest

random = np.random.default_rng(7)
rows, vocabulary = 5, 11
reference = np.round(random.normal(0, 3, (rows, vocabulary)), 3).astype(np.float32)
other = np.round(reference + random.normal(0, 1, reference.shape), 3).astype(np.float32)
p, q = softmax(reference.astype(float), axis=1), softmax(other.astype(float), axis=1)
tokens = random.integers(0, vocabulary, rows)
print(json.dumps({
    "vocabulary": vocabulary,
    "reference": [round(float(x), 3) for x in reference.ravel()],
    "other": [round(float(x), 3) for x in other.ravel()],
    "kl_sum": float(rel_entr(p, q).sum()),
    "same_top": int((reference.argmax(1) == other.argmax(1)).sum()),
    "tokens": tokens.tolist(),
    "nll_sum": float(-log_softmax(other.astype(float), axis=1)[np.arange(rows), tokens].sum()),
    "mcnemar": [{"b": b, "c": c, "p": binomtest(b, b + c, 0.5).pvalue}
                for b, c in [(0, 1), (1, 1), (3, 8), (8, 3), (12, 30), (0, 20), (70, 101), (250, 251)]],
}, indent=1))
