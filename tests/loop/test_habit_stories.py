"""What people do in Slack besides typing a question: forward messages, attach pictures, hide the vote buttons."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from bot.listeners.commands import run_command
from bot.listeners.tickets import bring_in_a_person
from bot.views import blocks, rules_view, wording
from bot.workspace.people import BOT_USER_ID, Channel
from feedback.channel_rules import ChannelRules
from retrieval.prompt import REFUSAL
from tests.loop.conftest import ADA, CLEO, DMS, HELP, SAM, STAFF, Chip, show

RUNTIME = "How long does the Tansy 4 run on one charge?"
PICTURE = {"id": "F1", "name": "panel.png", "mimetype": "image/png"}


def push(chip: Chip, text: str, **parts: Any) -> str:
    """Let Cleo post in #help what the page cannot; return its ts, under which its thread is answered."""
    root = chip.workspace.visit(CLEO).post(HELP, "a place for the thread")
    chip.settle()
    event = {"type": "app_mention", "user": CLEO, "channel": HELP, "text": text, "ts": root, "event_ts": root, **parts}
    chip.workspace.inside(lambda workspace: workspace.push_event(event))
    return root


def rich(text: str) -> list[dict[str, Any]]:
    elements = [{"type": "user", "user_id": "U0CHIP"}, {"type": "text", "text": text}]
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]


FORWARDED = {"is_share": True, "is_msg_unfurl": True, "text": RUNTIME, "fallback": "[Monday] cleo: hello"}
UNDER = {"message_blocks": [{"message": {"blocks": rich(RUNTIME)}}], "fallback": "nothing"}


@pytest.mark.parametrize(
    "parts",
    [
        {"text": "<@U0CHIP> what do you say to this?", "attachments": [FORWARDED]},
        {"text": "<@U0CHIP>", "attachments": [UNDER]},
        {"text": "<@U0CHIP>", "attachments": [{"fallback": RUNTIME}]},
        {"text": "<@U0CHIP>", "blocks": rich(RUNTIME)},
        {"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": RUNTIME}}]},
        {"text": "", "blocks": [{"type": "markdown", "text": f"**{RUNTIME}**"}]},
    ],
)
def test_words_of_forwarded_messages_and_of_blocks_are_read(chip: Chip, parts: dict[str, Any]) -> None:
    push(chip, **parts)
    chip.wait_for_said(HELP, "55 minutes")


def test_the_preview_of_a_linked_page_is_no_part_of_the_question(chip: Chip) -> None:
    preview = {"from_url": "https://example.com", "title": "Opera", "text": "The opera of Vienna"}
    push(chip, f"<@U0CHIP> {RUNTIME}", attachments=[preview])
    chip.wait_for_said(HELP, "55 minutes")
    assert "opera" not in chip.engine.requests[0].messages[-1].content


def test_a_picture_alone_is_said_not_to_be_readable(chip: Chip) -> None:
    push(chip, "<@U0CHIP>", files=[PICTURE])
    chip.wait_for_said(HELP, wording.UNREAD["picture"])
    assert chip.engine.requests == []


def test_a_question_with_a_picture_is_answered_and_the_picture_is_said_not_to_be_readable(chip: Chip) -> None:
    push(chip, f"<@U0CHIP> {RUNTIME}", files=[PICTURE])
    said = chip.wait_for_said(HELP, wording.UNREAD["picture"])
    assert "55 minutes" in (said.markdown or "")


def test_where_an_admin_hides_the_votes_an_answer_has_none(chip: Chip) -> None:
    assert chip.services is not None
    view = rules_view.build_view(HELP, ChannelRules(hides_votes=True), "UTC")
    chosen = next(block for block in view["blocks"] if block.get("block_id") == "votes")
    assert "initial_options" in chosen["element"]
    chip.services.rules.set(HELP, ChannelRules(hides_votes=True), by=ADA)

    hidden = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    shown = chip.ask(CLEO, RUNTIME)
    assert [blocks.VOTE in str(message["blocks"]) for message in (hidden, shown)] == [False, True]
    assert blocks.ASK_PERSON in str(hidden["blocks"])


def test_a_method_that_slack_does_not_know_is_called_once(chip: Chip) -> None:
    chip.workspace.faults.fail("chat.startStream", "unknown_method")
    for _ in range(2):
        assert "55 minutes" in str(chip.ask(CLEO, RUNTIME))
    assert len(chip.workspace.calls("chat.startStream")) == 1


