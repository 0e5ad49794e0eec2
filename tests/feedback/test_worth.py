"""What Chip is worth, counted from replies, votes, calls for a person and the survey."""

from dataclasses import replace
from datetime import timedelta

import pytest

from feedback.database import Database
from feedback.events import FeedbackKind, FeedbackSource, Role, Said, append_event
from feedback.surveys import record_answer
from feedback.votes import Vote, record_button
from feedback.worth import MONTH, Assumptions, Range, estimate_worth

from .conftest import START, GiveReply

ASSUMED = Assumptions(ticket_share=0.5, ticket_cost=20.0, ticket_minutes=30.0, machine_cost=100.0)


def ask(give_reply: GiveReply, count: int, first: int = 0, **changes: object) -> list[str]:
    names = [f"R{first + number}" for number in range(count)]
    for name in names:
        give_reply(name, **changes)
    return names


def test_what_nobody_complained_of_is_the_most_and_what_somebody_liked_the_least(
    db: Database, give_reply: GiveReply
) -> None:
    good, bad, called, *_ = ask(give_reply, 8)
    ask(give_reply, 2, first=8, refused=True)
    ask(give_reply, 1, first=10, team="T2")
    record_button(db, reply_id=good, person="U9", role="customer", verdict=Vote.UP)
    record_button(db, reply_id=bad, person="U9", role="customer", verdict=Vote.DOWN)
    with db.begin() as connection:
        said = Said(called, "U9", Role.CUSTOMER, FeedbackKind.ESCALATION, FeedbackSource.BUTTON, {}, "call")
        append_event(connection, db, said)

    worth = estimate_worth(db, "T1", START, START + timedelta(days=1), ASSUMED)

    assert (worth.asked, worth.quiet, worth.liked) == (10, 6, 1)
    assert worth.settled == Range(1, 6)
    assert worth.tickets == Range(0.5, 3.0)
    assert worth.hours == Range(0.25, 1.5)
    assert worth.cost == pytest.approx(100.0 * (timedelta(days=1) / MONTH), rel=0.01)
    assert worth.saved.high == pytest.approx(60.0 - worth.cost)


def test_the_survey_decides_once_enough_people_answered(db: Database, give_reply: GiveReply) -> None:
    names = ask(give_reply, 40)
    for number, name in enumerate(names[:19]):
        record_answer(db, name, "U9", "customer", "yes" if number % 2 else "no", key=f"V{number}")
    few = estimate_worth(db, "T1", START, START + timedelta(days=1), ASSUMED)
    assert (few.surveyed, few.is_surveyed, few.settled) == (19, False, Range(0, 40))

    record_answer(db, names[19], "U9", "customer", "partly", key="V19")
    worth = estimate_worth(db, "T1", START, START + timedelta(days=1), ASSUMED)
    assert (worth.surveyed, worth.helped, worth.is_surveyed) == (20, 9, True)
    assert 10 < worth.settled.low < 18 < worth.settled.high < 27


def test_a_period_without_questions_costs_what_ran_and_settles_nothing(db: Database, give_reply: GiveReply) -> None:
    assert estimate_worth(db, "T1", START, START + MONTH, ASSUMED).cost == 0.0
    ask(give_reply, 1)
    later = estimate_worth(db, "T1", START + MONTH, START + 2 * MONTH, ASSUMED)
    assert (later.asked, later.settled, later.cost) == (0, Range(0, 0), 100.0)
    assert later.saved == Range(-100.0, -100.0)


def test_assumptions_scale_what_is_spared(db: Database, give_reply: GiveReply) -> None:
    ask(give_reply, 4)
    none = estimate_worth(db, "T1", START, START + MONTH, replace(ASSUMED, ticket_share=0.0))
    assert none.tickets == Range(0, 0)
