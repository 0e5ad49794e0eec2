"""The page's API and its stream of events, as docs/WORKSPACE.md states them, over real HTTP and WebSocket."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk import WebClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from bot.workspace.errors import Refusal
from bot.workspace.manifest import SlashCommand, Subcommand
from bot.workspace.people import Directory
from bot.workspace.server import LocalWorkspace
from bot.workspace.visits import MAX_FORM_FILE
from tests.bot.workspace.conftest import MANIFEST
from tests.patience import PATIENCE_SECONDS


class Page:
    """Asks as the page asks."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **query: str) -> Any:
        return self.send(urllib.request.Request(f"{self.url}{path}?{urlencode(query)}"))

    def post(self, path: str, **body: Any) -> Any:
        return self.send(urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode()))

    def send(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)


@pytest.fixture
def page(workspace: LocalWorkspace) -> Page:
    return Page(workspace.url)


@pytest.fixture(scope="module")
def quiet_page() -> Iterator[Page]:
    """A page where nothing ever happens, shared by the tests of what is refused."""
    with LocalWorkspace(manifest=MANIFEST) as running:
        yield Page(running.url)


@pytest.fixture
def cleos_events(workspace: LocalWorkspace) -> Iterator[ClientConnection]:
    with connect(f"{workspace.url.replace('http', 'ws')}/ui/events?user=U0CLEO") as line:
        assert json.loads(line.recv(timeout=PATIENCE_SECONDS)) == {"type": "app", "connected": False}
        yield line


def receive(line: ClientConnection) -> Any:
    return json.loads(line.recv(timeout=PATIENCE_SECONDS))


def test_everybody_sees_their_own_conversations(page: Page) -> None:
    seen = {
        user: [channel["id"] for channel in page.get("/ui/bootstrap", user=user)["channels"]]
        for user in ("U0CLEO", "U0SAM", "U0ADA")
    }
    assert seen == {
        "U0CLEO": ["C0HELP", "D0CLEO"],
        "U0SAM": ["C0HELP", "C0STAFF", "D0SAM"],
        "U0ADA": ["C0HELP", "C0STAFF", "C0ADMIN", "D0ADA"],
    }


def test_bootstrap_tells_people_and_commands(page: Page) -> None:
    shape = page.get("/ui/bootstrap", user="U0CLEO")
    assert [user["role"] for user in shape["users"]] == ["customer", "agent", "admin", "bot"]
    (command,) = shape["commands"]
    assert command == {"command": "/chip", "description": "Steer Chip", "usage_hint": "help", "subcommands": []}
    assert shape["channels"][1] == {"id": "D0CLEO", "name": "Chip", "is_im": True, "topic": "", "with": "U0CHIP"}


def test_each_role_is_shown_the_subcommands_that_it_may_use() -> None:
    subs = (
        Subcommand("ask <question>", "answers", frozenset({"customer", "admin"})),
        Subcommand("retrain", "trains", frozenset({"admin"})),
    )
    with LocalWorkspace(slash_commands=[SlashCommand("/chip", "Steer", "", subcommands=subs)]) as workspace:
        seen = {
            user: Page(workspace.url).get("/ui/bootstrap", user=user)["commands"][0]["subcommands"]
            for user in ("U0CLEO", "U0ADA")
        }
    assert [sub["usage"] for sub in seen["U0CLEO"]] == ["ask <question>"]
    assert seen["U0ADA"][1] == {"usage": "retrain", "description": "trains"}


def test_the_apps_suggested_questions_are_offered(page: Page, client: WebClient) -> None:
    assert page.get("/ui/bootstrap", user="U0CLEO")["examples"] == []
    prompts = [{"title": "Weight", "message": "How much can it lift?"}]
    client.assistant_threads_setSuggestedPrompts(channel_id="D0CLEO", thread_ts="", prompts=prompts)
    assert page.get("/ui/bootstrap", user="U0CLEO")["examples"] == ["How much can it lift?"]
    assert page.get("/ui/bootstrap", user="U0SAM")["examples"] == []


