import random
import threading
from datetime import timedelta

import pytest

from feedback.database import Database
from feedback.emoji import EmojiVotes, Vote, normalise_emoji
from feedback.errors import UnknownReply
from feedback.events import find_events
from feedback.replies import add_part
from feedback.votes import record_button, record_reaction, standing_verdicts, verdicts

from .conftest import START, Clock, GiveReply

TONED = "+1::skin-tone-2"


def _react(
    db: Database, emoji: str, *, added: bool = True, ts: str = "R1", person: str = "U1", **more: object
) -> object:
    return record_reaction(
        db,
        channel="C1",
        ts=ts,
        person=person,
        role="customer",
        emoji=emoji,
        added=added,
        **more,  # type: ignore[arg-type]
    )


def _press(db: Database, verdict: str, person: str = "U1") -> Vote:
    return record_button(db, reply_id="R1", person=person, role="customer", verdict=verdict)


@pytest.mark.parametrize(
    "emoji", ["+1", ":+1:", "thumbsup", TONED, ":thumbsup::skin-tone-6:", "tada", "white_check_mark"]
)
def test_every_spelling_of_an_up_counts(db: Database, give_reply: GiveReply, emoji: str) -> None:
    give_reply()
    assert _react(db, emoji) is Vote.UP
    assert verdicts(db, "R1") == {"U1": Vote.UP}


@pytest.mark.parametrize("emoji", ["-1", "thumbsdown", "-1::skin-tone-3", ":x:"])
def test_every_spelling_of_a_down_counts(db: Database, give_reply: GiveReply, emoji: str) -> None:
    give_reply()
    assert _react(db, emoji) is Vote.DOWN


@pytest.mark.parametrize("emoji", ["eyes", "+10", "", "::", "robot_face::skin-tone-2", "👍"])
def test_an_emoji_that_is_no_vote_leaves_nothing(db: Database, give_reply: GiveReply, emoji: str) -> None:
    give_reply()
    assert _react(db, emoji) is None
    with db.read() as connection:
        assert find_events(connection) == []


