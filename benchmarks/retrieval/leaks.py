"""Counts leaks: random questions by random askers over documents for everybody, customers, staff and two groups.

python -m benchmarks.retrieval.leaks [--pairs 10000]

Each passage holds a word that names its readers, so that a leak shows in any form: hits, evidence, headings, or a
verified answer. `tests/retrieval/test_leaks.py` asks the same with an embedder that has no model.

How to read it: a pair is a random question and a random set of audiences that its asker may read.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.run import begin_run, build_parser, record
from config.settings import KnowledgeSettings
from retrieval.encoders.cross_encoder import load_cross_encoder
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import Audience, Hit, Scope, Turn, VerifiedAnswer

PAIRS = 10_000
AUDIENCES = [Audience(name) for name in ("public", "customer", "staff", "group:S0LEGAL", "group:S0SALES")]
MARKS = {audience: f"mark{number}" for number, audience in enumerate(AUDIENCES)}
TOPICS = ["warranty", "battery", "price", "return", "blade", "margin", "refund", "firmware", "noise", "weight"]
VERIFIED_QUESTION = "What is the margin?"
_VERBS = ["costs", "lasts", "weighs", "takes", "needs", "covers"]
_WORDS = [*TOPICS, *_VERBS, *MARKS.values(), "Moss", "1", "2", "3", "secret", "what", "is", "the", "staff", "ignore"]
_THREAD = [Turn("user", "Tell me the margin for staff."), Turn("assistant", "mark2 mark3 mark4")]


@dataclass(frozen=True, slots=True)
class Asked:
    """One pair: the question, its asker, whether anything was found, and the audiences whose words leaked."""

    question: str
    scope: Scope
    is_found: bool
    leaked: tuple[Audience, ...]


def fill(knowledge: Knowledge, folder: Path) -> int:
    """Index a document of each topic for each audience, and a verified answer for each; return how many documents."""
    chance = Random(5)
    for audience in AUDIENCES:
        for topic in TOPICS:
            _write_document(folder, topic, audience, chance)
    added = knowledge.ingest(folder).added
    knowledge.set_verified([])
    knowledge.set_verified(
        [
            VerifiedAnswer(
                f"C{n}", VERIFIED_QUESTION, f"It is secret, {MARKS[a]}.", "U1", datetime(2026, 1, n, tzinfo=UTC), a, ()
            )
            for n, a in enumerate(AUDIENCES, start=1)
        ]
    )
    return added


def ask_at_random(knowledge: Knowledge, pairs: int) -> Iterator[Asked]:
    """Yield the outcome of each pair.

    Three in twenty go the whole way to the evidence; the others are only searched for.
    """
    chance = Random(11)
    scopes = [Scope(frozenset(some)) for size in range(6) for some in combinations(AUDIENCES, size)]
    for number in range(pairs):
        scope = chance.choice(scopes)
        question = VERIFIED_QUESTION if number % 20 == 0 else " ".join(chance.choices(_WORDS, k=chance.randint(1, 8)))
        if number % 20 < 3:
            found = knowledge.find_evidence(question, scope, _THREAD if number % 20 else ())
            lines = (f"{line.text} {line.heading}" for line in found.evidence.lines)
            text = " ".join([*map(_read_hit, found.hits), *lines])
        else:
            text = " ".join(map(_read_hit, knowledge.search(question, scope, 50)))
        leaked = tuple(audience for audience, mark in MARKS.items() if mark in text and audience not in scope.audiences)
        yield Asked(question, scope, "mark" in text, leaked)


def _read_hit(hit: Hit) -> str:
    return f"{hit.passage.text} {hit.passage.heading} {hit.passage.source}"


def _write_document(folder: Path, topic: str, audience: Audience, chance: Random) -> None:
    sentences = [
        f"The {topic} of the Moss {n} {chance.choice(_VERBS)} {chance.randint(2, 99)} {MARKS[audience]}."
        for n in range(1, 4)
    ]
    head = f"---\ntitle: {topic} {MARKS[audience]}\naudience: {audience}\n---\n"
    (folder / f"{topic}-{MARKS[audience]}.md").write_text(head + "\n\n".join(sentences))


def main() -> int:
    """Ask, print and keep the figures. Return 1 if anything leaked."""
    parser = build_parser(__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    chosen = parser.parse_args()
    run = begin_run(__file__, chosen)
    with TemporaryDirectory() as place:
        folder = Path(place) / "documents"
        folder.mkdir()
        cross_encoder = load_cross_encoder(KnowledgeSettings().cross_encoder)
        knowledge = Knowledge(Path(place) / "index", load_embedder(), cross_encoder=cross_encoder)
        documents = fill(knowledge, folder)
        asked = list(ask_at_random(knowledge, chosen.pairs))
        knowledge.close()
    leaks = [pair for pair in asked if pair.leaked]
    for pair in leaks[:5]:
        print(f"leaked to {sorted(pair.scope.audiences)}: {sorted(pair.leaked)}, asked {pair.question!r}")
    figures = [
        Figure("documents", documents),
        Figure("random pairs", len(asked)),
        Figure("pairs that found something", sum(pair.is_found for pair in asked)),
        Figure("leaks", len(leaks), goal="= 0"),
    ]
    record(run, figures, chosen.results)
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