def test_a_customer_cannot_reach_the_teams_channel(page: Page) -> None:
    posted = page.post("/ui/post", user="U0SAM", channel="C0STAFF", text="internal")
    for answer in (
        page.get("/ui/messages", user="U0CLEO", channel="C0STAFF"),
        page.post("/ui/post", user="U0CLEO", channel="C0STAFF", text="let me in"),
        page.post("/ui/react", user="U0CLEO", channel="C0STAFF", ts=posted["ts"], name="+1", on=True),
        page.post("/ui/command", user="U0CLEO", channel="C0STAFF", text="/chip status"),
    ):
        assert (answer["ok"], answer["error"]) == (False, "not_visible")
    assert page.get("/ui/messages", user="U0SAM", channel="C0STAFF")["messages"][0]["reactions"] == []


def test_a_thread_is_shown_with_its_root_and_its_counts(page: Page) -> None:
    root = page.post("/ui/post", user="U0CLEO", channel="C0HELP", text="question")["ts"]
    reply = page.post("/ui/post", user="U0SAM", channel="C0HELP", text="answer", thread_ts=root)["ts"]
    (top,) = page.get("/ui/messages", user="U0CLEO", channel="C0HELP")["messages"]
    thread = page.get("/ui/messages", user="U0CLEO", channel="C0HELP", thread_ts=root)["messages"]
    assert (top["reply_count"], top["latest_reply"]) == (1, reply)
    assert [message["text"] for message in thread] == ["question", "answer"]


def test_only_ones_own_messages_can_be_changed(page: Page) -> None:
    ts = page.post("/ui/post", user="U0CLEO", channel="C0HELP", text="mine")["ts"]
    place = {"channel": "C0HELP", "ts": ts}
    assert page.post("/ui/edit", user="U0SAM", **place, text="yours")["error"] == "not_yours"
    assert page.post("/ui/delete", user="U0SAM", **place)["error"] == "not_yours"
    assert page.post("/ui/edit", user="U0CLEO", **place, text="changed")["ok"]
    assert page.get("/ui/messages", user="U0SAM", channel="C0HELP")["messages"][0]["text"] == "changed"
    assert page.post("/ui/delete", user="U0CLEO", **place)["ok"]
    assert page.get("/ui/messages", user="U0SAM", channel="C0HELP")["messages"] == []


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/ui/post", {"user": "U0NOBODY", "channel": "C0HELP", "text": "x"}, "unknown_user"),
        ("/ui/post", {"user": "U0CHIP", "channel": "C0HELP", "text": "x"}, "unknown_user"),
        ("/ui/post", {"user": "U0CLEO", "channel": "C0HELP", "text": "  "}, "no_text"),
        ("/ui/post", {"user": "U0CLEO", "channel": "C0HELP", "text": "x" * 40_001}, "msg_too_long"),
        ("/ui/post", {"user": "U0CLEO", "channel": "C0HELP"}, "bad_request"),
        ("/ui/post", {"user": "U0CLEO", "channel": "C0HELP", "text": "x", "thread_ts": "1.0"}, "message_not_found"),
        ("/ui/command", {"user": "U0CLEO", "channel": "C0HELP", "text": "/fly"}, "unknown_command"),
        ("/ui/view/submit", {"user": "U0CLEO", "view_id": "V0NONE", "values": {}}, "view_not_found"),
        ("/ui/react", {"user": "U0CLEO", "channel": "C0HELP", "ts": "1.0", "name": "a b", "on": True}, "bad_request"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(quiet_page: Page, path: str, body: Any, error: str) -> None:
    answer = quiet_page.post(path, **body)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert answer["message"].endswith(".")


def test_what_happens_is_pushed_to_those_who_may_see_it(
    workspace: LocalWorkspace, client: WebClient, cleos_events: ClientConnection
) -> None:
    workspace.visit("U0SAM").post("C0STAFF", "internal")
    client.chat_postEphemeral(channel="C0HELP", user="U0SAM", text="for Sam")
    ts = workspace.visit("U0CLEO").post("C0HELP", "question")
    client.assistant_threads_setStatus(channel_id="C0HELP", thread_ts=ts, status="is reading…")
    place: dict[str, Any] = {
        "channel": "C0HELP",
        "thread_ts": ts,
        "recipient_user_id": "U0CLEO",
        "recipient_team_id": "T0LOCAL",
    }
    streamed = client.chat_startStream(**place, markdown_text="a")["ts"]
    client.chat_appendStream(channel="C0HELP", ts=streamed, markdown_text="b")
    client.chat_stopStream(channel="C0HELP", ts=streamed)
    client.chat_delete(channel="C0HELP", ts=streamed)
    pushed = [receive(cleos_events) for _ in range(9)]

    assert [push["type"] for push in pushed] == [
        "message",
        "status",
        "message",
        "status",
        "message_changed",
        "message_changed",
        "message_changed",
        "message_deleted",
        "message_changed",
    ]
    assert pushed[0]["message"]["text"] == "question"
    assert (pushed[1]["status"], pushed[3]["status"]) == ("is reading…", "")
    assert [push["message"]["ts"] for push in pushed if push["type"] == "message_changed"] == [
        ts,
        streamed,
        streamed,
        ts,
    ]
    assert pushed[5]["message"]["markdown"] == "ab"


def test_a_command_that_nobody_takes_is_toasted(page: Page, cleos_events: ClientConnection) -> None:
    assert page.post("/ui/command", user="U0CLEO", channel="C0HELP", text="/chip help")["ok"]
    assert receive(cleos_events)["type"] == "notice"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_an_image_or_a_link_on_another_page_posts_nothing(workspace: LocalWorkspace, site: str) -> None:
    """Such a request has no Origin, and the tokens are the same for everybody."""

    def get(url: str, mode: str) -> int:
        request = urllib.request.Request(url, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode})
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    post = f"{workspace.api_url}chat.postMessage?token={workspace.bot_token}&channel=C0HELP&text=forged"
    assert [get(post, "no-cors"), get(post, "navigate"), get(f"{workspace.url}/", "navigate")] == [403, 403, 200]
    assert workspace.messages("C0HELP") == []


