"""A thread keeps its arm, and its outcome is what was said of it in time."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from feedback.database import Database
from feedback.events import FeedbackKind, FeedbackSource, Role, Said, append_event
from feedback.replies import HANDED_OVER
from feedback.tables import replies
from retrain.canary import log
from retrain.canary.arms import Sign, is_candidates, read_conversations
from retrain.canary.log import Canary
from retrain.errors import PromotionError
from tests.retrain.conftest import START

HOUR = timedelta(hours=1)
BEGAN = START + HOUR


@pytest.fixture
def canary() -> Canary:
    return Canary("Y1", "A1", "nano", None, ((BEGAN, 0.25), (BEGAN + 10 * HOUR, 0.5)), "")


def give(
    db: Database, reply_id: str, at: datetime, thread: datetime | None = None, *, tokens: int = 9, finish: str = "stop"
) -> str:
    """Record a bare reply in a thread of its own; return the thread's ts."""
    ts = f"{(thread or at).timestamp():.6f}"
    texts: dict[str, object] = dict.fromkeys(
        ("question_ts", "asker", "audience", "question", "query", "answer", "shown", "prompt"), "x"
    )
    row = texts | {"id": reply_id, "team": "T1", "channel": "C1", "thread_ts": ts, "messages": [], "evidence": {}}
    row |= {"base_id": "nano", "finish": finish, "refused": False, "prompt_tokens": 9, "completion_tokens": tokens}
    with db.begin() as connection:
        connection.execute(insert(replies).values(**row, total_ms=9, created_at=at, sentences=2, withheld=0))
    return ts


def say(db: Database, reply_id: str, kind: FeedbackKind, at: datetime, **value: str) -> None:
    said = Said(reply_id, "U1", Role.CUSTOMER, kind, FeedbackSource.BUTTON, value, at=at)
    with db.begin() as connection:
        append_event(connection, db, said)


def read(db: Database, canary: Canary, after: timedelta = 100 * HOUR) -> list[frozenset[Sign]]:
    return [one.signs for one in read_conversations(db, canary, BEGAN + after, HOUR)]


def test_about_its_share_of_the_threads_is_the_candidates_and_each_stays_so(canary: Canary) -> None:
    threads = [f"{(BEGAN + timedelta(seconds=number)).timestamp():.6f}" for number in range(2_000)]
    first = [is_candidates(canary, "T1", "C1", thread) for thread in threads]
    assert 430 < sum(first) < 570
    assert first == [is_candidates(canary, "T1", "C1", thread) for thread in threads]
    other = Canary("Y2", *(getattr(canary, name) for name in Canary.__slots__[1:]))
    assert first != [is_candidates(other, "T1", "C1", thread) for thread in threads]


def test_a_larger_share_holds_for_the_threads_that_begin_after_it(canary: Canary) -> None:
    later = [f"{(BEGAN + 11 * HOUR + timedelta(seconds=number)).timestamp():.6f}" for number in range(2_000)]
    assert 900 < sum(is_candidates(canary, "T1", "C1", thread) for thread in later) < 1_100


@pytest.mark.parametrize("thread", ["", "not a time", "1e400", f"{(BEGAN - HOUR).timestamp():.6f}"])
def test_what_began_before_the_trial_or_has_no_thread_stays_with_what_serves(thread: str) -> None:
    whole = Canary("Y1", "A1", "nano", None, ((BEGAN, 1.0),), "")
    assert not is_candidates(whole, "T1", "C1", thread)


def test_what_is_said_in_time_counts_and_what_is_said_later_does_not(db: Database, canary: Canary) -> None:
    at = BEGAN + HOUR
    for number, (kind, value) in enumerate(
        [
            (FeedbackKind.VOTE, {"verdict": "down"}),
            (FeedbackKind.VOTE, {"verdict": "up"}),
            (FeedbackKind.REASKED, {"again": "R9"}),
            (FeedbackKind.ESCALATION, {}),
        ]
    ):
        give(db, f"R{number}", at + number * timedelta(minutes=1))
        say(db, f"R{number}", kind, at + timedelta(minutes=30), **value)
        say(db, f"R{number}", FeedbackKind.VOTE, at + 2 * HOUR, verdict="down")
    nothing: frozenset[Sign] = frozenset()
    assert read(db, canary) == [
        frozenset({Sign.DOWN}),
        nothing,
        frozenset({Sign.REASKED}),
        frozenset({Sign.PERSON}),
    ]


def test_a_vote_that_was_taken_back_in_time_does_not_count(db: Database, canary: Canary) -> None:
    at = BEGAN + HOUR
    give(db, "R1", at)
    say(db, "R1", FeedbackKind.VOTE, at + timedelta(minutes=1), verdict="down")
    say(db, "R1", FeedbackKind.VOTE, at + timedelta(minutes=2), verdict="up")
    assert read(db, canary) == [frozenset()]


def test_a_conversation_counts_once_it_is_settled_and_as_one(db: Database, canary: Canary) -> None:
    at = BEGAN + HOUR
    give(db, "R1", at)
    give(db, "R2", at + timedelta(minutes=5), at)
    give(db, "R3", at + timedelta(minutes=6), at, finish=HANDED_OVER)
    assert read(db, canary, after=timedelta(minutes=90)) == []
    assert read(db, canary, after=2 * HOUR) == [frozenset({Sign.PERSON})]


def test_a_conversation_that_no_model_began_does_not_count(db: Database, canary: Canary) -> None:
    give(db, "R1", BEGAN + HOUR, tokens=0)
    give(db, "R2", BEGAN + HOUR, BEGAN + timedelta(minutes=59), finish=HANDED_OVER)
    give(db, "R3", BEGAN + HOUR, BEGAN - HOUR)
    assert read(db, canary) == []


def test_one_trial_runs_at_a_time_and_each_change_is_kept(db: Database) -> None:
    begun = log.begin(db, "A1", "nano", None, 0.25, by="U1")
    with pytest.raises(PromotionError, match="A1 is being tried"):
        log.begin(db, "A2", "nano", None, 0.25, by="U1")
    assert log.change_share(db, begun, 0.5, by="U1", reason="more")
    assert log.note_better(db, begun, by="Chip")
    assert not log.note_better(db, begun, by="Chip")
    running = log.find_running(db, "nano")
    assert running is not None
    assert ([share for _, share in running.shares], running.is_found_better) == ([0.25, 0.5, 0.5], True)
    assert log.find_running(db, "other") is None
    assert [one.id for one in log.find_on_other_bases(db, "other")] == [running.id]

    assert log.end(db, running, by="Chip", reason="enough")
    assert not log.end(db, running, by="Chip", reason="enough")
    assert not log.change_share(db, running, 0.3, by="U1", reason="late")
    assert log.find_running(db, "nano") is None
    assert log.find_on_other_bases(db, "other") == []
    assert log.begin(db, "A2", "nano", "A1", 0.1, by="U1").adapter_id == "A2"


@pytest.mark.parametrize("share", [0.0, -0.1, 0.51, 1.0, float("nan")])
def test_a_share_is_more_than_nothing_and_at_most_half(db: Database, share: float) -> None:
    with pytest.raises(PromotionError, match="at most 50%"):
        log.begin(db, "A1", "nano", None, share, by="U1")
