"""Public claims with the truth about them: WiCE, HaluEval and the replies of DSTC9's human agents.

WiCE's threshold is chosen on its own dev claims, as its published checkers' are; the others are judged as the product
judges, with the threshold that ships. None of these was seen when the judge was fitted.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean

import numpy as np

from benchmarks.figures import Figure
from models.recipes.data.natural import read_archive
from models.recipes.rankings.fit_judge import balanced_accuracy, choose_threshold
from retrieval.encoders.entailment import EntailmentModel
from retrieval.english.meanings import load_meanings
from retrieval.english.sentences import split_sentences
from retrieval.english.terms import tokenise
from retrieval.factcheck.check import Support, check_claim, estimate, judge_claim
from retrieval.factcheck.signs import compare
from retrieval.passage import EvidenceLine

# This many sentences of a WiCE page are taken together; chosen on the dev claims (5 or 10).
WIDTH = 10
REPLIES = 600
WICE = "WiCE test"


@dataclass(frozen=True, slots=True)
class PublicClaim:
    """A claim, the lines that it is held against, and whether they support it."""

    text: str
    lines: tuple[EvidenceLine, ...]
    is_true: bool


def measure_public(name: str, claims: Sequence[PublicClaim], model: EntailmentModel | None = None) -> Iterator[Figure]:
    """Yield the shares of true claims shown and of false ones not shown unchanged, and their mean.

    A near copy is shown in its line's own words then; how many true ones are is reported separately.
    """
    said: dict[bool, list[bool]] = {True: [], False: []}
    mended = []
    for claim in claims:
        supported = judge_claim(claim.text, claim.lines, model=model).verdict is Support.SUPPORTED
        said[claim.is_true].append(supported)
        if claim.is_true and not supported:
            mended.append(check_claim(claim.text, claim.lines, model=model).text is not None)
    shown, held_back = fmean(said[True]), 1 - fmean(said[False])
    yield Figure("claims", len(claims), on=name)
    yield Figure("balanced accuracy", (shown + held_back) / 2, on=name)
    yield Figure("true ones shown", shown, on=name)
    yield Figure("true ones shown in their line's words", sum(mended) / len(said[True]), on=name)
    yield Figure("false ones not shown", held_back, on=name)


def load_halueval(data: Path) -> list[PublicClaim]:
    """Return the right and the made-up answer to each question, held against its knowledge."""
    text = next(text for _, text in read_archive(data / "halueval", ".json", "qa_one-turn_data"))
    claims = []
    for row in map(json.loads, text.splitlines()):
        lines = _number(split_sentences(row["knowledge"]))
        claims += [
            PublicClaim(row[key], lines, is_true=key == "right_answer")
            for key in ("right_answer", "hallucinated_answer")
        ]
    return claims


def load_replies(data: Path, random: Random) -> list[PublicClaim]:
    """Return what agents replied from a snippet, held against it, and against another snippet of the same place."""
    files = {path: json.loads(text) for path, text in read_archive(data / "dstc9_track1", ".json", "data_eval")}
    knowledge = next(value for path, value in files.items() if path.endswith("knowledge.json"))
    labels = next(value for path, value in files.items() if path.endswith("test/labels.json"))
    claims = []
    for label in random.sample([row for row in labels if row["target"]], k=REPLIES):
        key = label["knowledge"][0]
        entity = knowledge[key["domain"]][str(key["entity_id"])]
        said = split_sentences(label["response"])[0]
        others = [doc["body"] for number, doc in entity["docs"].items() if number != str(key["doc_id"])]
        if len(said.split()) <= 4 or said.endswith("?") or not others:
            continue
        own = entity["docs"][str(key["doc_id"])]["body"]
        claims += [
            PublicClaim(said, _number([body], entity["name"] or ""), is_true=body == own)
            for body in (own, random.choice(others))
        ]
    return claims


def _number(texts: Sequence[str], heading: str = "") -> tuple[EvidenceLine, ...]:
    return tuple(EvidenceLine(n, text, heading, str(n)) for n, text in enumerate(texts, start=1))


def measure_wice(data: Path) -> Iterator[Figure]:
    """Yield balanced accuracies on WiCE's test claims (supported or not), the threshold chosen on its dev claims."""
    parts: dict[str, list[tuple[float, float, float]]] = {"dev": [], "test": []}
    for path, text in read_archive(data / "wice", ".jsonl", "entailment_retrieval/claim"):
        name = Path(path).stem
        for row in map(json.loads, text.splitlines()):
            parts[name].append((*_rate(row["claim"], row["evidence"]), float(row["label"] == "supported")))
    dev, test = (np.array(parts[name]) for name in ("dev", "test"))
    yield Figure("claims", len(test), on=WICE)
    for column, (layer, goal) in enumerate(
        {"balanced accuracy, judge alone": "", "balanced accuracy": "≥ 0.62"}.items()
    ):
        threshold = choose_threshold(dev[:, 2], dev[:, column])
        said = (test[:, column] >= threshold).astype(float)
        yield Figure(layer, balanced_accuracy(test[:, 2], said), on=WICE, goal=goal)


def _rate(claim: str, evidence: Sequence[str]) -> tuple[float, float]:
    """Return the judge's probability against the sentences nearest in words, taken together; halved on a conflict."""
    wanted = set(tokenise(claim))
    best = sorted(evidence, key=lambda sentence: -len(wanted & set(tokenise(sentence))))[:WIDTH]
    comparison = compare(claim, " ".join(best), "", load_meanings())
    probability = estimate(comparison)
    return probability, probability * (0.5 if comparison.conflict else 1.0)
