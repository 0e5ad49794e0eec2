"""What the HTTP door takes from Slack, and what it refuses: forged, replayed, stale and unreadable requests."""

import json
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier
from waitress.trigger import trigger

from bot.transport.delivery import open_delivery
from bot.transport.http_mode import HttpDoor, open_http
from feedback.arrivals import Arrivals
from tests.patience import PATIENCE_SECONDS, wait_until

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
EVENT: dict[str, Any] = {
    "type": "event_callback",
    "event_id": "Ev1",
    "team_id": "T1",
    "api_app_id": "A1",
    "authorizations": [{"team_id": "T1", "user_id": "U1", "is_bot": True}],
    "event": {"type": "message", "user": "U2", "channel": "D1", "channel_type": "im", "text": "hi", "ts": "1.1"},
}


class Slack:
    """Posts to a door as Slack does."""

    def __init__(self, url: str, heard: list[dict[str, Any]]) -> None:
        self.url = url
        self.heard = heard

    def post(
        self,
        body: str,
        *,
        secret: str = SECRET,
        age_seconds: int = 0,
        content_type: str = "application/json",
        path: str = "/slack/events",
        **headers: str,
    ) -> tuple[int, str, dict[str, str]]:
        timestamp = str(int(time.time()) - age_seconds)
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body) or ""
        signed = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature, "Content-Type": content_type}
        given = {**signed, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return exchange(urllib.request.Request(f"{self.url}{path}", body.encode(), given))

    def get(self, path: str) -> tuple[int, str, dict[str, str]]:
        return exchange(urllib.request.Request(f"{self.url}{path}"))


def exchange(request: urllib.request.Request) -> tuple[int, str, dict[str, str]]:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return response.status, response.read().decode(), read_names(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), read_names(error.headers)


def read_names(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture(scope="module")
def slack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slack]:
    heard: list[dict[str, Any]] = []
    may_answer = threading.Event()
    may_answer.set()
    app = App(
        signing_secret=SECRET,
        token_verification_enabled=False,
        authorize=lambda: AuthorizeResult(
            enterprise_id=None, team_id="T1", bot_user_id="U1", bot_id="B1", bot_token="xoxb-1"
        ),
    )

    @app.event("message")
    def handle_message(body: dict[str, Any]) -> None:
        heard.append(body)

    @app.command("/chip")
    def handle_command(ack: Ack, body: dict[str, Any]) -> None:
        heard.append(body)
        assert may_answer.wait(PATIENCE_SECONDS)
        ack(text="taken")

    @app.action("vote")
    def handle_vote(ack: Ack, body: dict[str, Any]) -> None:
        heard.append(body)
        ack()

    well = {"is_ready": True}

    def readiness() -> tuple[bool, dict[str, Any]]:
        return well["is_ready"], {"ok": well["is_ready"], "queue": 3}

    def find_app(team: str | None) -> App | None:
        return app if team in ("T1", None) else None

    with ExitStack() as stack:
        delivery = stack.enter_context(open_delivery(find_app, tmp_path_factory.mktemp("data"), SECRET))
        door = HttpDoor(delivery, lambda: (True, {"ok": True}), readiness, {})
        url = stack.enter_context(open_http(door, "127.0.0.1", 0))
        slack = Slack(url, heard)
        slack.may_answer = may_answer  # type: ignore[attr-defined]  # a test keeps the command waiting
        slack.well = well  # type: ignore[attr-defined]  # the test of readiness turns it
        yield slack
    app.listener_runner.listener_executor.shutdown()


@pytest.fixture(autouse=True)
def forget(slack: Slack) -> None:
    slack.heard.clear()


def wait_for(slack: Slack, count: int) -> None:
    wait_until(lambda: len(slack.heard) >= count)


def test_a_signed_event_is_acknowledged_and_heard(slack: Slack) -> None:
    assert slack.post(json.dumps(EVENT))[:2] == (200, "")
    wait_for(slack, 1)
    assert slack.heard[0]["event_id"] == "Ev1"


def test_the_signature_of_slacks_own_documentation_is_the_one_expected() -> None:
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        "foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        "hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id="
        "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = SignatureVerifier(SECRET).generate_signature(timestamp="1531420618", body=body)
    assert signature == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_the_challenge_is_given_back(slack: Slack) -> None:
    status, body, _ = slack.post(json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"}))
    assert (status, "abc" in body) == (200, True)


def test_a_command_and_a_press_come_as_forms(slack: Slack) -> None:
    command = {"command": "/chip", "text": "help", "team_id": "T1", "user_id": "U2", "trigger_id": "1.1"}
    form = "application/x-www-form-urlencoded"
    status, body, _ = slack.post(urlencode(command), content_type=form)
    assert (status, body) == (200, "taken")
    press = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U2"}, "actions": [{"action_id": "vote"}]}
    assert slack.post(urlencode({"payload": json.dumps(press)}), content_type=form)[0] == 200
    wait_for(slack, 2)


@pytest.mark.parametrize("harm", [{"secret": "forged"}, {"age_seconds": 301}, {"age_seconds": -301}])
def test_a_forged_or_stale_request_is_refused_and_not_heard(slack: Slack, harm: dict[str, Any]) -> None:
    assert slack.post(json.dumps(EVENT), **harm)[0] == 401
    assert slack.heard == []


@pytest.mark.parametrize("timestamp", ["", "yesterday", "-1", "1e9"])
def test_a_time_that_is_no_number_is_refused(slack: Slack, timestamp: str) -> None:
    assert slack.post(json.dumps(EVENT), X_Slack_Request_Timestamp=timestamp)[0] == 401


@pytest.mark.parametrize("timestamp", ["1" * 4_000, "1" * 5_000, "\u00b2"])
def test_a_time_that_no_clock_shows_is_refused(slack: Slack, timestamp: str) -> None:
    assert slack.post(json.dumps(EVENT), X_Slack_Request_Timestamp=timestamp)[0] == 401


def test_a_signature_of_other_letters_is_refused(slack: Slack) -> None:
    assert slack.post(json.dumps(EVENT), X_Slack_Signature="v0=\u00e9")[0] == 401


def test_json_that_is_nested_without_end_is_refused(slack: Slack) -> None:
    assert slack.post("[" * 50_000)[0] == 400


def test_who_did_not_sign_writes_nothing_into_the_log(slack: Slack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    team = "T1\n2026-11-28 18:45:00,000 ERROR bot.fake: forged"
    forged = {**EVENT, "team_id": team, "authorizations": [{**EVENT["authorizations"][0], "team_id": team}]}
    assert slack.post(json.dumps(forged), secret="another")[0] == 401
    assert slack.post(json.dumps({**EVENT, "event_id": "forged"}), secret="another")[0] == 401
    assert "forged" not in caplog.text
    assert slack.post(json.dumps(forged))[0] == 404  # signed, but of no team
    assert "\n2026" not in caplog.text


def test_an_unsigned_event_that_says_it_is_a_check_is_not_kept(slack: Slack) -> None:
    for value in ("1", 1, "0"):
        slack.post(json.dumps({**EVENT, "ssl_check": value}), secret="another")
    assert slack.post(json.dumps(EVENT))[0] == 200
    wait_for(slack, 1)
    assert "ssl_check" not in slack.heard[0]


def test_a_changed_body_is_refused(slack: Slack) -> None:
    body = json.dumps(EVENT)
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body) or ""
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    request = urllib.request.Request(f"{slack.url}/slack/events", body.replace("hi", "ho").encode(), headers)
    assert exchange(request)[0] == 401
    assert slack.heard == []


@pytest.mark.parametrize("body", ["{", "[1]", '"text"', "{}x", "payload=%7B", "payload=1"])
def test_what_cannot_be_read_is_refused(slack: Slack, body: str) -> None:
    form = "application/x-www-form-urlencoded" if body.startswith("payload") else "application/json"
    assert slack.post(body, content_type=form)[0] in (400, 404)
    assert slack.heard == []


def test_bytes_that_are_no_text_are_refused(slack: Slack) -> None:
    request = urllib.request.Request(f"{slack.url}/slack/events", b"\xff\xfe{", {"X-Slack-Request-Timestamp": "1"})
    assert exchange(request)[0] == 400


def test_a_request_of_another_team_is_refused_without_a_retry(slack: Slack) -> None:
    other = {**EVENT, "team_id": "T2", "authorizations": [{"team_id": "T2", "user_id": "U1", "is_bot": True}]}
    status, _, headers = slack.post(json.dumps(other))
    assert (status, headers["x-slack-no-retry"]) == (404, "1")


def test_other_paths_and_methods_are_refused(slack: Slack) -> None:
    assert slack.get("/")[0] == 404
    assert slack.get("/slack/events")[0] == 405
    assert slack.post("{}", path="/elsewhere")[0] == 404


def test_health_and_readiness_are_told_apart(slack: Slack) -> None:
    well = slack.well  # type: ignore[attr-defined]  # set by the fixture
    assert (slack.get("/healthz")[0], slack.get("/readyz")[0]) == (200, 200)
    well["is_ready"] = False
    try:
        assert (slack.get("/healthz")[0], slack.get("/readyz")[0]) == (200, 503)
    finally:
        well["is_ready"] = True


def test_facts_are_told_on_this_machine_only(slack: Slack) -> None:
    assert json.loads(slack.get("/readyz")[1]) == {"ok": True, "queue": 3}
    request = urllib.request.Request(f"{slack.url}/readyz", headers={"X-Forwarded-For": "203.0.113.9"})
    assert json.loads(exchange(request)[1]) == {"ok": True}


def test_a_thousand_idle_connections_do_not_end_the_door(tmp_path: Path) -> None:
    """The child has descriptors above 1,023, which select() cannot take."""
    program = tmp_path / "flood.py"
    program.write_text(
        "import socket, urllib.request\n"
        "from bot.transport.http_mode import HttpDoor, open_http\n"
        "files = [open('/dev/null') for _ in range(1_000)]\n"
        "with open_http(HttpDoor(None, lambda: (True, {}), lambda: (True, {}), {}), '127.0.0.1', 0) as url:\n"
        "    address = ('127.0.0.1', int(url.rpartition(':')[2]))\n"
        "    lines = [socket.create_connection(address) for _ in range(1_060)]\n"
        "    for line in lines:\n"
        "        line.close()\n"
        "    print(urllib.request.urlopen(f'{url}/healthz', timeout=60).status)\n"
    )
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit != resource.RLIM_INFINITY and limit < 4_096:
        pytest.skip("this system lets a process have too few files")
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": ":".join(sys.path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4_096, limit)),
        check=False,
    )
    assert done.stdout.strip() == "200", done.stderr[-2_000:]


def test_a_page_that_needs_a_slack_which_does_not_answer_says_so() -> None:
    def show(_request: BoltRequest) -> BoltResponse:
        raise urllib.error.URLError("no route")

    with open_http(HttpDoor(None, lambda: (True, {}), lambda: (True, {}), {"/install": show}), "127.0.0.1", 0) as url:
        status, body, _ = exchange(urllib.request.Request(f"{url}/install"))
    assert (status, body) == (502, "Slack does not answer now. Try again in a minute.")


def test_a_door_that_dies_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_self: object) -> None:
        raise ValueError("filedescriptor out of range in select()")

    died = threading.Event()
    monkeypatch.setattr("waitress.server.TcpWSGIServer.run", die)
    with open_http(HttpDoor(None, lambda: (True, {}), lambda: (True, {}), {}), "127.0.0.1", 0, died.set):
        assert died.wait(PATIENCE_SECONDS)


