"""The streaming state machine: who may stream where, how much, how long, and how a stream ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workspace.server import LocalWorkspace
from tests.bot.workspace.conftest import MANIFEST, Clock


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def workspace(clock: Clock) -> Iterator[LocalWorkspace]:
    with LocalWorkspace(manifest=MANIFEST, clock=clock) as running:
        yield running


FOR_CLEO: dict[str, Any] = {"recipient_user_id": "U0CLEO", "recipient_team_id": "T0LOCAL"}


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def test_a_channel_stream_needs_its_recipient(workspace: LocalWorkspace, client: WebClient) -> None:
    ts = workspace.visit("U0CLEO").post("C0HELP", "question")
    start = client.chat_startStream
    place: dict[str, Any] = {"channel": "C0HELP", "thread_ts": ts}
    assert refusal(start, **place) == "missing_recipient_user_id"
    assert refusal(start, **place, recipient_user_id="U0CLEO") == "missing_recipient_team_id"
    assert refusal(start, **place, **FOR_CLEO | {"recipient_user_id": "B0CHIP"}) == "invalid_arguments"
    assert refusal(start, **place, **FOR_CLEO | {"recipient_user_id": "U0NOBODY"}) == "user_not_found"
    assert start(**place, **FOR_CLEO)["ok"]
    direct = workspace.visit("U0CLEO").post("D0CLEO", "question")
    assert start(channel="D0CLEO", thread_ts=direct)["ok"]


def test_a_stream_is_shown_as_it_grows_and_ends_once(workspace: LocalWorkspace, client: WebClient) -> None:
    cleo = workspace.visit("U0CLEO")
    thread_ts = cleo.post("D0CLEO", "question")
    place = {"channel": "D0CLEO", "ts": client.chat_startStream(channel="D0CLEO", thread_ts=thread_ts)["ts"]}
    client.chat_appendStream(**place, markdown_text="one ")
    growing = cleo.messages("D0CLEO", thread_ts)[-1]
    assert (growing["markdown"], growing["streaming"]) == ("one ", True)
    assert refusal(client.chat_update, **place, text="other") == "streaming_state_conflict"
    assert refusal(client.chat_appendStream, **place, markdown_text="a", chunks=[]) == "invalid_arguments"
    assert refusal(client.chat_appendStream, **place, chunks=[{"type": "song"}]) == "invalid_chunks"
    assert refusal(client.chat_appendStream, **place) == "no_text"

    divider = {"type": "divider"}
    answer = client.chat_stopStream(**place, markdown_text="two", blocks=[divider])
    assert answer["message"]["text"] == "one two"
    ended = cleo.messages("D0CLEO", thread_ts)[-1]
    assert (ended["markdown"], ended["streaming"], ended["blocks"][0]["type"]) == ("one two", False, "divider")
    assert refusal(client.chat_appendStream, **place, markdown_text="x") == "message_not_in_streaming_state"
    assert refusal(client.chat_stopStream, **place) == "message_not_in_streaming_state"
    assert client.chat_update(**place, text="other")["ok"]


def test_a_stream_has_limits_of_size_and_life(workspace: LocalWorkspace, client: WebClient, clock: Clock) -> None:
    thread_ts = workspace.visit("U0CLEO").post("D0CLEO", "question")
    place = {"channel": "D0CLEO", "ts": client.chat_startStream(channel="D0CLEO", thread_ts=thread_ts)["ts"]}
    assert refusal(client.chat_appendStream, **place, markdown_text="x" * 12_001) == "msg_too_long"
    client.chat_appendStream(**place, markdown_text="x" * 11_000)
    assert refusal(client.chat_appendStream, **place, markdown_text="x" * 1_001) == "msg_too_long"
    clock.advance(301)
    assert refusal(client.chat_appendStream, **place, markdown_text="x") == "message_not_in_streaming_state"


def test_a_person_can_stop_a_stream(workspace: LocalWorkspace, client: WebClient) -> None:
    cleo = workspace.visit("U0CLEO")
    thread_ts = cleo.post("D0CLEO", "question")
    place = {"channel": "D0CLEO", "ts": client.chat_startStream(channel="D0CLEO", thread_ts=thread_ts)["ts"]}
    cleo.stop(**place)
    assert refusal(client.chat_appendStream, **place, markdown_text="x") == "stopped_by_user"
    assert not cleo.messages("D0CLEO", thread_ts)[-1]["streaming"]


def test_only_the_apps_own_messages_stream(workspace: LocalWorkspace, client: WebClient) -> None:
    theirs = workspace.visit("U0CLEO").post("D0CLEO", "mine")
    place = {"channel": "D0CLEO", "markdown_text": "x"}
    assert refusal(client.chat_appendStream, ts=theirs, **place) == "message_not_owned_by_app"
    own = client.chat_postMessage(channel="D0CLEO", text="whole")["ts"]
    assert refusal(client.chat_appendStream, ts=own, **place) == "message_not_in_streaming_state"


def test_a_status_is_gone_after_two_minutes(workspace: LocalWorkspace, client: WebClient, clock: Clock) -> None:
    ts = workspace.visit("U0CLEO").post("D0CLEO", "question")
    client.assistant_threads_setStatus(channel_id="D0CLEO", thread_ts=ts, status="is reading…")
    assert workspace.statuses() == {("D0CLEO", ts): "is reading…"}
    clock.advance(121)
    assert workspace.statuses() == {}
