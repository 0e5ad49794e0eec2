from datetime import timedelta

import pytest

from feedback.corrections import record_correction
from feedback.database import Database
from feedback.errors import UnknownReply
from feedback.measures import Measures, summary
from feedback.questions import daily
from feedback.replies import HANDED_OVER
from feedback.signals import record_escalation
from feedback.votes import record_button

from .conftest import START, GiveReply


def test_an_empty_database_has_measures_without_shares(db: Database) -> None:
    assert summary(db) == Measures(0, 0, 0, 0, 0, 0, None, 0, 0)


def test_the_measures_count_what_stands(db: Database, give_reply: GiveReply) -> None:
    give_reply("R1", first_text_ms=100, total_ms=400, sentences=4, withheld=1)
    give_reply("R2", first_text_ms=300, total_ms=600, asker="U2", sentences=1, withheld=1)
    give_reply("R3", first_text_ms=None, total_ms=200, refused=True)
    for person, role, verdict in (("U1", "customer", "down"), ("U1", "customer", "up"), ("U2", "customer", "down")):
        record_button(db, reply_id="R1", person=person, role=role, verdict=verdict)
    record_button(db, reply_id="R2", person="U3", role="staff", verdict="up")
    record_correction(db, reply_id="R1", person="US", role="staff", text="It flies.")
    record_correction(db, reply_id="R1", person="US", role="staff", text="It does not fly.")
    record_correction(db, reply_id="R2", person="U2", role="customer", text="Hm.")
    record_escalation(db, "R3", "U1", "customer")
    record_escalation(db, "R3", "U2", "customer")
    assert summary(db) == Measures(
        replies=3,
        refused=1,
        up=2,
        down=1,
        corrections=3,
        escalations=1,
        median_first_text_ms=200.0,
        sentences=5,
        withheld=2,
    )


def test_a_request_for_a_person_is_no_answer_of_chips(db: Database, give_reply: GiveReply) -> None:
    give_reply("R1")
    give_reply("R2", finish=HANDED_OVER)
    record_escalation(db, "R2", "U1", "customer")
    measures = summary(db)
    assert (measures.replies, measures.answered, measures.escalations) == (2, 1, 1)
    (today,) = daily(db, "T1", START.date(), START.date())
    assert (today.replies, today.escalated) == (1, 1)


def test_a_period_counts_its_replies_and_all_that_was_said_of_them(db: Database, give_reply: GiveReply) -> None:
    give_reply("R1", created_at=START - timedelta(days=1))
    give_reply("R2", created_at=START)
    for reply_id in ("R1", "R2"):
        # A vote may reach the log before the reply's own row, while it streams.
        at = START - timedelta(hours=1)
        record_button(db, reply_id=reply_id, person="U1", role="customer", verdict="up", at=at)
        record_escalation(db, reply_id, "U1", "customer")
    measures = summary(db, since=START.date())
    assert (measures.replies, measures.up, measures.escalations) == (1, 1, 1)


def test_an_escalation_of_an_unknown_reply_is_refused(db: Database) -> None:
    with pytest.raises(UnknownReply):
        record_escalation(db, "R1", "U1", "customer")
