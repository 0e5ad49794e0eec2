"""A long or broken answer in Slack: nothing is cut, nothing stands twice, and the buttons are on its last part only."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.answering.reply_stream import LIFETIME_SECONDS, MESSAGE_BYTES, UPDATE_SECONDS, Place, ReplyStream
from bot.workspace.server import LocalWorkspace

FOOTER = [{"type": "context", "elements": [{"type": "mrkdwn", "text": "the footer"}]}]
METADATA = {"event_type": "chip_reply", "event_payload": {"id": "R1"}}


class Seconds:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as running:
        yield running


@pytest.fixture
def open_stream(workspace: LocalWorkspace) -> Callable[..., ReplyStream]:
    def build(clock: Callable[[], float] = lambda: 0.0, person: str = "U0CLEO") -> ReplyStream:
        ts = workspace.visit("U0CLEO").post("C0HELP", "a question")
        client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
        return ReplyStream(client, Place("T0LOCAL", "C0HELP", ts, person), lambda _ts: None, lambda _text: None, clock)

    return build


def shown(workspace: LocalWorkspace) -> list[str]:
    """What each of Chip's messages says, its Markdown and its Markdown blocks together."""
    return [
        (message.markdown or "") + "".join(b["text"] for b in message.blocks if b["type"] == "markdown")
        for message in workspace.messages("C0HELP")
        if message.bot_id
    ]


def footers(workspace: LocalWorkspace) -> list[bool]:
    said: list[Any] = [message for message in workspace.messages("C0HELP") if message.bot_id]
    return ["the footer" in json.dumps(message.blocks) for message in said]


def test_an_answer_that_takes_longer_than_a_stream_lives_goes_on_in_a_further_message(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream]
) -> None:
    seconds = Seconds()
    stream = open_stream(seconds)
    for number in range(3):
        stream.append(f"Part {number}. ")
        seconds.now += LIFETIME_SECONDS * 0.6
    stream.finish(FOOTER, METADATA)

    assert shown(workspace) == ["Part 0. Part 1. ", "Part 2. "]
    assert footers(workspace) == [False, True]
    assert not any(message.streaming for message in workspace.messages("C0HELP"))


def test_a_code_block_over_two_messages_is_a_code_block_in_both(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream]
) -> None:
    stream = open_stream()
    stream.append("Run:\n```sh")
    for number in range(2):
        stream.append(f"\n{number}" + "x" * (MESSAGE_BYTES - 100))
    stream.append("\n```\nDone.")
    stream.finish(FOOTER, METADATA)

    first, second = shown(workspace)
    assert first.endswith("x\n```")
    assert second.startswith("```sh\n1")
    assert second.endswith("x\n```\nDone.")


def test_a_table_over_two_messages_has_its_header_in_both(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream]
) -> None:
    stream = open_stream()
    stream.append("Parts:\n\n| part | use |\n|---|---|")
    for number in range(4):
        stream.append(f"\n| {number} | {'x' * (MESSAGE_BYTES // 3)} |")
    stream.finish(FOOTER, METADATA)

    first, second = shown(workspace)
    assert first.endswith("x |")
    assert second.startswith("| part | use |\n|---|---|\n| 2 | x")


def test_one_piece_over_the_limit_is_cut_into_messages_and_loses_nothing(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream]
) -> None:
    words = [f"wörd{number}" for number in range(3_000)]
    stream = open_stream()
    stream.append(" ".join(words))
    stream.finish(FOOTER, METADATA)

    assert " ".join(shown(workspace)).split() == words
    assert footers(workspace) == [False] * (len(shown(workspace)) - 1) + [True]


@pytest.mark.parametrize("pieces", [("One. ", "Two."), ("One. Two.",)])
def test_a_stream_that_slack_ended_is_replaced_by_the_whole_answer(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream], pieces: tuple[str, ...]
) -> None:
    stream = open_stream()
    stream.append(pieces[0])
    workspace.inside(lambda inside: inside.streams.end("C0HELP", stream.parts[0]))
    for piece in pieces[1:]:
        stream.append(piece)
    stream.finish(FOOTER, METADATA)

    assert len(stream.parts) == 1
    assert shown(workspace)[0].endswith("One. Two.")
    assert footers(workspace) == [True]


def test_where_streaming_is_refused_a_posted_message_grows_at_the_pace_that_slack_takes(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream]
) -> None:
    workspace.faults.fail("chat.startStream", "feature_disabled", times=9)
    seconds = Seconds()
    stream = open_stream(seconds)
    seen = []
    for number in range(5):
        stream.append(f"Part {number}. ")
        seen += shown(workspace)
        seconds.now += UPDATE_SECONDS * 0.6
    stream.finish(FOOTER, METADATA)

    parts = ["Part 0.", "Part 0.", "Part 0. Part 1. Part 2.", "Part 0. Part 1. Part 2."]
    assert seen == [*parts, "Part 0. Part 1. Part 2. Part 3. Part 4."]
    assert shown(workspace) == seen[-1:]
    assert footers(workspace) == [True]
    assert len(workspace.calls("chat.update")) == 3


@pytest.mark.parametrize("refused", ["chat.startStream", "chat.appendStream"])
@pytest.mark.parametrize("updates_refused", [0, 1, 9])
def test_a_long_answer_by_updates_loses_and_repeats_nothing(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream], refused: str, updates_refused: int
) -> None:
    workspace.faults.fail(refused, "method_not_supported_for_channel_type", times=99)
    seconds = Seconds()
    stream = open_stream(seconds)
    stream.append("Run:\n```sh")
    workspace.faults.fail("chat.update", "cant_update_message", times=updates_refused)
    for number in range(5):
        stream.append(f"\nline{number} {'x' * (MESSAGE_BYTES // 3)}")
        seconds.now += UPDATE_SECONDS
    stream.append("\n```\nDone.")
    stream.finish(FOOTER, METADATA)

    said = shown(workspace)
    assert [sum(part.count(f"line{number} ") for part in said) for number in range(5)] == [1] * 5
    assert said[-1].startswith("```sh\n")
    assert said[-1].endswith("x\n```\nDone.")
    assert footers(workspace) == [False] * (len(said) - 1) + [True]
    assert len(stream.parts) == len(said)


def test_another_bot_gets_the_whole_answer_at_once(
    workspace: LocalWorkspace, open_stream: Callable[..., ReplyStream]
) -> None:
    stream = open_stream(person="B0OTHER")
    stream.append("One. ")
    assert shown(workspace) == []
    stream.append("Two.")
    stream.finish(FOOTER, METADATA)
    assert shown(workspace) == ["One. Two."]
