"""Learning needs a decision, which is recorded; guests' words need one of their own."""

import pytest

from feedback.consent import LOCAL, NOTICE_ID, OFF, Consent, build_covers, find_consent, record_consent
from feedback.database import Database
from feedback.events import Role
from feedback.replies import SentMessage

from .conftest import START, build_reply

MEMBER = build_reply(asker_role="staff", channel="C1")
GUEST = build_reply(asker_role="customer", channel="C1")
UNKNOWN = build_reply(channel="C1")
TURNS = (SentMessage("system", "s"), SentMessage("user", "a"), SentMessage("assistant", "b"), SentMessage("user", "c"))


def test_who_decided_what_and_when_is_kept_and_the_last_word_holds(db: Database) -> None:
    assert find_consent(db, "T1") is None
    record_consent(db, "T1", by="UA", is_on=True, channels=["C1"])
    found = find_consent(db, "T1")
    assert found is not None
    assert (found.is_on, found.guests, found.channels, found.by, found.notice) == (
        True,
        False,
        ("C1",),
        "UA",
        NOTICE_ID,
    )
    assert found.at is not None
    assert found.at >= START
    record_consent(db, "T1", by="UB", is_on=False)
    again = find_consent(db, "T1")
    assert again is not None
    assert (again.is_on, again.by) == (False, "UB")
    assert find_consent(db, "T2") is None


@pytest.mark.parametrize("reply", [MEMBER, GUEST, UNKNOWN])
def test_without_a_decision_nothing_is_learned_but_in_the_local_workspace(reply: object) -> None:
    assert not OFF.covers(reply)  # type: ignore[arg-type]  # pytest knows no types of parameters
    assert LOCAL.covers(reply)  # type: ignore[arg-type]


def test_guests_and_people_of_unknown_roles_are_left_out_unless_included() -> None:
    on = Consent(is_on=True)
    assert [on.covers(reply) for reply in (MEMBER, GUEST, UNKNOWN)] == [True, False, False]
    assert not on.covers(MEMBER, Role.CUSTOMER)
    assert on.covers(MEMBER, Role.STAFF)
    including = Consent(is_on=True, guests=True)
    assert all(including.covers(reply, Role.CUSTOMER) for reply in (MEMBER, GUEST, UNKNOWN))


def test_a_channels_thread_may_hold_guests_words_and_a_direct_one_does_not() -> None:
    on = Consent(is_on=True)
    assert not on.covers(build_reply(asker_role="staff", channel="C1", messages=TURNS))
    assert on.covers(build_reply(asker_role="staff", channel="D1", messages=TURNS))


def test_only_the_chosen_channels_are_learned_from() -> None:
    on = Consent(is_on=True, channels=("C2",))
    assert not on.covers(MEMBER)
    assert on.covers(build_reply(asker_role="staff", channel="C2"))


def test_each_team_has_its_own_consent(db: Database) -> None:
    record_consent(db, "T1", by="UA", is_on=True)
    covers = build_covers(db, OFF)
    assert covers(MEMBER, None)
    assert not covers(build_reply(asker_role="staff", team="T2"), None)
