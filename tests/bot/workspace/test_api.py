"""The Web API through the real slack_sdk client: tokens, scopes, messages, threads, people, files."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.workspace.people import BOT_USER_ID, CHANNELS, Channel, Directory
from bot.workspace.server import LocalWorkspace
from tests.bot.workspace.conftest import MANIFEST, SCOPES


@pytest.fixture(scope="module")
def workspace() -> Iterator[LocalWorkspace]:
    extra = [
        Channel("C0OPEN", "open", frozenset({"U0SAM"})),
        Channel("C0SECRET", "secret", frozenset({"U0ADA"}), is_private=True),
        Channel("C0OLD", "old", frozenset({"U0SAM", BOT_USER_ID}), is_archived=True),
    ]
    with LocalWorkspace(manifest=MANIFEST, directory=Directory(channels=[*CHANNELS, *extra])) as running:
        yield running


def refusal(call: Any, **arguments: Any) -> str:
    """The code with which a call is refused."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def test_auth_test_names_the_bot_and_its_scopes(client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0CHIP", "B0CHIP", "T0LOCAL")
    assert set(answer.headers["x-oauth-scopes"].split(",")) == SCOPES


def test_tokens_and_scopes_are_checked(workspace: LocalWorkspace, client: WebClient) -> None:
    assert refusal(WebClient(base_url=workspace.api_url).auth_test) == "not_authed"
    assert refusal(WebClient(base_url=workspace.api_url, token="xoxb-stale").auth_test) == "invalid_auth"
    assert refusal(WebClient(base_url=workspace.api_url).apps_connections_open, app_token="xoxb-local") == (
        "not_allowed_token_type"
    )
    with pytest.raises(SlackApiError) as caught:
        client.users_lookupByEmail(email="sam@local.example")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "users:read.email"
    assert WebClient(base_url=workspace.api_url).api_test()["ok"]