def test_the_emoji_that_count_can_be_set(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    votes = EmojiVotes(up=frozenset({"parrot"}), down=frozenset())
    assert _react(db, "parrot", votes=votes) is Vote.UP
    assert _react(db, "-1", votes=votes) is None
    assert verdicts(db, "R1") == {"U1": Vote.UP}


def test_a_reaction_on_a_message_that_is_not_chips_leaves_nothing(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    assert _react(db, "+1", ts="9.9") is None
    with db.read() as connection:
        assert find_events(connection) == []


def test_a_reaction_while_the_reply_still_streams_counts(db: Database) -> None:
    add_part(db, "R1", "C1", "1.1")
    assert _react(db, "-1", ts="1.1") is Vote.DOWN
    assert _press(db, "up") is Vote.UP


def test_removing_one_of_two_tones_leaves_the_vote(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    _react(db, "+1")
    _react(db, TONED)
    assert _react(db, "+1", added=False) is Vote.UP
    assert _react(db, ":thumbsup::skin-tone-2:", added=False) is None
    assert verdicts(db, "R1") == {}


def test_removing_the_reaction_on_one_part_leaves_that_on_another(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    add_part(db, "R1", "C1", "second")
    _react(db, "+1")
    _react(db, "+1", ts="second")
    assert _react(db, "+1", added=False) is Vote.UP
    assert _react(db, "+1", ts="second", added=False) is None


def test_the_latest_standing_signal_wins(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    assert _react(db, "+1") is Vote.UP
    assert _react(db, "-1") is Vote.DOWN
    assert _react(db, "-1", added=False) is Vote.UP


def test_the_last_press_wins_and_removing_a_reaction_never_undoes_it(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    assert _press(db, "up") is Vote.UP
    assert _press(db, "down") is Vote.DOWN
    assert _react(db, "+1") is Vote.UP
    assert _react(db, "+1", added=False) is Vote.DOWN


def test_each_person_has_a_verdict_of_their_own(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    _react(db, "+1", person="U1")
    _press(db, "down", person="U2")
    assert verdicts(db, "R1") == {"U1": Vote.UP, "U2": Vote.DOWN}


def test_a_button_for_a_reply_that_chip_never_gave_is_refused(db: Database) -> None:
    with pytest.raises(UnknownReply) as caught:
        _press(db, "up")
    assert caught.value.reply_id == "R1"
    assert verdicts(db, "R1") == {}


def test_a_press_that_is_neither_up_nor_down_is_refused(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    with pytest.raises(ValueError, match="sideways"):
        _press(db, "sideways")


def test_a_resumed_event_is_logged_once_and_changes_nothing(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    _react(db, "+1", key="Ev1")
    _react(db, "-1", key="Ev2")
    assert _react(db, "+1", key="Ev1") is Vote.DOWN
    with db.read() as connection:
        assert len(find_events(connection)) == 2


def test_threads_that_log_the_same_vote_leave_one_row(db: Database, give_reply: GiveReply) -> None:
    give_reply()
    gate = threading.Barrier(6)
    told: list[object] = []

    def vote() -> None:
        gate.wait()
        told.append(_react(db, "+1", key="Ev1"))

    threads = [threading.Thread(target=vote) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [Vote.UP] * 6
    with db.read() as connection:
        assert len(find_events(connection)) == 1


def _naive(signals: list[tuple[str, str, bool]]) -> Vote | None:
    """The verdict by the plainest reading: keep a list of what stands, oldest first, and look at its end."""
    standing: list[tuple[str, str]] = []
    for kind, name, added in signals:
        kept = [old for old in standing if old[0] != "button"] if kind == "button" else standing
        standing = [old for old in kept if old != (kind, name)]
        if added:
            standing.append((kind, name))
    if not standing:
        return None
    return Vote.UP if standing[-1][1] in ("+1", TONED, "heart", "up") else Vote.DOWN


@pytest.mark.parametrize("seed", range(12))
def test_any_history_in_any_order_of_arrival_gives_what_a_naive_model_gives(
    db: Database, give_reply: GiveReply, seed: int
) -> None:
    give_reply()
    chance = random.Random(seed)
    people = {person: _random_history(chance) for person in ("U1", "U2")}
    arrivals = [(person, second, signal) for person, history in people.items() for second, signal in enumerate(history)]
    chance.shuffle(arrivals)
    for person, second, (kind, name, added) in arrivals:
        at = START + timedelta(seconds=second)
        if kind == "button":
            record_button(db, reply_id="R1", person=person, role="staff", verdict=name, at=at)
        else:
            _react(db, name, added=added, person=person, at=at)
    expected = {person: verdict for person, history in people.items() if (verdict := _naive(history)) is not None}
    assert verdicts(db, "R1") == expected
    assert {vote.person: vote.verdict for vote in standing_verdicts(db)} == expected


def _random_history(chance: random.Random) -> list[tuple[str, str, bool]]:
    reactions = [("reaction", name, added) for name in ("+1", TONED, "heart", "-1", "x") for added in (True, False)]
    presses = [("button", name, True) for name in ("up", "down")]
    return chance.choices(reactions + presses, k=chance.randint(0, 12))


def test_standing_verdicts_say_who_in_what_role_and_since_when(
    db: Database, give_reply: GiveReply, clock: Clock
) -> None:
    give_reply("R1")
    give_reply("R2")
    record_button(db, reply_id="R2", person="U2", role="admin", verdict="down")
    first = clock.now
    _press(db, "up")
    votes = standing_verdicts(db)
    assert [(vote.reply_id, vote.person, vote.role, vote.verdict) for vote in votes] == [
        ("R2", "U2", "admin", Vote.DOWN),
        ("R1", "U1", "customer", Vote.UP),
    ]
    assert [vote.at for vote in votes] == [first, clock.now]
    assert standing_verdicts(db, since=clock.now) == votes[1:]


def test_an_old_vote_that_stands_again_keeps_its_own_time(db: Database, give_reply: GiveReply, clock: Clock) -> None:
    give_reply()
    _press(db, "up")
    old = clock.now
    _react(db, "-1")
    _react(db, "-1", added=False)
    (vote,) = standing_verdicts(db)
    assert (vote.verdict, vote.at) == (Vote.UP, old)
    assert standing_verdicts(db, since=old + timedelta(milliseconds=1)) == []


def test_a_tone_stays_in_the_name_and_an_alias_does_not() -> None:
    assert normalise_emoji(":thumbsup::skin-tone-2:") == normalise_emoji("+1::skin-tone-2") == TONED
    assert normalise_emoji("thumbsdown") == "-1"