def test_a_request_larger_than_any_of_slacks_is_refused(slack: Slack) -> None:
    with socket.create_connection(("127.0.0.1", int(slack.url.rpartition(":")[2])), timeout=PATIENCE_SECONDS) as line:
        line.sendall(b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
        assert b" 413 " in line.recv(100)


def test_the_door_leaves_no_thread_and_no_port_behind() -> None:
    before = set(threading.enumerate())
    door = HttpDoor(None, lambda: (True, {}), lambda: (True, {}), {})
    with open_http(door, "127.0.0.1", 0) as url:
        port = int(url.rpartition(":")[2])
        line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)  # kept open, as Slack keeps it
    line.close()
    assert set(threading.enumerate()) == before
    with open_http(door, "127.0.0.1", port):
        pass


def test_a_burst_is_acknowledged_and_heard_once_each(slack: Slack) -> None:
    bodies = [json.dumps({**EVENT, "event_id": f"Ev{number}"}) for number in range(200)]
    with ThreadPoolExecutor(20) as pool:
        assert [told[0] for told in pool.map(slack.post, bodies)] == [200] * 200
    wait_for(slack, 200)
    assert sorted(body["event_id"] for body in slack.heard) == sorted(f"Ev{number}" for number in range(200))


def test_a_command_that_takes_long_holds_up_no_event(slack: Slack) -> None:
    slack.may_answer.clear()  # type: ignore[attr-defined]  # the fixture's command waits for it
    command = urlencode({"command": "/chip", "text": "wait", "team_id": "T1", "user_id": "U2", "trigger_id": "1.1"})
    with ThreadPoolExecutor(1) as pool:
        try:
            waiting = pool.submit(slack.post, command, content_type="application/x-www-form-urlencoded")
            wait_for(slack, 1)
            assert slack.post(json.dumps(EVENT))[0] == 200
            wait_for(slack, 2)
            assert not waiting.done()
        finally:
            slack.may_answer.set()  # type: ignore[attr-defined]
        assert waiting.result(PATIENCE_SECONDS)[0] == 200


def test_events_that_cannot_be_kept_are_refused_and_the_next_are_taken(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Arrivals, _bodies: Sequence[str]) -> list[int]:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Arrivals, "keep_all", refuse)
        assert slack.post(json.dumps(EVENT))[0] == 500
    assert slack.post(json.dumps(EVENT))[0] == 200


def test_a_door_that_is_woken_while_it_closes_still_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    waitress_trigger: Any = trigger  # its types leave out how it is pulled
    pull = waitress_trigger._physical_pull

    def be_woken_first(self: Any) -> None:
        pull(self)  # as by a thread that has just answered
        time.sleep(0.2)
        pull(self)

    def is_well() -> tuple[bool, dict[str, Any]]:
        return True, {}

    with open_http(HttpDoor(None, is_well, is_well, {}), "127.0.0.1", 0) as url:
        monkeypatch.setattr(waitress_trigger, "_physical_pull", be_woken_first)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE_SECONDS)