@pytest.mark.parametrize("header", [{"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}])
def test_another_sites_page_can_neither_act_nor_listen(quiet_page: Page, header: dict[str, str]) -> None:
    body = json.dumps({"user": "U0ADA", "channel": "C0ADMIN", "text": "hello"}).encode()
    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        urllib.request.urlopen(urllib.request.Request(f"{quiet_page.url}/ui/post", body, header))
    caught.value.close()
    assert quiet_page.get("/ui/messages", user="U0ADA", channel="C0ADMIN")["messages"] == []
    line = f"{quiet_page.url.replace('http', 'ws')}/ui/events?user=U0ADA"
    if "Origin" in header:
        with pytest.raises(InvalidStatus), connect(line, additional_headers=header):
            pass


def test_the_pages_own_origin_is_welcome(quiet_page: Page) -> None:
    line = f"{quiet_page.url.replace('http', 'ws')}/ui/events?user=U0ADA"
    with connect(line, additional_headers={"Origin": quiet_page.url}) as events:
        assert receive(events)["type"] == "app"


def test_strangers_get_no_events(workspace: LocalWorkspace) -> None:
    url = f"{workspace.url.replace('http', 'ws')}/ui/events?user=U0NOBODY"
    with pytest.raises(InvalidStatus), connect(url):
        pass


def test_a_file_for_a_form_is_stored_unless_it_is_too_large(page: Page, workspace: LocalWorkspace) -> None:
    def upload(content: bytes) -> Any:
        address = f"{page.url}/ui/upload?{urlencode({'user': 'U0ADA', 'name': 'a b.csv'})}"
        return page.send(urllib.request.Request(address, content))

    stored = upload(b"a,b")
    assert workspace.inside(lambda inner: inner.files.get(stored["file"]).content) == b"a,b"
    assert upload(b"x" * (MAX_FORM_FILE + 1))["error"] == "file_too_large"


def test_the_page_itself_is_served(workspace: LocalWorkspace) -> None:
    with urllib.request.urlopen(workspace.url) as response:
        assert response.headers["content-type"].startswith("text/html")


def test_two_workspaces_do_not_share_a_port(workspace: LocalWorkspace) -> None:
    port = int(workspace.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        LocalWorkspace(port=port).start()


def test_an_unknown_visitor_is_refused(workspace: LocalWorkspace) -> None:
    with pytest.raises(Refusal, match="unknown_user"):
        workspace.visit("U0NOBODY")


def test_a_member_but_no_guest_may_look_into_a_public_channel() -> None:
    directory = Directory()
    directory.leave("U0SAM", "C0HELP")
    directory.leave("U0CLEO", "C0HELP")
    assert directory.may_see("U0SAM", "C0HELP")
    assert not directory.may_see("U0CLEO", "C0HELP")
