"""A message that asks two things gets the evidence of both."""

from collections.abc import Iterator

import pytest

from retrieval.encoders.embedder import Embedder
from retrieval.knowledge import Knowledge
from retrieval.parts import find_parts, split_question
from retrieval.passage import STAFF_SCOPE, Audience
from retrieval.ranking.evidence import EvidenceLimits


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("When does the depot open and what does the X1 cost?", ("When does the depot open", "what does the X1 cost?")),
        ("Does it fold? And how much does it weigh?", ("Does it fold", "how much does it weigh?")),
        ("Is there a program for Linux and in which formats?", ("Is there a program for Linux", "in which formats?")),
        ("Which pumps are quiet and cheap?", ("Which pumps are quiet and cheap?",)),
        ("Why and how do I reset it?", ("Why and how do I reset it?",)),
        ("Does it fold? Is it red? Can it swim?", ("Does it fold? Is it red? Can it swim?",)),
        ("", ("",)),
    ],
)
def test_a_message_is_split_where_a_second_question_begins(message: str, parts: tuple[str, ...]) -> None:
    assert split_question(message) == parts


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Knowledge]:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "depots.md").write_text("# Depots\n## Turku\nThe depot in Turku opens at 8 in the morning.\n")
    (folder / "prices.md").write_text("# Prices\n## Spare parts\nA filter of the Tarn 40 costs 87 euros.\n")
    index = tmp_path_factory.mktemp("index")
    limits = EvidenceLimits(nothing=0.1)
    knowledge = Knowledge(index, embedder, default_audience=Audience.STAFF, limits=limits)
    knowledge.ingest(folder)
    yield knowledge
    knowledge.close()


def find(knowledge: Knowledge, question: str) -> list[str]:
    found = find_parts(knowledge, question, STAFF_SCOPE, (), with_verified=True, whole_passages=False)
    assert [line.number for line in found.evidence.lines] == list(range(1, len(found.evidence.lines) + 1))
    return [line.text for line in found.evidence.lines]


def test_both_are_found_in_the_order_in_which_they_are_asked(knowledge: Knowledge) -> None:
    opens, costs = "The depot in Turku opens at 8 in the morning.", "A filter of the Tarn 40 costs 87 euros."
    both = "How much does a filter of the Tarn 40 cost and when does the depot in Turku open?"
    assert find(knowledge, both) == [costs, opens]
    assert find(knowledge, "When does the depot in Turku open and what does a filter of the Tarn 40 cost?") == [
        opens,
        costs,
    ]


def test_where_one_of_them_is_not_answered_the_message_is_searched_as_one(knowledge: Knowledge) -> None:
    asked = "When does the depot in Turku open and who wrote the opera Fidelio?"
    whole = knowledge.find_evidence(asked, STAFF_SCOPE)
    assert find(knowledge, asked) == [line.text for line in whole.evidence.lines]
