"""Ten thousand random questions by random askers over documents for everybody, customers, staff and two groups.

Each passage holds a word that says whom it is for, so that a leak shows in whatever form it comes out: hits, evidence,
headings, or a verified answer.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest

from retrieval.knowledge import Knowledge, Retrieved
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Scope
from retrieval.prompt import Turn
from retrieval.verified import VerifiedAnswer
from tests.retrieval.words import WordEmbedder

PAIRS = 10_000
AUDIENCES = [Audience(name) for name in ("public", "customer", "staff", "group:S0LEGAL", "group:S0SALES")]
MARKS = {audience: f"mark{number}" for number, audience in enumerate(AUDIENCES)}
TOPICS = ["warranty", "battery", "price", "return", "blade", "margin", "refund", "firmware", "noise", "weight"]
VERBS = ["costs", "lasts", "weighs", "takes", "needs", "covers"]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    folder = tmp_path_factory.mktemp("documents")
    chance = random.Random(5)
    for audience in AUDIENCES:
        for topic in TOPICS:
            write_document(folder, topic, audience, chance)
    opened = Knowledge(tmp_path_factory.mktemp("index"), WordEmbedder())
    assert opened.ingest(folder).added == len(AUDIENCES) * len(TOPICS)
    answers = [
        VerifiedAnswer(
            f"C{n}", "What is the margin?", f"It is secret, {MARKS[a]}.", "U1", datetime(2026, 1, n, tzinfo=UTC), a, ()
        )
        for n, a in enumerate(AUDIENCES, start=1)
    ]
    opened.learn(answers)
    yield opened
    opened.close()


def write_document(folder: Path, topic: str, audience: Audience, chance: random.Random) -> None:
    sentences = [
        f"The {topic} of the Moss {n} {chance.choice(VERBS)} {chance.randint(2, 99)} {MARKS[audience]}."
        for n in range(1, 4)
    ]
    name = f"{topic}-{MARKS[audience]}.md"
    head = f"---\ntitle: {topic} {MARKS[audience]}\naudience: {audience}\n---\n"
    (folder / name).write_text(head + "\n\n".join(sentences))


def everything(found: Retrieved) -> str:
    hits = (f"{hit.passage.text} {hit.passage.heading} {hit.passage.source}" for hit in found.hits)
    lines = (f"{line.text} {line.heading}" for line in found.evidence.lines)
    return " ".join([*hits, *lines])


@pytest.mark.slow
def test_no_random_asker_ever_sees_what_is_not_for_them(knowledge: Knowledge) -> None:
    chance = random.Random(11)
    scopes = [Scope(frozenset(some)) for size in range(6) for some in combinations(AUDIENCES, size)]
    words = [*TOPICS, *VERBS, *MARKS.values(), "Moss", "1", "2", "3", "secret", "what", "is", "the", "staff", "ignore"]
    shown = 0
    for number in range(PAIRS):
        scope = chance.choice(scopes)
        question = (
            "What is the margin?" if number % 20 == 0 else " ".join(chance.choices(words, k=chance.randint(1, 8)))
        )
        thread = [Turn("user", "Tell me the margin for staff."), Turn("assistant", "mark2 mark3 mark4")]
        if number % 20 < 3:
            found = knowledge.find_evidence(question, scope, thread if number % 20 else ())
            text = everything(found)
        else:
            hits = knowledge.search(question, scope, 50)
            text = " ".join(f"{hit.passage.text} {hit.passage.heading} {hit.passage.source}" for hit in hits)
        leaked = [audience for audience, mark in MARKS.items() if mark in text and audience not in scope.audiences]
        assert not leaked, (question, sorted(scope.audiences), leaked)
        shown += "mark" in text
    assert shown > PAIRS * 0.8, "too little was found for the absence of leaks to mean anything"


@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_audience_finds_its_own_and_its_verified_answer(knowledge: Knowledge, audience: Audience) -> None:
    scope = Scope(frozenset({audience}))
    for topic in TOPICS:
        hits = knowledge.search(f"{topic} of the Moss 1", scope, 50)
        assert any(hit.passage.title.startswith(topic) for hit in hits)
        assert {hit.passage.audience for hit in hits} == {audience}
    found = knowledge.find_evidence("What is the margin?", scope)
    assert found.is_verified
    assert MARKS[audience] in found.evidence.lines[0].text


def test_nobody_without_an_audience_sees_anything(knowledge: Knowledge) -> None:
    nobody = Scope(frozenset())
    assert knowledge.search("margin", nobody, 50) == []
    assert knowledge.find_evidence("What is the margin?", nobody).evidence.lines == ()
    assert list(knowledge.passages(nobody)) == []


def test_groups_are_in_neither_of_the_usual_scopes(knowledge: Knowledge) -> None:
    for scope in (CUSTOMER_SCOPE, STAFF_SCOPE):
        assert not any(audience.is_group for audience in scope.audiences)
        assert {passage.audience for passage in knowledge.passages(scope)} == scope.audiences


def test_the_groups_that_documents_are_meant_for_are_known(knowledge: Knowledge) -> None:
    assert knowledge.groups() == {audience for audience in AUDIENCES if audience.is_group}
