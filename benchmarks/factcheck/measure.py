"""Measures the claim check: made-up errors of every kind over the sample company, its citations, and public claims.

    python -m benchmarks.factcheck.measure [--data FOLDER] [--lines 400] [--model FOLDER]

`judge_claim` alone is measured, before a near copy is mended. Nothing is tuned here.

How to read it: balanced accuracy is the mean of "true sentences shown" and "errors not shown as they stand", all kinds
weighing alike. The errors are made by code, so these figures flatter. Citations are right where a true sentence gets
the line that it was made of, whatever line its writer named.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import fmean

from benchmarks.factcheck.public_claims import load_halueval, load_replies, measure_public, measure_wice
from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from config.settings import SAMPLE
from models.recipes.data.made_errors import Claim, make_claims
from retrieval.encoders.entailment import EntailmentModel
from retrieval.english.names import find_names
from retrieval.english.sentences import split_units
from retrieval.factcheck.check import Support, check_claim, judge_claim
from retrieval.factcheck.quotes import is_in_order
from retrieval.passage import Audience
from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Document
from retrieval.sources.folder import load_documents

MADE = "made-up errors"


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


def measure_sample(claims: Sequence[Claim], model: EntailmentModel | None = None) -> Iterator[Figure]:
    """Yield the share judged rightly for each kind, and over all the balanced accuracy with kinds weighing alike."""
    by_kind: dict[str, list[bool]] = {}
    for claim in claims:
        supported = judge_claim(claim.text, claim.lines, model=model).verdict is Support.SUPPORTED
        by_kind.setdefault(claim.kind, []).append(supported == claim.is_true)
    errors = fmean(fmean(hits) for kind, hits in by_kind.items() if not kind.startswith("true"))
    shown = fmean(fmean(hits) for kind, hits in by_kind.items() if kind.startswith("true"))
    for kind, hits in sorted(by_kind.items()):
        yield Figure(f"judged rightly, of {len(hits)}", fmean(hits), on=kind)
    yield Figure("balanced accuracy", (errors + shown) / 2, on=MADE, goal="≥ 0.9")
    yield Figure("errors not supported", errors, on=MADE)
    yield Figure("true sentences wrongly withheld", 1 - shown, on=MADE)


def measure_citations(claims: Sequence[Claim], random: Random) -> Iterator[Figure]:
    """Yield how often a true sentence gets the line that it was made from, whatever line its writer named.

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
    yield Figure("true sentences", len(true), on=MADE)
    yield Figure("citation precision", right / cited, on=MADE, goal="≥ 0.95")
    yield Figure("citation recall", right / len(true), on=MADE, goal="≥ 0.95")


def measure_all(lines: int, data: Path | None, model: EntailmentModel | None) -> Iterator[Figure]:
    """Yield all figures, including those of public claims if there are any."""
    claims = load_sample_claims(lines)
    yield from measure_sample(claims, model)
    yield from measure_citations(claims, Random(6))
    if data is not None:
        yield from measure_wice(data)
        yield from measure_public("HaluEval, answers to questions", load_halueval(data), model)
        yield from measure_public("DSTC9 test, replies of people", load_replies(data, Random(7)), model)


def main() -> None:
    """Measure, print and keep the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, default=None, help="the folder of public data")
    parser.add_argument("--model", default=None, help="a cross-encoder or NLI model as the third layer")
    parser.add_argument("--lines", type=int, default=400)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    model = EntailmentModel(chosen.model) if chosen.model else None
    record(run, measure_all(chosen.lines, chosen.data, model), chosen.results)


if __name__ == "__main__":
    main()
