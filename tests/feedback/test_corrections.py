import pytest

from feedback.corrections import (
    Correction,
    Held,
    State,
    approved,
    clean_text,
    decide,
    find_correction,
    find_pending,
    record_correction,
    set_aside,
)
from feedback.database import Database
from feedback.errors import AlreadyDecided, FeedbackError, NotAllowed, UnknownCorrection, UnknownReply, UnusableText
from feedback.forgetting import forget_person
from feedback.signals import record_escalation

from .conftest import GiveReply


def _correct(db: Database, text: str, role: str = "staff", reply_id: str = "R1", **more: str) -> Correction:
    return record_correction(db, reply_id=reply_id, person=f"U-{role}", role=role, text=text, **more)  # type: ignore[arg-type]


def _texts(corrections: list[Correction]) -> list[str]:
    return [correction.text for correction in corrections]


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_a_correction_by_staff_holds_at_once(db: Database, give_reply: GiveReply, role: str) -> None:
    give_reply()
    correction = _correct(db, "It flies 20 minutes.", role)
    assert (correction.state, correction.decided_by) == (State.APPROVED, f"U-{role}")
    assert approved(db) == [correction]
    assert find_pending(db) == []


def test_a_customers_correction_waits_for_staff(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    correction = _correct(db, "It flies.", "customer")
    assert (correction.state, correction.decided_by, correction.decided_at) == (State.WAITING, None, None)
    assert approved(db) == []
    assert find_pending(db) == [correction]
    decided = decide(db, correction.id, by="US", role="staff", approved=True)
    assert (decided.state, decided.decided_by) == (State.APPROVED, "US")
    assert approved(db) == [decided] == [find_correction(db, correction.id)]
    assert find_pending(db) == []


def test_a_rejected_correction_neither_holds_nor_waits(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    correction = _correct(db, "It flies.", "customer")
    decide(db, correction.id, by="US", role="staff", approved=False)
    assert approved(db) == find_pending(db) == []


def test_the_last_decision_holds(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    correction = _correct(db, "It flies.")
    assert decide(db, correction.id, by="UA", role="admin", approved=False).state is State.REJECTED
    assert approved(db) == []
    assert decide(db, correction.id, by="US", role="staff", approved=True).state is State.APPROVED
    assert _texts(approved(db)) == ["It flies."]


def test_of_two_who_decide_what_waits_the_first_counts(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    correction = _correct(db, "It flies.", "customer")
    decide(db, correction.id, by="UA", role="admin", approved=False, if_waiting=True)
    with pytest.raises(AlreadyDecided) as refused:
        decide(db, correction.id, by="US", role="staff", approved=True, if_waiting=True)
    assert refused.value.by == "UA"
    assert approved(db) == []


def test_a_customer_decides_nothing(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    correction = _correct(db, "It flies.", "customer")
    with pytest.raises(NotAllowed):
        decide(db, correction.id, by="U1", role="customer", approved=True)
    assert find_pending(db) == [correction]


def test_the_later_correction_of_a_reply_supersedes_the_earlier(db: Database, give_reply: GiveReply) -> None:
    give_reply("R1")
    give_reply("R2")
    _correct(db, "first")
    _correct(db, "other reply", reply_id="R2")
    _correct(db, "second", "admin")
    assert _texts(approved(db)) == ["other reply", "second"]


def test_rejecting_the_later_correction_brings_the_earlier_back(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    _correct(db, "first")
    later = _correct(db, "second")
    decide(db, later.id, by="UA", role="admin", approved=False)
    assert _texts(approved(db)) == ["first"]


def test_what_was_approved_last_supersedes_even_what_was_written_later(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    early = _correct(db, "the customer's", "customer")
    _correct(db, "the agent's")
    assert _texts(approved(db)) == ["the agent's"]
    decide(db, early.id, by="UA", role="admin", approved=True)
    assert _texts(approved(db)) == ["the customer's"]


def test_a_resumed_correction_is_logged_once(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    assert _correct(db, "It flies.", key="V1") == _correct(db, "It flies.", key="V1")
    assert len(approved(db)) == 1


def test_an_unknown_reply_or_correction_is_named(db: Database, give_reply: GiveReply) -> None:
    with pytest.raises(UnknownReply, match="R1"):
        _correct(db, "It flies.")
    give_reply()
    escalation = record_escalation(db, "R1", "U1", "customer")
    for unknown in ("F99", escalation.id):
        with pytest.raises(UnknownCorrection, match=unknown):
            decide(db, unknown, by="US", role="staff", approved=True)


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x00\x1b\x07", "\u200b\ufeff", "\u202e", "x" * 3001])
def test_no_text_and_too_much_text_are_refused(db: Database, give_reply: GiveReply, text: str) -> None:
    give_reply()
    with pytest.raises(UnusableText) as caught:
        _correct(db, text)
    assert isinstance(caught.value, FeedbackError)
    assert approved(db) == []


def test_text_is_cleaned_of_what_cannot_be_seen() -> None:
    assert clean_text(" It\x00 flies\x1b[0m\r\n\t20 min\u202e 👩‍🔧 \ud83d ") == "It flies[0m\n\t20 min 👩‍🔧"
    assert clean_text("x" * 3000) == "x" * 3000


def test_what_is_set_aside_waits_again_and_can_be_approved_again(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    correction = _correct(db, "It flies 20 minutes.")
    aside = set_aside(db, correction.id, by="UA")
    assert aside.state is State.WAITING
    assert approved(db) == []
    assert find_pending(db) == [aside]
    decide(db, correction.id, by="US", role="staff", approved=True)
    assert _texts(approved(db)) == ["It flies 20 minutes."]


def test_an_unknown_correction_cannot_be_set_aside(db: Database) -> None:
    with pytest.raises(UnknownCorrection):
        set_aside(db, "V404", by="UA")


def test_the_lessons_follow_decisions_and_what_is_forgotten(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    give_reply("R2")
    lessons = Held(db)
    assert lessons.texts() == []
    waiting = _correct(db, "It flies.", "customer")
    assert lessons.texts() == []
    decide(db, waiting.id, by="US", role="staff", approved=True)
    assert lessons.texts() == ["It flies."]
    _correct(db, "It runs.", reply_id="R2")
    assert lessons.texts() == ["It flies.", "It runs."]
    assert lessons.list() is lessons.list()
    forget_person(db, "T1", "U-staff")
    _correct(db, "It swims.", "admin", reply_id="R2")
    assert lessons.texts() == ["It flies.", "It swims."]
