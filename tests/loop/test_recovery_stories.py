"""A kill at any moment of an answer: the next process ends it, and it stands in Slack once, with its buttons."""

import json
from typing import Any

import pytest

from bot import wording
from bot.answering import Answering
from bot.engine.port import EngineBusy
from bot.listeners import edits
from bot.private_reply import PrivateReply
from bot.reply_stream import ReplyStream
from bot.shown_answer import ShownAnswer
from feedback import inbox, replies, votes
from feedback.channel_rules import AnswerIn, ChannelRules
from tests.fakes import Slowly
from tests.loop.conftest import CLEO, HELP, TEAM, Chip

RUNTIME = "How long does the Tansy 4 run on one charge?"
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
    add, added = ShownAnswer.add, []

    def add_one(self: ShownAnswer, *args: Any, **kwargs: Any) -> str:
        if added:
            raise Killed
        added.append(add(self, *args, **kwargs))
        return added[0]

    monkeypatch.setattr(ShownAnswer, "add", add_one)
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
    assert votes.verdicts(chip.core.db, reply.id) == {CLEO: votes.Verdict.UP}


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
    assert chip.parts is not None
    chip.parts.client.chat_postMessage(channel=HELP, thread_ts=first["thread_ts"], text="A note of 55 minutes")
    restart(chip, monkeypatch)

    shown = visitor.messages(HELP, first["thread_ts"])
    assert [json.dumps(message).count("feedback_buttons") for message in shown] == [0, 1, 0, 1, 0]
    assert any(message["text"] == "A note of 55 minutes" for message in shown)


def test_an_edit_that_a_kill_cut_off_is_still_offered_an_answer(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    message = chip.ask(CLEO, RUNTIME)
    chip.settle()
    monkeypatch.setattr(edits, "take_change", kill)
    chip.workspace.visit(CLEO).edit("D0CLEO", message["thread_ts"], "How long does the Tansy 4 charge?")
    chip.workspace.wait_for(lambda: inbox.find_unfinished(chip.core.db))
    assert not any(wording.EDITED in said for said in chip.said("D0CLEO"))
    restart(chip, monkeypatch)

    assert sum(wording.EDITED in said for said in chip.said("D0CLEO")) == 1


def _reply_id(chip: Chip, ts: str) -> str:
    asked = chip.workspace.wait_for(lambda: inbox.find_event(chip.core.db, f"question:{TEAM}:D0CLEO:{ts}"))
    return str(asked.payload["reply_id"])


def test_an_answer_to_one_person_that_was_cut_off_is_not_ended_for_all_to_see(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chip.parts is not None
    chip.parts.rules.set(HELP, ChannelRules(answer_in=AnswerIn.EPHEMERAL), by=CLEO)
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
