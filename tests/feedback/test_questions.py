"""What was asked most: like questions together, however many there are, and nobody's own words shown to others."""

import random
import time
from collections.abc import Callable

import pytest

from feedback.database import Database
from feedback.questions import _group, find_most_asked, find_unanswered
from feedback.signals import are_alike

from .conftest import START, GiveReply

WORDS = [f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(300)]
RUNTIME = "How long does the Moss 2 run on one charge?"
PRIVATE = "How long does the Moss 2 run on one charge, Acme Ltd?"


def make_questions(count: int, words: list[str]) -> list[tuple[str, str]]:
    chance = random.Random(1)
    return [(" ".join(chance.choices(words, k=chance.randint(1, 9))), f"U{n}") for n in range(count)]


def test_questions_are_put_together_as_comparing_each_with_each_would() -> None:
    questions = make_questions(400, WORDS[:12])
    wanted: list[list[tuple[str, str]]] = []
    for question, asker in questions:
        group = next((group for group in wanted if are_alike(group[0][0], question)), None)
        if group is None:
            wanted.append([(question, asker)])
        else:
            group.append((question, asker))
    assert 20 < len(wanted) < 390
    assert sorted(_group(questions)) == sorted(wanted)


def test_two_thousand_different_questions_cost_no_seconds() -> None:
    questions = make_questions(2_000, WORDS)
    started = time.process_time()
    groups = _group(questions)
    assert time.process_time() - started < 4.0  # half a second; comparing each with each took 16 to 30
    assert len(groups) > 1_500


def may_show(question: str) -> bool:
    return "Acme" not in question


@pytest.mark.parametrize(("people", "shown"), [(2, []), (3, [RUNTIME])])
def test_others_see_what_several_asked(db: Database, give_reply: GiveReply, people: int, shown: list[str]) -> None:
    for number in range(people):
        give_reply(f"R{number}", asker=f"U{number}", question=RUNTIME, audience="customer")
    asked = find_most_asked(db, "T1", START, 5, may_show=may_show)
    assert [one.question for one in asked] == shown


def test_others_see_the_wording_that_says_nothing_of_anybody(db: Database, give_reply: GiveReply) -> None:
    wordings = [PRIVATE[:-1], PRIVATE, RUNTIME.replace("run", "run then")]
    for number, question in enumerate(wordings):
        give_reply(f"R{number}", asker=f"U{number}", question=question, audience="customer")
    show: Callable[[str], bool]
    for show, shown in ((may_show, wordings[2:]), (lambda _question: False, [])):
        asked = find_most_asked(db, "T1", START, 5, may_show=show)
        assert [one.question for one in asked] == shown


def test_staff_see_what_had_no_answer_in_its_shortest_wording(db: Database, give_reply: GiveReply) -> None:
    for number, question in enumerate([PRIVATE, RUNTIME, "What is the price of a Heron?"]):
        give_reply(f"R{number}", question=question, refused=True)
    asked = find_unanswered(db, "T1", START, 5)
    assert [(one.question, one.times) for one in asked] == [(RUNTIME, 2), ("What is the price of a Heron?", 1)]