def test_an_unknown_method_and_bad_bodies_are_refused(workspace: LocalWorkspace, client: WebClient) -> None:
    assert refusal(client.api_call, api_method="chat.shout") == "unknown_method"
    assert refusal(client.chat_postMessage, channel="C0HELP", text="hi", metadata="{") == "invalid_metadata_format"
    for body, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        request = urllib.request.Request(f"{workspace.api_url}auth.test", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["error"] == error


def test_a_message_is_posted_updated_and_deleted(workspace: LocalWorkspace, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="C0HELP", text="first")
    client.chat_update(channel="C0HELP", ts=posted["ts"], text="second")
    shown = workspace.visit("U0CLEO").messages("C0HELP")[-1]
    assert (shown["text"], shown["bot_id"], shown["edited"]["user"]) == ("second", "B0CHIP", "U0CHIP")
    client.chat_delete(channel="C0HELP", ts=posted["ts"])
    assert refusal(client.chat_update, channel="C0HELP", ts=posted["ts"], text="third") == "message_not_found"


def test_messages_outside_the_rules_are_refused(workspace: LocalWorkspace, client: WebClient) -> None:
    theirs = workspace.visit("U0CLEO").post("C0HELP", "mine")
    own = client.chat_postMessage(channel="C0HELP", text="own")["ts"]
    post = client.chat_postMessage
    assert refusal(post, channel="C0NONE", text="hi") == "channel_not_found"
    assert refusal(post, channel="C0SECRET", text="hi") == "channel_not_found"
    assert refusal(post, channel="C0OPEN", text="hi") == "not_in_channel"
    assert refusal(post, channel="C0OLD", text="hi") == "is_archived"
    assert refusal(client.api_call, api_method="chat.postMessage", json={"channel": "C0HELP"}) == "no_text"
    assert refusal(post, channel="C0HELP", text="hi", thread_ts="1.000001") == "thread_not_found"
    assert refusal(post, channel="C0HELP", text="a", markdown_text="b") == "markdown_text_conflict"
    assert refusal(post, channel="C0HELP", markdown_text="b" * 12_001) == "msg_too_long"
    assert refusal(post, channel="C0HELP", text="hi", blocks="{") == "invalid_blocks_format"
    assert refusal(client.chat_update, channel="C0HELP", ts=theirs, text="x") == "cant_update_message"
    assert refusal(client.chat_update, channel="C0HELP", ts=own, text="x" * 4_001) == "msg_too_long"
    assert refusal(client.chat_delete, channel="C0HELP", ts=theirs) == "cant_delete_message"
    ephemeral = {"channel": "C0STAFF", "user": "U0CLEO", "text": "psst"}
    assert refusal(client.chat_postEphemeral, **ephemeral) == "user_not_in_channel"


def test_a_text_over_40000_characters_is_cut_with_a_warning(client: WebClient) -> None:
    answer = client.chat_postMessage(channel="C0HELP", text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000
    assert answer["warning"] == "message_truncated"


def test_a_reply_to_a_reply_joins_the_same_thread(client: WebClient) -> None:
    root = client.chat_postMessage(channel="C0HELP", text="root")["ts"]
    reply = client.chat_postMessage(channel="C0HELP", text="reply", thread_ts=root)["ts"]
    client.chat_postMessage(
        channel="C0HELP", text="again", thread_ts=reply, metadata={"event_type": "e", "event_payload": {}}
    )
    thread = client.conversations_replies(channel="C0HELP", ts=reply, include_all_metadata=True)["messages"]

    assert [message["text"] for message in thread] == ["root", "reply", "again"]
    assert (thread[0]["reply_count"], thread[0]["latest_reply"]) == (2, thread[2]["ts"])
    assert thread[2]["metadata"]["event_type"] == "e"
    assert "reply" not in [m["text"] for m in client.conversations_history(channel="C0HELP", oldest=root)["messages"]]


def test_history_is_newest_first_in_pages_between_two_moments(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel="D0ADA", text=str(number))["ts"] for number in range(5)]
    first = client.conversations_history(channel="D0ADA", limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = client.conversations_history(channel="D0ADA", limit=2, cursor=cursor)
    between = client.conversations_history(channel="D0ADA", oldest=stamps[1], latest=stamps[3], inclusive=True)

    assert [message["text"] for message in first["messages"]] == ["4", "3"]
    assert [message["text"] for message in second["messages"]] == ["2", "1"]
    assert [message["text"] for message in between["messages"]] == ["3", "2", "1"]
    assert refusal(client.conversations_history, channel="D0ADA", cursor="x") == "invalid_cursor"


def test_the_bot_reacts_once_and_takes_it_back(client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0HELP", text="react")["ts"]
    reaction = {"channel": "C0HELP", "timestamp": ts, "name": "eyes"}
    client.reactions_add(**reaction)
    assert refusal(client.reactions_add, **reaction) == "already_reacted"
    assert client.reactions_get(channel="C0HELP", timestamp=ts)["message"]["reactions"] == [
        {"name": "eyes", "users": ["U0CHIP"], "count": 1}
    ]
    client.reactions_remove(**reaction)
    assert refusal(client.reactions_remove, **reaction) == "no_reaction"
    assert refusal(client.reactions_add, **reaction | {"name": ":eyes:"}) == "invalid_name"


def test_people_tell_guests_agents_and_admins_apart(client: WebClient) -> None:
    cleo, sam, ada = (client.users_info(user=user)["user"] for user in ("U0CLEO", "U0SAM", "U0ADA"))
    assert [user["is_restricted"] for user in (cleo, sam, ada)] == [True, False, False]
    assert [user["is_admin"] for user in (cleo, sam, ada)] == [False, False, True]
    assert "email" not in sam["profile"]
    assert refusal(client.users_info, user="U0NOBODY") == "user_not_found"
    assert client.usergroups_users_list(usergroup="S0ADMINS")["users"] == ["U0ADA"]


def test_conversations_are_found_opened_and_joined(client: WebClient) -> None:
    assert client.conversations_open(users="U0CLEO")["channel"]["id"] == "D0CLEO"
    assert refusal(client.conversations_open, users="U0NOBODY") == "user_not_found"
    assert client.conversations_info(channel="C0STAFF")["channel"]["is_private"]
    assert client.conversations_members(channel="C0ADMIN")["members"] == ["U0ADA", "U0CHIP"]
    names = [c["name"] for c in client.conversations_list(types="public_channel,private_channel")["channels"]]
    assert "support-team" in names
    assert "secret" not in names
    client.conversations_join(channel="C0OPEN")
    assert client.chat_postMessage(channel="C0OPEN", text="joined")["ok"]
    assert client.chat_postMessage(channel="U0SAM", text="by person")["channel"] == "D0SAM"


def test_a_permalink_leads_to_the_page(workspace: LocalWorkspace, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0HELP", text="here")["ts"]
    link = client.chat_getPermalink(channel="C0HELP", message_ts=ts)["permalink"]
    assert link == f"{workspace.url}/archives/C0HELP/p{ts.replace('.', '')}"
    opener = urllib.request.build_opener(_Stay())
    with opener.open(link) as response:
        assert response.headers["location"] == f"/#channel=C0HELP&thread={ts}"


def test_a_file_is_uploaded_and_shared(workspace: LocalWorkspace, client: WebClient) -> None:
    client.files_upload_v2(
        channel="C0HELP", filename="plot.png", content=b"\x89PNG", title="Plot", initial_comment="see"
    )
    shown = workspace.visit("U0SAM").wait_for_message("C0HELP", lambda message: "files" in message)
    assert (shown["text"], shown["subtype"], shown["files"][0]["title"]) == ("see", "file_share", "Plot")
    assert shown["files"][0]["mimetype"] == "image/png"
    with urllib.request.urlopen(shown["files"][0]["url"]) as response:
        assert response.read() == b"\x89PNG"
    assert refusal(client.files_completeUploadExternal, files=[{"id": "F0NONE", "title": "x"}]) == "file_not_found"


def test_a_rate_limit_is_waited_for_and_a_failure_is_told(workspace: LocalWorkspace) -> None:
    patient = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
    patient.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    workspace.faults.rate_limit("auth.test", retry_after_seconds=0)
    assert patient.auth_test()["ok"]
    workspace.faults.fail("auth.test", "fatal_error")
    assert refusal(patient.auth_test) == "fatal_error"
    assert [call.error for call in workspace.calls("auth.test")][-3:] == ["ratelimited", "", "fatal_error"]


def test_a_lost_answer_leaves_the_message_posted(workspace: LocalWorkspace, client: WebClient) -> None:
    workspace.faults.lose_answer("chat.postMessage")
    assert refusal(client.chat_postMessage, channel="D0SAM", text="did it arrive?") == "service_unavailable"
    assert [message.text for message in workspace.messages("D0SAM")][-1] == "did it arrive?"


def test_a_status_shows_until_the_bot_answers(workspace: LocalWorkspace, client: WebClient) -> None:
    ts = workspace.visit("U0CLEO").post("D0CLEO", "hello")
    client.assistant_threads_setStatus(channel_id="D0CLEO", thread_ts=ts, status="is reading…")
    assert workspace.statuses() == {("D0CLEO", ts): "is reading…"}
    client.chat_postMessage(channel="D0CLEO", thread_ts=ts, text="hi")
    assert workspace.statuses() == {}
    stray = {"channel_id": "D0CLEO", "thread_ts": "1.000001", "status": "x"}
    assert refusal(client.assistant_threads_setStatus, **stray) == "invalid_thread_ts"
    prompts = [{"title": str(number), "message": "m"} for number in range(5)]
    assert refusal(
        client.assistant_threads_setSuggestedPrompts, channel_id="D0CLEO", thread_ts=ts, prompts=prompts
    ) == ("invalid_arguments")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Gives the redirect itself instead of following it."""

    def http_error_307(self, _request: Any, answer: Any, *_: Any) -> Any:
        return answer
