"""A kill at any moment of an answer: the next process ends it, and it stands in Slack once, with its buttons."""

import json
from typing import Any

import pytest

from bot import schedule
from bot.answering.answer import Answering
from bot.answering.private_reply import PrivateReply
from bot.answering.question import QUESTION
from bot.answering.reply_stream import ReplyStream
from bot.answering.shown_answer import ShownAnswer
from bot.answering.stops import Stops
from bot.engine.port import EngineBusy, EngineError
from bot.listeners.asking import edits, stop
from bot.transport import later
from bot.views import wording
from bot.workspace import events
from bot.workspace.workspace import Workspace
from feedback import inbox, replies, votes
from feedback.channel_rules import AnswerIn, ChannelRules
from tests.fakes import Slowly
from tests.loop.conftest import CLEO, HELP, SAM, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
CHARGING = "How long does the Tansy 4 charge?"
ANSWER = "The Tansy 4 runs for 55 minutes on one charge. [1]"


class Killed(BaseException):
    """The end of the process as far as one thread can tell: nothing after this line of it runs."""


def kill(*_: Any, **__: Any) -> None:
    raise Killed


def restart(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    chip.stop()
    monkeypatch.undo()
    chip.start()
    chip.settle()


def answers(chip: Chip, channel: str = "D0CLEO") -> list[str]:
    return [said for said in chip.said(channel) if "55 minutes" in said]


def wait_for_kill(chip: Chip, ts: str, streaming: bool = True) -> dict[str, Any]:
    """Return the message at which the answer was cut off."""
    visitor = chip.workspace.visit(CLEO)
    shown = visitor.wait_for_message("D0CLEO", lambda m: "bot_id" in m and m["streaming"] == streaming, ts)
    chip.stop()
    return shown


def test_a_kill_between_the_record_and_the_end_of_the_stream_still_gives_the_buttons_once(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReplyStream, "finish", kill)
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    cut_off = wait_for_kill(chip, ts)
    restart(chip, monkeypatch)

    (said,) = answers(chip)
    assert said.count("55 minutes") == 2  # the text for notifications, and the block
    assert said.count("feedback_buttons") == 1
    (reply,) = replies.find_replies_to(chip.core.db, TEAM, "D0CLEO", ts)
    assert replies.find_parts(chip.core.db, reply.id) == [("D0CLEO", cut_off["ts"])]
    assert len(chip.engine.requests) == 1


def kill_after_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    add, added = ShownAnswer.add, list[str]()

    def add_one(self: ShownAnswer, *args: Any, **kwargs: Any) -> str:
        if added:
            raise Killed
        added.append(add(self, *args, **kwargs))
        return added[0]

    monkeypatch.setattr(ShownAnswer, "add", add_one)


def test_a_kill_after_the_answer_ended_repeats_nothing(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "mark_done", kill)
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    wait_for_kill(chip, ts, streaming=False)
    restart(chip, monkeypatch)

    assert len(answers(chip)) == 1
    assert len(chip.engine.requests) == 1


def test_a_kill_in_the_middle_of_an_answer_gives_a_whole_one_in_its_place_and_keeps_the_votes(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_after_one_sentence(monkeypatch)
    chip.engine.queue.append("It runs for 55 minutes. It charges in 80 minutes.")
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    cut_off = chip.workspace.visit(CLEO).wait_for_message("D0CLEO", lambda m: m["streaming"], ts)
    chip.workspace.wait_for(lambda: replies.find_parts(chip.core.db, _reply_id(chip, ts)))
    chip.workspace.visit(CLEO).react("D0CLEO", cut_off["ts"], "+1")
    reply_id = _reply_id(chip, ts)
    chip.workspace.wait_for(lambda: votes.verdicts(chip.core.db, reply_id))
    restart(chip, monkeypatch)

    (said,) = answers(chip)
    assert said.count("feedback_buttons") == 1
    (reply,) = replies.find_replies_to(chip.core.db, TEAM, "D0CLEO", ts)
    assert reply.id == reply_id
    assert votes.verdicts(chip.core.db, reply.id) == {CLEO: votes.Vote.UP}


def test_a_kill_before_the_first_part_was_noted_leaves_no_second_answer(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "add_part", kill)
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    orphan = wait_for_kill(chip, ts)
    restart(chip, monkeypatch)

    (said,) = answers(chip)
    assert said.count("feedback_buttons") == 1
    assert orphan["ts"] not in [message["ts"] for message in chip.workspace.visit(CLEO).messages("D0CLEO", ts)]


def test_a_kill_after_a_refusal_was_posted_does_not_repeat_it(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    chip.engine.queue.append(EngineBusy(12.0))
    say = Answering.say_instead

    def say_and_die(self: Answering, *args: Any) -> None:
        say(self, *args)
        raise Killed

    monkeypatch.setattr(Answering, "say_instead", say_and_die)
    ts = chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    wait_for_kill(chip, ts, streaming=False)
    restart(chip, monkeypatch)

    assert [wording.BUSY.format(seconds=12) in said for said in chip.said("D0CLEO")] == [True]
    assert len(chip.engine.requests) == 1


def test_a_long_answer_cut_off_at_its_end_keeps_all_its_parts(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    chip.engine.queue.append(Slowly(tuple(f"Sentence {n} {'é' * 900}. " for n in range(8))))
    monkeypatch.setattr(ReplyStream, "finish", kill)
    visitor = chip.workspace.visit(CLEO)
    ts = visitor.post("D0CLEO", RUNTIME)
    visitor.wait_for_message("D0CLEO", lambda m: "Sentence 7" in (m.get("markdown") or ""), ts)
    restart(chip, monkeypatch)

    parts = visitor.messages("D0CLEO", ts)[1:]
    assert [part["markdown"].count("Sentence") for part in parts] == [4, 4]
    assert ["feedback_buttons" in json.dumps(part) for part in parts] == [False, True]


@pytest.mark.parametrize("killed", [(ReplyStream, "finish"), (replies, "add_part")])
@pytest.mark.parametrize("letters", [9, 1_800])
def test_an_answer_that_grew_by_updates_and_was_cut_off_stands_there_once_and_whole(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, killed: tuple[object, str], letters: int
) -> None:
    chip.workspace.faults.fail("chat.startStream", "not_allowed_token_type", times=99)
    plan = Slowly(tuple(f"Sentence {n} {'x' * letters}. " for n in range(8)))
    chip.engine.queue.extend([plan, plan])
    monkeypatch.setattr(*killed, kill)
    visitor = chip.workspace.visit(CLEO)
    ts = visitor.post("D0CLEO", RUNTIME)
    visitor.wait_for_message("D0CLEO", lambda m: "Sentence 0" in m["text"], ts)
    restart(chip, monkeypatch)

    parts = [json.dumps(part["blocks"]) for part in visitor.messages("D0CLEO", ts)[1:]]
    assert ["".join(parts).count(f"Sentence {n}") for n in range(8)] == [1] * 8
    assert ["feedback_buttons" in part for part in parts] == [False] * (len(parts) - 1) + [True]


def test_what_others_posted_in_the_thread_is_left_alone(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    monkeypatch.setattr(ReplyStream, "finish", kill)
    visitor = chip.workspace.visit(CLEO)
    visitor.post(HELP, "And what is the battery of the Tansy 4 like?", first["thread_ts"])
    visitor.wait_for_message(HELP, lambda m: m["streaming"], first["thread_ts"])
    assert chip.services is not None
    chip.services.client.chat_postMessage(channel=HELP, thread_ts=first["thread_ts"], text="A note of 55 minutes")
    restart(chip, monkeypatch)

    shown = visitor.messages(HELP, first["thread_ts"])
    assert [json.dumps(message).count("feedback_buttons") for message in shown] == [0, 1, 0, 1, 0]
    assert any(message["text"] == "A note of 55 minutes" for message in shown)


def test_an_edit_that_a_kill_cut_off_is_still_offered_an_answer(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    message = chip.ask(CLEO, RUNTIME)
    chip.settle()
    monkeypatch.setattr(edits, "handle_change", kill)
    chip.workspace.visit(CLEO).edit("D0CLEO", message["thread_ts"], CHARGING)
    chip.workspace.wait_for(lambda: inbox.find_unfinished(chip.core.db))
    assert not any(wording.EDITED in said for said in chip.said("D0CLEO"))
    restart(chip, monkeypatch)

    assert sum(wording.EDITED in said for said in chip.said("D0CLEO")) == 1


def test_the_answer_to_an_edit_that_waits_for_another_try_is_given_after_a_restart(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    cleo, faults = chip.workspace.visit(CLEO), chip.workspace.faults
    cleo.edit(HELP, first["thread_ts"], f"@Chip {CHARGING}")
    offer = chip.wait_for_said(HELP, wording.EDITED)
    chip.settle()
    chip.engine.queue.append(EngineError("gone"))
    for method in ("chat.postMessage", "conversations.replies"):
        faults.fail(method, "service_unavailable", status=503)
    assert cleo.click(chip.show(CLEO, offer), HELP, edits.ANSWER_EDIT)
    chip.workspace.wait_for(lambda: find_kinds_unfinished(chip) == [QUESTION])
    restart(chip, monkeypatch)

    given = replies.find_replies_to(chip.core.db, TEAM, HELP, first["thread_ts"])
    assert [reply.question for reply in given] == [RUNTIME, CHARGING]
    assert sum("80 minutes" in said for said in chip.said(HELP)) == 1


def find_kinds_unfinished(chip: Chip) -> list[str]:
    return [event.kind for event in inbox.find_unfinished(chip.core.db)]


def _reply_id(chip: Chip, ts: str) -> str:
    asked = chip.workspace.wait_for(lambda: inbox.find_event(chip.core.db, f"question:{TEAM}:D0CLEO:{ts}"))
    return str(asked.payload["reply_id"])


def test_an_answer_to_one_person_that_was_cut_off_is_not_ended_for_all_to_see(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chip.services is not None
    chip.services.rules.set(HELP, ChannelRules(answer_in=AnswerIn.EPHEMERAL), by=CLEO)
    monkeypatch.setattr(PrivateReply, "finish", kill)
    ts = chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")

    def is_made() -> bool:
        asked = inbox.find_event(chip.core.db, f"question:{TEAM}:{HELP}:{ts}")
        return asked is not None and "footer" in asked.payload

    chip.workspace.wait_for(is_made)
    restart(chip, monkeypatch)

    shown = [message for message in chip.workspace.messages(HELP) if message.bot_id]
    assert [message.ephemeral_to for message in shown] == [CLEO]
    assert "55 minutes" in chip.said(HELP)[0]


NUMBERS = Slowly(tuple(f"Number {n}. " for n in range(40)), 0.1)
SILENCE = Slowly(("It runs for 55 minutes.",), 9.0)


def press_stop(chip: Chip, person: str, channel: str, ts: str) -> None:
    """Press Stop beside Chip's status, not at a message that streams."""

    def press(workspace: Workspace) -> None:
        asked = workspace.board.find(channel, ts)
        assert asked is not None
        workspace.push_event(events.build_session_stopped(asked, person, workspace.timeline.next_ts()))

    chip.workspace.inside(press)


def assert_stopped_after_number_0(chip: Chip, ts: str) -> None:
    shown, said = chip.workspace.visit(CLEO).messages("D0CLEO", ts)[1:]
    assert shown["markdown"].startswith("Number 0.")
    assert "Number 39" not in shown["markdown"]
    assert not shown["streaming"]
    assert said["text"] == wording.STOPPED
    assert len(chip.engine.requests) == 1
    assert chip.workspace.statuses() == {}


@pytest.mark.parametrize("at_the_message", [True, False])
def test_a_press_of_stop_that_a_kill_cut_off_leaves_the_answer_as_it_stands(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, at_the_message: bool
) -> None:
    kill_after_one_sentence(monkeypatch)
    monkeypatch.setattr(Stops, "press", kill)
    chip.engine.queue.append(NUMBERS)
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    shown = cleo.wait_for_message("D0CLEO", lambda m: m["streaming"], ts)
    if at_the_message:
        cleo.stop("D0CLEO", shown["ts"])
    else:
        press_stop(chip, CLEO, "D0CLEO", ts)
    chip.workspace.wait_for(lambda: stop.STOP in find_kinds_unfinished(chip))
    restart(chip, monkeypatch)

    assert_stopped_after_number_0(chip, ts)
    restart(chip, monkeypatch)
    assert_stopped_after_number_0(chip, ts)


def test_a_press_of_stop_that_was_heard_holds_where_a_kill_came_before_the_end(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "record_reply", kill)
    chip.engine.queue.append(NUMBERS)
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    cleo.stop("D0CLEO", cleo.wait_for_message("D0CLEO", lambda m: m["streaming"], ts)["ts"])
    chip.workspace.wait_for(lambda: chip.workspace.calls("agents.sessions.setStatus"))
    chip.workspace.wait_for(lambda: stop.STOP not in find_kinds_unfinished(chip))
    restart(chip, monkeypatch)

    assert_stopped_after_number_0(chip, ts)


@pytest.mark.parametrize("is_private", [False, True])
def test_a_press_of_stop_before_the_first_word_holds_after_a_kill(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, is_private: bool
) -> None:
    assert chip.services is not None
    if is_private:
        chip.services.rules.set(HELP, ChannelRules(answer_in=AnswerIn.EPHEMERAL), by=CLEO)
    chip.engine.queue.append(SILENCE)
    ts = chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")
    chip.workspace.wait_for(lambda: chip.services is not None and chip.services.stops.live)
    monkeypatch.setattr(Answering, "say_instead", kill)
    press_stop(chip, CLEO, HELP, ts)
    chip.workspace.wait_for(lambda: chip.workspace.calls("agents.sessions.setStatus"))
    restart(chip, monkeypatch)

    (said,) = [message for message in chip.workspace.messages(HELP) if message.bot_id]
    assert (said.text, said.ephemeral_to) == (wording.STOPPED, CLEO if is_private else None)
    assert len(chip.engine.requests) == 1


@pytest.mark.parametrize(("person", "later", "is_stopped"), [(CLEO, 1, True), (CLEO, -1, False), (SAM, 1, False)])
def test_a_press_of_stop_that_a_kill_cut_off_ends_what_its_person_had_asked_before(
    chip: Chip, person: str, later: int, is_stopped: bool
) -> None:
    chip.stop()
    ts = chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")
    asked = {"type": "app_mention", "user": CLEO, "text": f"<@U0CHIP> {RUNTIME}", "ts": ts, "channel": HELP}
    pressed_ts = f"{float(ts) + later:.6f}"
    pressed = {"type": stop.STOP, "user": person, "channel": HELP, "thread_ts": ts, "event_ts": pressed_ts}
    for key, event in (("Ev1", asked), ("Ev2", pressed)):
        payload = {"type": "event_callback", "event_id": key, "team_id": TEAM, "event": event}
        stamp = event.get("ts", pressed_ts)
        inbox.record_event(chip.core.db, key, event["type"], team=TEAM, channel=HELP, ts=stamp, payload=payload)
    chip.start()
    chip.settle()

    (said,) = chip.said(HELP)
    assert (wording.STOPPED in said) == is_stopped
    assert ("55 minutes" in said) != is_stopped
    assert len(chip.workspace.calls("agents.sessions.setStatus")) == 1


@pytest.mark.parametrize("waits", [True, False])
def test_a_press_of_stop_that_a_kill_cut_off_holds_for_the_answer_to_an_edit(
    chip: Chip, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    first = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    cleo = chip.workspace.visit(CLEO)
    cleo.edit(HELP, first["thread_ts"], f"@Chip {CHARGING}")
    offer = chip.wait_for_said(HELP, wording.EDITED)
    chip.settle()
    if waits:
        chip.engine.queue.append(EngineError("gone"))
        for method in ("chat.postMessage", "conversations.replies"):
            chip.workspace.faults.fail(method, "service_unavailable", status=503)
    else:
        kill_after_one_sentence(monkeypatch)
        chip.engine.queue.append(NUMBERS)
    assert cleo.click(chip.show(CLEO, offer), HELP, edits.ANSWER_EDIT)
    if waits:
        chip.workspace.wait_for(lambda: find_kinds_unfinished(chip) == [QUESTION])
    else:
        cleo.wait_for_message(HELP, lambda m: m["streaming"], first["thread_ts"])
    monkeypatch.setattr(Stops, "press", kill)
    press_stop(chip, CLEO, HELP, first["thread_ts"])
    chip.workspace.wait_for(lambda: stop.STOP in find_kinds_unfinished(chip))
    restart(chip, monkeypatch)

    said = chip.said(HELP)
    assert sum(wording.STOPPED in one for one in said) == 1
    assert not any("80 minutes" in one or "Number 39" in one for one in said)
    assert len(chip.engine.requests) == 2


@pytest.mark.parametrize("is_private", [False, True])
def test_a_press_of_stop_between_two_tries_ends_the_question_and_is_told_once(
    stopped_chip: Chip, monkeypatch: pytest.MonkeyPatch, is_private: bool
) -> None:
    chip = stopped_chip
    monkeypatch.setattr(later, "FIRST_PAUSE_SECONDS", 1.5)
    monkeypatch.setattr(schedule, "LATER_SECONDS", 0.05)
    chip.start()
    assert chip.services is not None
    if is_private:
        chip.services.rules.set(HELP, ChannelRules(answer_in=AnswerIn.EPHEMERAL), by=CLEO)
    chip.engine.queue.append(EngineError("gone"))
    says = "chat.postEphemeral" if is_private else "chat.postMessage"
    for method in (says, "conversations.replies"):
        chip.workspace.faults.fail(method, "service_unavailable", status=503)
    ts = chip.workspace.visit(CLEO).post(HELP, f"@Chip {RUNTIME}")
    chip.workspace.wait_for(lambda: chip.workspace.calls(says))
    chip.workspace.wait_for(lambda: chip.services is not None and not chip.services.stops.waiting)
    press_stop(chip, SAM, HELP, ts)
    press_stop(chip, CLEO, HELP, ts)
    chip.workspace.wait_for(lambda: len(chip.workspace.calls("agents.sessions.setStatus")) == 2)
    assert chip.said(HELP) == []
    chip.settle()

    (said,) = [message for message in chip.workspace.messages(HELP) if message.bot_id]
    assert (said.text, said.ephemeral_to) == (wording.STOPPED, CLEO if is_private else None)
    assert len(chip.engine.requests) == 1
