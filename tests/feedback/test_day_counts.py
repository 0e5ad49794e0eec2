"""What is kept of each day is what a count of all stored rows gives, whatever happened since."""

import random
from collections import Counter
from datetime import date, timedelta
from statistics import median

import pytest
from sqlalchemy import delete, select

from feedback.corrections import record_correction
from feedback.database import Database
from feedback.day_counts import Counts, read_counts
from feedback.events import find_events
from feedback.forgetting import forget_message, forget_older, forget_person, forget_team
from feedback.replies import HANDED_OVER, TAUGHT, add_part
from feedback.signals import record_escalation
from feedback.tables import day_counts, feedback_events, replies
from feedback.votes import derive_verdicts, record_button, record_reaction

from .conftest import START, GiveReply

PEOPLE = ("U1", "U2", "U3", "U4", "S1")


def count_again(db: Database) -> dict[date, Counter[str]]:
    """Count all rows, one by one: votes folded from the log, not from what stands."""
    wanted: dict[date, Counter[str]] = {}
    with db.read() as connection:
        given = {row.id: row for row in connection.execute(select(replies)) if row.finish != TAUGHT}
        told = [row for row in connection.execute(select(feedback_events)) if row.reply_id in given]
        votes = find_events(connection, feedback_events.c.kind == "vote")
    for row in given.values():
        sums = wanted.setdefault(row.created_at.date(), Counter())
        is_handed_over = row.finish == HANDED_OVER
        sums.update(replies=1, handed_over=is_handed_over, refused=row.refused and not is_handed_over)
        sums.update(sentences=row.sentences or 0, withheld=row.withheld or 0)
    for event in told:
        if event.kind == "correction":
            wanted[given[event.reply_id].created_at.date()]["correction"] += 1
    for reply_id in {event.reply_id for event in told if event.kind == "escalation"}:
        wanted[given[reply_id].created_at.date()]["escalation"] += 1
    for vote in derive_verdicts(votes):
        if vote.reply_id in given:
            wanted[given[vote.reply_id].created_at.date()][vote.verdict.value] += 1
    return {day: +sums for day, sums in wanted.items()}


def do_something(db: Database, give_reply: GiveReply, chance: random.Random, known: list[str]) -> None:
    """Do what people may do with replies: old, new and unfinished ones."""
    number = len(known)
    reply_id, person = chance.choice([*known[-30:], f"R{number}"]), chance.choice(PEOPLE)
    act = chance.choice(["reply", "reply", "press", "press", "react", "correct", "call", "call"])
    if act == "reply" or not known:
        values = {"finish": chance.choice(["stop", "stop", HANDED_OVER, TAUGHT]), "refused": chance.random() < 0.3}
        at = START - timedelta(hours=chance.randint(0, 240))
        figures = {"sentences": chance.choice([None, 3]), "first_text_ms": chance.choice([None, 234, 1999])}
        give_reply(f"R{number}", created_at=at, asker=person, thread_ts=f"{number // 3}", **values, **figures)
        known.append(f"R{number}")
        return
    add_part(db, reply_id, "C1", reply_id)  # people vote while a reply streams, before it is recorded
    if act == "press":
        record_button(db, reply_id=reply_id, person=person, role="customer", verdict=chance.choice(["up", "down"]))
    elif act == "react":
        emoji, added = chance.choice(["+1", "-1"]), chance.random() < 0.6
        record_reaction(db, channel="C1", ts=reply_id, person=person, role="customer", emoji=emoji, added=added)
    elif act == "correct":
        record_correction(db, reply_id=reply_id, person=person, role="staff", text=f"It is {number}.")
    else:
        record_escalation(db, reply_id, person, "customer")


def forget_something(db: Database, chance: random.Random) -> None:
    act = chance.choice(["person", "message", "old"])
    if act == "person":
        forget_person(db, "T1", chance.choice(PEOPLE))
    elif act == "message":
        forget_message(db, "T1", "C1", "1790000001.000100")
    else:
        forget_older(db, START - timedelta(hours=chance.randint(0, 240)))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_of_each_day_is_what_all_rows_give(db: Database, give_reply: GiveReply, seed: int) -> None:
    chance = random.Random(seed)
    known: list[str] = []
    for step in range(240):
        do_something(db, give_reply, chance, known)
        if step % 60 == 59:
            forget_something(db, chance)
        if step % 20 == 19:
            assert {day: counts.sums for day, counts in read_counts(db).items() if counts.sums} == count_again(db)
    assert len(count_again(db)) > 5


def test_only_the_days_that_changed_are_counted_again(db: Database, give_reply: GiveReply) -> None:
    for number in range(3):
        give_reply(f"R{number}", created_at=START - timedelta(days=number))
    assert len(read_counts(db)) == 3
    record_button(db, reply_id="R1", person="U1", role="customer", verdict="up")
    with db.read() as connection:
        marked = connection.scalars(select(day_counts.c.day).where(day_counts.c.counts.is_(None))).all()
    assert marked == [(START - timedelta(days=1)).date().isoformat()]


def test_a_workspace_that_left_leaves_no_counts(db: Database, give_reply: GiveReply) -> None:
    give_reply("R1")
    give_reply("R2", team="T2")
    read_counts(db)
    forget_team(db, "T1")
    assert {day: counts.sums["replies"] for day, counts in read_counts(db).items()} == {START.date(): 1}
    assert read_counts(db, "T1") == {}


def test_a_day_that_nobody_marked_is_not_counted(db: Database, give_reply: GiveReply) -> None:
    """So the comparison above would notice a change that forgets its mark."""
    give_reply("R1")
    read_counts(db)
    with db.begin() as connection:
        connection.execute(delete(replies))
    assert {day: counts.sums for day, counts in read_counts(db).items()} != count_again(db)


def test_the_median_is_that_of_the_times_to_two_digits() -> None:
    chance = random.Random(3)
    for count in (1, 2, 7, 40):
        times = [chance.choice([80, 230, 1900, 12_000]) for _ in range(count)]
        assert Counts(first_text_ms=Counter(times)).median_first_text_ms == median(times)
    assert Counts().median_first_text_ms is None
