"""Measures the claim check: made-up errors of every kind over the sample company, and WiCE.

    python -m benchmarks.factcheck.measure [--data FOLDER] [--lines 400]

Balanced accuracy is the mean of "true sentences shown" and "errors not shown as they stand"; `judge_claim` alone is
measured, before a near copy is mended. Nothing is tuned here.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import fmean

import numpy as np

from benchmarks.factcheck.errors import Claim, make_claims
from benchmarks.factcheck.fit import balanced_accuracy, choose_threshold
from config.settings import SAMPLE
from retrain.base.natural import read_archive
from retrieval.chunks import build_passages
from retrieval.documents import Document
from retrieval.factcheck import Verdict, check_claim, estimate, judge_claim
from retrieval.factcheck_signs import compare
from retrieval.lexical import tokenise
from retrieval.passage import Audience
from retrieval.ranker_words import load_meanings
from retrieval.sentences import split_units
from retrieval.sources.folder import load_documents
from retrieval.standalone import find_names

# Chosen on the dev claims (5 or 10).
WIDTH = 10


def load_sample_claims(limit: int) -> list[Claim]:
    """Return true sentences and errors from at most `limit` lines of the sample documents."""
    lines: list[tuple[str, str]] = []
    names: dict[str, int] = {}
    for loaded in load_documents(SAMPLE / "knowledge", default_audience=Audience.STAFF):
        if isinstance(loaded, Document):
            for passage in build_passages(loaded):
                for unit in split_units(passage.text):
                    lines.append((passage.heading, unit.text))
                    for name in find_names(unit.text):
                        if any(c.isdigit() for c in name) or name.split()[-1] in ("S", "L"):
                            names[name] = names.get(name, 0) + 1
    models = [name for name, count in names.items() if count >= 5]
    random = Random(5)
    start = random.randrange(max(1, len(lines) - limit))
    return make_claims(lines[start : start + limit], models, random)


def measure_sample(claims: Sequence[Claim]) -> dict[str, object]:
    """Return the share judged rightly for each kind, and over all the balanced accuracy with kinds weighing alike."""
    by_kind: dict[str, list[bool]] = {}
    mended: dict[str, list[bool]] = {}
    for claim in claims:
        supported = judge_claim(claim.text, claim.lines).verdict is Verdict.SUPPORTED
        by_kind.setdefault(claim.kind, []).append(supported == claim.is_true)
        checked = check_claim(claim.text, claim.lines)
        mended.setdefault(claim.kind, []).append(checked.text is not None)
    errors = fmean(fmean(hits) for kind, hits in by_kind.items() if not kind.startswith("true"))
    shown = fmean(fmean(hits) for kind, hits in by_kind.items() if kind.startswith("true"))
    return {
        "judged rightly": {kind: (round(fmean(hits), 3), len(hits)) for kind, hits in sorted(by_kind.items())},
        "something shown (mended or as it is)": {kind: round(fmean(hits), 3) for kind, hits in sorted(mended.items())},
        "errors not supported": round(errors, 3),
        "true sentences wrongly withheld": round(1 - shown, 3),
        "balanced accuracy": round((errors + shown) / 2, 3),
    }


def measure_wice(data: Path) -> dict[str, object]:
    """Return balanced accuracies on WiCE's test claims (supported or not), the threshold chosen on its dev claims."""
    parts: dict[str, list[tuple[float, float, float]]] = {"dev": [], "test": []}
    for path, text in read_archive(data / "wice", ".jsonl", "entailment_retrieval/claim"):
        name = Path(path).stem
        for row in map(json.loads, text.splitlines()):
            parts[name].append((*_rate(row["claim"], row["evidence"]), float(row["label"] == "supported")))
    dev, test = (np.array(parts[name]) for name in ("dev", "test"))
    figures: dict[str, object] = {"claims": len(test)}
    for column, layer in enumerate(("judge alone", "both layers")):
        threshold = choose_threshold(dev[:, 2], dev[:, column])
        said = (test[:, column] >= threshold).astype(float)
        figures[layer] = round(balanced_accuracy(test[:, 2], said), 3)
    return figures


def _rate(claim: str, evidence: Sequence[str]) -> tuple[float, float]:
    """Return the judge's probability against the sentences nearest in words, taken together; halved on a conflict."""
    wanted = set(tokenise(claim))
    best = sorted(evidence, key=lambda sentence: -len(wanted & set(tokenise(sentence))))[:WIDTH]
    comparison = compare(claim, " ".join(best), "", load_meanings())
    probability = estimate(comparison)
    return probability, probability * (0.5 if comparison.conflict else 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data, for WiCE")
    parser.add_argument("--lines", type=int, default=400)
    arguments = parser.parse_args()
    claims = load_sample_claims(arguments.lines)
    for name, value in measure_sample(claims).items():
        print(f"{name}: {value}")
    if arguments.data:
        print(f"WiCE: {measure_wice(arguments.data)}")


if __name__ == "__main__":
    main()
