"""Fits the judge of the claim check and writes `retrieval/factcheck/factcheck_weights.json`.

    python -m models.recipes.rankings.fit_judge --data FOLDER

Supported: lines of SQuAD paragraphs as they stand, shortened or said otherwise, and what human agents replied from a
snippet (DSTC9). Not supported: invented and added words, and the same replies held against another snippet of the same
place. The sample company and WiCE are never seen. A minute or two on one core.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]  # scipy has no types

from models.recipes.data.made_errors import make_claims
from models.recipes.data.natural import read_archive
from models.recipes.data.public_sets import load_corpora
from retrieval.english.meanings import load_meanings
from retrieval.english.sentences import split_sentences
from retrieval.factcheck.check import WEIGHTS
from retrieval.factcheck.signs import SIGNS, measure

Numbers = NDArray[np.float64]
PENALTY = 3.0
# People reply in words of their own, but a support bot quotes. So replies count little, and quotes set the threshold.
REPLY_WEIGHT = 0.1
AGAINST = ("words foreign", "is short")


def _from_pages(data: Path, random: Random, *, held_out: bool) -> Iterator[tuple[str, str, str, bool]]:
    for corpus in load_corpora(data, held_out=held_out, questions=1, only=("squad", "hardware")):
        pages = random.sample(corpus.pages, k=min(120, len(corpus.pages)))
        lines = [(page.heading, line) for page in pages for line in page.lines[:3]]
        for claim in make_claims(lines, (), random):
            if claim.kind.startswith("true") or claim.kind in ("invention", "addition"):
                for line in claim.lines:
                    if line.number == claim.source or not claim.is_true:
                        yield claim.text, line.text, line.heading, claim.is_true


def _from_replies(folder: Path, random: Random, *, held_out: bool) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what agents said from a snippet, held against that snippet and against another of the same place."""
    files = dict(read_archive(folder, ".json"))
    knowledge = json.loads(next(text for path, text in files.items() if path.endswith("data/knowledge.json")))
    labels = json.loads(next(text for path, text in files.items() if path.endswith("data/val/labels.json")))
    for number, label in enumerate(one for one in labels if one["target"]):
        if (number % 5 == 0) != held_out:
            continue
        key = label["knowledge"][0]
        entity = knowledge[key["domain"]][str(key["entity_id"])]
        docs = [doc["body"] for doc in entity["docs"].values()]
        body = entity["docs"][str(key["doc_id"])]["body"]
        said = split_sentences(label["response"])[0]
        if len(said.split()) > 4 and not said.endswith("?"):
            yield said, body, entity["name"] or "", True
            other = random.choice(docs)
            if other != body:
                yield said, other, entity["name"] or "", False


def build_table(data: Path, *, held_out: bool) -> tuple[Numbers, Numbers, Numbers]:
    """Return (pairs, `SIGNS`) measures, which pairs are true, and which are quotes and not replies."""
    random, meanings = Random(11 + held_out), load_meanings()
    quotes = list(_from_pages(data, random, held_out=held_out))
    pairs = [*quotes, *_from_replies(data / "dstc9_track1", random, held_out=held_out)]
    return (
        np.array([measure(text, line, heading, meanings) for text, line, heading, _ in pairs]),
        np.array([float(is_true) for *_, is_true in pairs]),
        np.array([float(number < len(quotes)) for number in range(len(pairs))]),
    )


def fit(table: Numbers, truth: Numbers, weights: Numbers) -> tuple[Numbers, float]:
    """Return the weights of `SIGNS` and the bias: logistic regression where only `AGAINST` may count against."""
    signs = np.where(truth > 0, 1.0, -1.0)
    share = float((truth @ weights) / weights.sum())
    balance = weights * np.where(truth > 0, 0.5 / share, 0.5 / (1 - share))

    def loss(values: Numbers) -> tuple[float, Numbers]:
        margins = signs * (table @ values[1:] + values[0])
        pull = -balance * signs / (1.0 + np.exp(margins))
        value = float(balance @ np.logaddexp(0.0, -margins)) + 0.5 * PENALTY * float(values[1:] @ values[1:])
        return value, np.concatenate([[pull.sum()], table.T @ pull + PENALTY * values[1:]])

    bounds = [(None, None), *((None, None) if name in AGAINST else (0.0, None) for name in SIGNS)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B").x
    return np.asarray(found[1:]), float(found[0])


def balanced_accuracy(truth: Numbers, said: Numbers) -> float:
    """Return the mean of the shares of true and of false sentences that were judged rightly."""
    return float((said[truth > 0].mean() + (1.0 - said[truth == 0]).mean()) / 2)


def choose_threshold(truth: Numbers, probabilities: Numbers) -> float:
    """Return the probability that divides true and false best."""
    options = np.linspace(0.05, 0.95, 91)
    scores = [balanced_accuracy(truth, (probabilities >= option).astype(float)) for option in options]
    return float(options[int(np.argmax(scores))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public data")
    arguments = parser.parse_args()
    parts = {held_out: build_table(arguments.data, held_out=held_out) for held_out in (False, True)}
    table, truth, is_quote = parts[False]
    weights, bias = fit(table, truth, np.where(is_quote > 0, 1.0, REPLY_WEIGHT))
    table, truth, is_quote = parts[True]
    probabilities = 1.0 / (1.0 + np.exp(-(table @ weights + bias)))
    threshold = choose_threshold(truth[is_quote > 0], probabilities[is_quote > 0])
    judge = {
        "weights": {name: round(float(weight), 4) for name, weight in zip(SIGNS, weights, strict=True)},
        "bias": round(bias, 4),
        "threshold": round(threshold, 2),
    }
    WEIGHTS.write_text(json.dumps(judge, indent=1) + "\n")
    for name, kept in (("quotes", is_quote > 0), ("replies", is_quote == 0)):
        right = balanced_accuracy(truth[kept], (probabilities[kept] >= threshold).astype(float))
        print(f"balanced accuracy on {int(kept.sum())} held-out public {name}: {right:.3f}")
    print(json.dumps(judge))


if __name__ == "__main__":
    main()
