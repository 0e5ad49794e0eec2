"""Which events the app hears of what people and it do, and with which fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.workspace.manifest import AppManifest, load_manifest
from bot.workspace.people import BOT_USER_ID
from bot.workspace.server import LocalWorkspace
from tests.bot.workspace.conftest import BareSocket

NextEvent = Callable[[], dict[str, Any]]


@pytest.fixture
def next_event(open_socket: Callable[[], BareSocket]) -> Iterator[NextEvent]:
    socket = open_socket()

    def receive() -> dict[str, Any]:
        frame = socket.receive()
        socket.ack(frame)
        event: dict[str, Any] = frame["payload"]["event"]
        return event

    yield receive
    assert socket.hears_nothing(0.02)


def test_a_mention_in_a_channel_is_two_events_and_in_a_dm_one(workspace: LocalWorkspace, next_event: NextEvent) -> None:
    cleo = workspace.visit("U0CLEO")
    ts = cleo.post("C0HELP", "@chip & <you>?")
    message, mention = next_event(), next_event()
    assert (message["type"], message["channel_type"]) == ("message", "channel")
    assert mention["type"] == "app_mention"
    assert message["text"] == mention["text"] == "<@U0CHIP> &amp; &lt;you&gt;?"
    assert message["ts"] == mention["ts"] == ts
    assert "channel_type" not in mention

    cleo.post("D0CLEO", "@chip hello")
    direct = next_event()
    assert (direct["type"], direct["channel_type"]) == ("message", "im")


def test_a_reply_names_its_thread_and_its_roots_author(workspace: LocalWorkspace, next_event: NextEvent) -> None:
    root = workspace.visit("U0CLEO").post("C0HELP", "question")
    workspace.visit("U0SAM").post("C0HELP", "answer", root)
    first, second = next_event(), next_event()
    assert "thread_ts" not in first
    assert (second["thread_ts"], second["parent_user_id"]) == (root, "U0CLEO")


def test_the_bots_own_doings_come_back_to_it(
    workspace: LocalWorkspace, client: WebClient, next_event: NextEvent
) -> None:
    ts = client.chat_postMessage(channel="C0HELP", text="hi")["ts"]
    client.chat_update(channel="C0HELP", ts=ts, text="hello")
    client.reactions_add(channel="C0HELP", timestamp=ts, name="+1")
    client.chat_delete(channel="C0HELP", ts=ts)
    posted, changed, reacted, deleted = (next_event() for _ in range(4))

    assert (posted["user"], posted["bot_id"]) == (BOT_USER_ID, "B0CHIP")
    assert (changed["subtype"], changed["message"]["text"], changed["previous_message"]["text"]) == (
        "message_changed",
        "hello",
        "hi",
    )
    assert (reacted["type"], reacted["user"]) == ("reaction_added", BOT_USER_ID)
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert workspace.messages("C0HELP") == []


def test_an_edit_to_a_mention_calls_the_bot_again(workspace: LocalWorkspace, next_event: NextEvent) -> None:
    cleo = workspace.visit("U0CLEO")
    ts = cleo.post("C0HELP", "hello")
    cleo.edit("C0HELP", ts, "hello @Chip")
    _, changed, mention = next_event(), next_event(), next_event()
    assert changed["message"]["edited"]["user"] == "U0CLEO"
    assert (mention["type"], mention["ts"], mention["edited"]["user"]) == ("app_mention", ts, "U0CLEO")


def test_reactions_keep_skin_tones_and_aliases_apart(
    workspace: LocalWorkspace, client: WebClient, next_event: NextEvent
) -> None:
    ts = client.chat_postMessage(channel="C0HELP", text="hi")["ts"]
    next_event()
    cleo = workspace.visit("U0CLEO")
    for name in ("+1", "+1::skin-tone-3", "thumbsup"):
        cleo.react("C0HELP", ts, name)
        cleo.react("C0HELP", ts, name)
    cleo.react("C0HELP", ts, "+1", on=False)
    heard = [next_event() for _ in range(4)]

    assert [event["reaction"] for event in heard] == ["+1", "+1::skin-tone-3", "thumbsup", "+1"]
    assert [event["type"] for event in heard] == ["reaction_added"] * 3 + ["reaction_removed"]
    assert all(event["item"] == {"type": "message", "channel": "C0HELP", "ts": ts} for event in heard)
    assert heard[0]["item_user"] == BOT_USER_ID
    shown = cleo.messages("C0HELP")[0]["reactions"]
    assert {reaction["name"] for reaction in shown} == {"+1::skin-tone-3", "thumbsup"}


def test_a_stream_is_two_events_however_many_pieces(
    workspace: LocalWorkspace, client: WebClient, next_event: NextEvent
) -> None:
    thread_ts = workspace.visit("U0CLEO").post("D0CLEO", "question")
    next_event()
    place = {"channel": "D0CLEO", "ts": client.chat_startStream(channel="D0CLEO", thread_ts=thread_ts)["ts"]}
    for piece in ("a", "b", "c"):
        client.chat_appendStream(**place, markdown_text=piece)
    client.chat_stopStream(**place)
    started, ended = next_event(), next_event()
    assert started["thread_ts"] == thread_ts
    assert (ended["subtype"], ended["message"]["text"]) == ("message_changed", "abc")


def test_a_stopped_stream_is_told_to_the_app(
    workspace: LocalWorkspace, client: WebClient, next_event: NextEvent
) -> None:
    cleo = workspace.visit("U0CLEO")
    thread_ts = cleo.post("D0CLEO", "question")
    ts = client.chat_startStream(channel="D0CLEO", thread_ts=thread_ts)["ts"]
    cleo.stop("D0CLEO", ts)
    stopped = [next_event() for _ in range(3)][-1]
    assert (stopped["type"], stopped["streaming_message_ts"], stopped["user"]) == (
        "agent_session_stopped",
        [ts],
        "U0CLEO",
    )


def test_an_ephemeral_makes_no_event(client: WebClient, open_socket: Callable[[], BareSocket]) -> None:
    socket = open_socket()
    client.chat_postEphemeral(channel="C0HELP", user="U0CLEO", text="psst")
    assert socket.hears_nothing()
    client.chat_postMessage(channel="C0HELP", text="for all")
    assert socket.receive()["payload"]["event"]["text"] == "for all"


def test_opening_home_is_an_event_and_shows_what_was_published(
    workspace: LocalWorkspace, client: WebClient, next_event: NextEvent
) -> None:
    ada = workspace.visit("U0ADA")
    assert ada.open_home() is None
    assert (next_event()["type"], ada.home()) == ("app_home_opened", None)
    client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": [{"type": "divider"}]})
    home = ada.open_home()
    assert home is not None
    assert (home["type"], next_event()["view"]["id"]) == ("home", home["id"])


def test_only_subscribed_events_are_sent() -> None:
    manifest = AppManifest(bot_scopes=frozenset({"chat:write"}), bot_events=frozenset({"app_mention"}))
    with LocalWorkspace(manifest=manifest) as workspace:
        workspace.visit("U0CLEO").post("C0HELP", "hello")
        assert workspace.is_idle()
        workspace.visit("U0CLEO").post("C0HELP", "hello @Chip")
        assert not workspace.is_idle()


def test_the_apps_own_manifest_is_read() -> None:
    manifest = load_manifest()
    assert manifest.find_command("/chip") is not None
    assert "chat:write" in manifest.bot_scopes
    assert manifest.bot_events is not None
    assert "app_mention" in manifest.bot_events


def test_joining_leaving_and_a_new_role_are_told(
    workspace: LocalWorkspace, client: WebClient, next_event: NextEvent
) -> None:
    workspace.invite("U0CLEO", "C0STAFF")
    workspace.remove("U0CLEO", "C0STAFF")
    workspace.change_person("U0SAM", role="admin")
    joined, left, changed = next_event(), next_event(), next_event()
    assert (joined["type"], joined["user"], joined["channel"]) == ("member_joined_channel", "U0CLEO", "C0STAFF")
    assert (left["type"], left["user"]) == ("member_left_channel", "U0CLEO")
    assert (changed["type"], changed["user"]["is_admin"]) == ("user_change", True)
    assert client.users_info(user="U0SAM")["user"]["is_admin"]


def test_nothing_is_heard_of_a_channel_that_the_bot_left(workspace: LocalWorkspace, next_event: NextEvent) -> None:
    workspace.remove(BOT_USER_ID, "C0HELP")
    workspace.visit("U0CLEO").post("C0HELP", "anybody?")
    workspace.visit("U0CLEO").post("D0CLEO", "you?")
    assert next_event()["text"] == "you?"