@pytest.mark.parametrize("command", ["status", "nonsense", "learning"])
def test_what_a_command_says_is_said_to_be_for_its_caller_alone(chip: Chip, command: str) -> None:
    assert chip.services is not None
    said: list[dict[str, Any]] = []
    body = {"team_id": "T0LOCAL", "channel_id": HELP, "user_id": CLEO, "trigger_id": "1.2.3"}
    run_command(chip.services, body, lambda **answer: said.append(answer), command, "")  # type: ignore[arg-type]  # as Respond is called
    assert [answer["response_type"] for answer in said] == ["ephemeral"]


def test_the_word_of_a_colleague_stands_in_the_thread_where_slack_names_it_in_the_message_alone(chip: Chip) -> None:
    answer = chip.ask(CLEO, f"@Chip {RUNTIME}", HELP)
    assert chip.services is not None
    pressed = {
        "user": {"id": CLEO},
        "channel": {"id": HELP},
        "container": {"message_ts": answer["ts"]},
        "message": {"thread_ts": answer["thread_ts"]},
    }
    bring_in_a_person(chip.services, pressed, chip.reply_at(HELP, answer))
    assert chip.wait_for_said(HELP, wording.PERSON_ASKED).thread_ts == answer["thread_ts"]


def test_the_card_of_a_direct_message_links_to_no_channel(chip: Chip) -> None:
    answer = chip.ask(CLEO, RUNTIME)
    chip.settle()
    assert chip.workspace.visit(CLEO).click(answer, DMS[CLEO], blocks.ASK_PERSON)
    assert "in a direct message" in show(chip.wait_for_said(STAFF, f"<@{CLEO}> asks for a person"))


def test_a_start_warns_of_nothing_that_an_operator_need_not_know(
    stopped_chip: Chip, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", stopped_chip.workspace.bot_token)
    with caplog.at_level(logging.WARNING):
        stopped_chip.start()
    assert [record.message for record in caplog.records if record.name.startswith("slack_bolt")] == []


def test_in_a_direct_message_of_several_chip_answers_mentions_and_follow_ups_and_nothing_else(chip: Chip) -> None:
    place = Channel("G0THREE", "mpdm-cleo--sam--chip-1", frozenset({CLEO, SAM, BOT_USER_ID}), is_mpim=True)
    chip.workspace.inside(lambda workspace: workspace.directory.add_channel(place))
    chip.workspace.visit(SAM).post(place.id, RUNTIME)
    chip.settle()
    assert chip.said(place.id) == []

    first = chip.ask(CLEO, f"@Chip {RUNTIME}", place.id)
    follow_up = chip.ask(
        CLEO, "In how many minutes does the battery of the Tansy 4 charge?", place.id, first["thread_ts"]
    )
    assert ["55 minutes" in first["markdown"], "80 minutes" in follow_up["markdown"]] == [True, True]


def test_who_asks_in_another_language_is_told_in_it_what_chip_can_do_where_nothing_is_found(chip: Chip) -> None:
    chip.engine.queue.append(REFUSAL)
    refused = chip.ask(CLEO, "Welche Oper in Wien ist die berühmteste?")
    assert wording.OTHER_LANGUAGES["de"] in str(refused["blocks"])

    chip.engine.queue.append(REFUSAL)
    assert "berühmt" not in str(english := chip.ask(CLEO, "Which opera in Vienna is the most famous?"))
    assert not any(sentence in str(english["blocks"]) for sentence in wording.OTHER_LANGUAGES.values())


def test_who_is_refused_while_documents_are_read_is_told_so(chip: Chip, knowledge_folder: Path) -> None:
    knowledge, read, go_on = chip.core.knowledge, threading.Event(), threading.Event()

    def wait(_done: int, _name: str) -> None:
        read.set()
        go_on.wait(30)

    reading = threading.Thread(target=lambda: knowledge.ingest(knowledge_folder, progress=wait))
    reading.start()
    try:
        assert read.wait(30)
        chip.engine.queue.append(REFUSAL)
        refused = chip.ask(CLEO, "Which opera in Vienna is the most famous?")
        total = sum(path.is_file() for path in knowledge_folder.rglob("*"))
        assert wording.STILL_READING.format(done=1, total=total) in str(refused["blocks"])
        chip.engine.queue.clear()  # pages may be offered without asking the model
        answered = chip.ask(CLEO, RUNTIME)
        assert "55 minutes" in answered["markdown"]
        assert "still reading" not in str(answered["blocks"])
    finally:
        go_on.set()
        reading.join()
    chip.engine.queue.append(REFUSAL)
    assert "still reading" not in str(chip.ask(CLEO, "Which opera in Rome is the most famous?")["blocks"])
