"""Questions that nobody could answer, put together by what they ask for."""

from datetime import UTC, datetime, timedelta

from retrieval.encoders.embedder import Embedder
from retrieval.gaps import Unanswered, find_gaps

START = datetime(2026, 11, 1, tzinfo=UTC)
COLOURS = [
    "Which colours does the Moss 2 come in?",
    "What colors is the Moss 2 available in?",
    "Is there a red Moss 2?",
]
SHIPPING = ["Do you ship to Norway?", "Is delivery to Norway possible?"]
OTHER = ["Can I pay with bitcoin?"]


def asked(questions: list[str]) -> list[Unanswered]:
    return [Unanswered(question, START + timedelta(hours=n)) for n, question in enumerate(questions)]


def test_questions_for_the_same_are_one_gap_and_the_most_asked_comes_first(embedder: Embedder) -> None:
    gaps = find_gaps(asked([*OTHER, *SHIPPING, *COLOURS[:2], *COLOURS[:1]]), embedder)
    assert [gap.count for gap in gaps] == [3, 2, 1]
    assert gaps[0].question in COLOURS
    assert {gaps[1].question, *gaps[1].others} == set(SHIPPING)
    assert gaps[0].last_at == START + timedelta(hours=5)


def test_one_question_and_none_are_no_special_case(embedder: Embedder) -> None:
    assert find_gaps([], embedder) == []
    (gap,) = find_gaps(asked(OTHER), embedder)
    assert (gap.question, gap.count, gap.others) == (OTHER[0], 1, ())
