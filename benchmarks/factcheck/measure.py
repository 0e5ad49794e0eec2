"""Measures the claim check: made-up errors of every kind over the sample company, its citations, and public claims.

    python -m benchmarks.factcheck.measure [--data FOLDER] [--lines 400] [--model FOLDER]

Balanced accuracy is the mean of "true sentences shown" and "errors not shown as they stand"; `judge_claim` alone is
measured, before a near copy is mended. Nothing is tuned here.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import fmean

from benchmarks.factcheck.public_claims import load_halueval, load_replies, measure_public, measure_wice
from config.settings import SAMPLE
from models.recipes.data.made_errors import Claim, make_claims
from retrieval.encoders.entailment import EntailmentModel
from retrieval.english.names import find_names
from retrieval.english.sentences import split_units
from retrieval.factcheck.check import Support, check_claim, judge_claim
from retrieval.factcheck.signs import is_in_order
from retrieval.passage import Audience
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document
from retrieval.sources.folder import load_documents


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


def measure_sample(claims: Sequence[Claim], model: EntailmentModel | None = None) -> dict[str, object]:
    """Return the share judged rightly for each kind, and over all the balanced accuracy with kinds weighing alike."""
    by_kind: dict[str, list[bool]] = {}
    mended: dict[str, list[bool]] = {}
    for claim in claims:
        supported = judge_claim(claim.text, claim.lines, model=model).verdict is Support.SUPPORTED
        by_kind.setdefault(claim.kind, []).append(supported == claim.is_true)
        checked = check_claim(claim.text, claim.lines, model=model)
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


def measure_citations(claims: Sequence[Claim], random: Random) -> dict[str, object]:
    """Return how often a true sentence gets the line that it was made of, whatever line its writer named.

    A line that holds the sentence word for word is right too. Precision is over what was shown with a citation, recall
    over all true sentences.
    """
    true = [claim for claim in claims if claim.is_true]
    right = cited = 0
    for claim in true:
        checked = check_claim(claim.text, claim.lines, cited=random.choice(claim.lines).number)
        if checked.text is not None and checked.line is not None:
            cited += 1
            right += checked.line.number == claim.source or is_in_order(checked.text, checked.line.text)
    return {"sentences": len(true), "precision": round(right / cited, 3), "recall": round(right / len(true), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data")
    parser.add_argument("--model", default=None, help="a cross-encoder or NLI model as the third layer")
    parser.add_argument("--lines", type=int, default=400)
    arguments = parser.parse_args()
    claims = load_sample_claims(arguments.lines)
    model = EntailmentModel(arguments.model) if arguments.model else None
    for name, value in measure_sample(claims, model).items():
        print(f"{name}: {value}")
    print(f"citations, whatever line was named: {measure_citations(claims, Random(6))}")
    if arguments.data:
        print(f"WiCE: {measure_wice(arguments.data)}")
        for name, pairs in (
            ("HaluEval, answers to questions", load_halueval(arguments.data)),
            ("DSTC9 test, replies of people", load_replies(arguments.data, Random(7))),
        ):
            print(f"{name}: {measure_public(pairs, model)}")


if __name__ == "__main__":
    main()
