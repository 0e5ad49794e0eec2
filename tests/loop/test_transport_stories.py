"""How Slack reaches Chip, and what happens where the way is bad: silence, replays, bad envelopes, a revoked token."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import update

from bot.listeners import inbox as delivery_inbox
from bot.slack.client import build_client
from bot.transport.health import TokenWatch
from bot.views import blocks
from bot.workspace.board import Message as Post
from bot.workspace.socket_mode import Delivery
from bot.workspace.workspace import Workspace
from config.loading import load_settings
from config.settings import Settings
from feedback import inbox
from feedback.tables import feedback_events
from feedback.tables import inbox as inbox_rows
from tests.fakes import Slowly
from tests.loop.conftest import ADA, ADMIN, CLEO, COMPANY, HELP, ONLY_HTTP, ONLY_SOCKET, SECRET, TEAM, Chip, show
from tests.patience import PATIENCE_SECONDS

RUNTIME = "How long does the Tansy 4 run on one charge?"
ANSWER = "The Tansy 4 runs for 55 minutes on one charge. [1]"
HASTY = Delivery(ack_seconds=0.5, redelivery_seconds=(0.0, 0.05, 0.1))


def test_certificates_are_loaded_once_and_not_for_each_line_and_call(
    stopped_chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = build_client("xoxb-1", stopped_chip.workspace.api_url).ssl
    assert loaded is not None
    monkeypatch.setattr("ssl.create_default_context", None)  # loading them again fails

    stopped_chip.start()

    assert "55 minutes" in json.dumps(stopped_chip.ask(CLEO, RUNTIME))
    assert stopped_chip.services is not None
    assert stopped_chip.services.client.ssl is loaded


@ONLY_SOCKET
class TestSeveralConnections:
    """Socket Mode with a watch that is in a hurry."""

    @pytest.fixture
    def chip_settings(self, chip_settings: Settings) -> Settings:
        slack = chip_settings.slack.model_copy(update={"connections": 3, "silent_minutes": 0.4 / 60})
        http = chip_settings.http.model_copy(update={"serve": True})
        return chip_settings.model_copy(update={"slack": slack, "http": http})

    @pytest.fixture
    def delivery(self) -> Delivery:
        return HASTY

    def test_connections_that_deliver_nothing_are_opened_anew(self, chip: Chip) -> None:
        chip.workspace.wait_for(lambda: chip.workspace.inside(lambda w: w.sockets.count) == 3)
        chip.workspace.mute_connections()
        cleo = chip.workspace.visit(CLEO)
        ts = cleo.post("D0CLEO", RUNTIME)

        assert cleo.wait_for_reply("D0CLEO", ts, 15.0)["markdown"] == ANSWER

    def test_readiness_tells_of_each_connection(self, chip: Chip) -> None:
        assert chip.gateway is not None
        status, facts = get(f"{chip.gateway.http_url}/readyz")
        assert (status, facts["connected"], facts["token"]) == (200, True, "ok")
        assert [line["number"] for line in facts["connections"]] == [1, 2, 3]

    def test_a_request_over_http_is_nobodys_in_socket_mode(self, chip: Chip) -> None:
        assert chip.gateway is not None
        assert post(chip, message("Ev1"), secret=SECRET) == 404


@ONLY_HTTP
def test_a_replayed_request_changes_nothing(chip: Chip) -> None:
    asked = message("Ev7", ts=chip.workspace.visit(CLEO).post(HELP, "A message that exists"), channel=HELP)
    asked["event"]["text"] = f"<@U0CHIP> {RUNTIME}"
    assert [post(chip, asked), post(chip, asked), post(chip, asked)] == [200, 200, 200]
    chip.settle()

    assert len(chip.engine.requests) == 1


@ONLY_HTTP
def test_a_forged_request_is_not_even_stored(chip: Chip) -> None:
    assert post(chip, message("Ev8"), secret="forged") == 401
    assert inbox.find_event(chip.core.db, "Ev8") is None


@pytest.mark.parametrize(
    "harm",
    [
        {"event_id": None},
        {"event": None},
        {"event": {"text": "hi"}},
        {"event": ["message"]},
        {"event_id": ["Ev1"]},
        {"authorizations": [None]},
        {"authorizations": None, "team_id": ["T1"]},
    ],
)
def test_a_malformed_envelope_is_acknowledged_and_left_aside(chip: Chip, harm: dict[str, Any]) -> None:
    body = {**message("Ev9"), **harm}
    chip.workspace.inside(lambda workspace: workspace.line.push_event(body))
    chip.settle()

    assert chip.workspace.inside(lambda workspace: workspace.line.redelivered) == 0
    assert chip.ask(CLEO, RUNTIME)["markdown"] == ANSWER


def test_an_event_after_which_slack_fails_is_answered(chip: Chip) -> None:
    chip.workspace.faults.fail("auth.test", "internal_error", times=20)
    assert chip.ask(CLEO, RUNTIME)["markdown"] == ANSWER


@ONLY_HTTP
def test_a_notice_of_held_back_events_is_acknowledged(chip: Chip, caplog: pytest.LogCaptureFixture) -> None:
    assert post(chip, {"token": "t", "type": "app_rate_limited", "team_id": TEAM, "minute_rate_limited": 1}) == 200
    assert "holds back" in caplog.text


def test_a_press_that_is_delivered_twice_counts_once(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at("D0CLEO", message)
    chip.settle()
    pressed = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": CLEO},
        "trigger_id": "13345.1",
        "container": {"type": "message", "message_ts": message["ts"], "channel_id": "D0CLEO", "thread_ts": "1.1"},
        "channel": {"id": "D0CLEO"},
        "actions": [{"type": "button", "action_id": "ask_person", "value": reply.id}],
    }
    for _ in range(2):
        chip.workspace.run(chip.workspace.inside(lambda w: w.line).ask("interactive", pressed, accepts_response=False))
    chip.settle()

    assert len([said for said in chip.said("C0STAFF") if "asks for a person" in said]) == 1


def test_a_command_that_a_kill_cut_off_is_run_at_the_next_start(chip: Chip) -> None:
    chip.stop()
    payload = command(chip, "status")
    inbox.record_event(
        chip.core.db,
        payload["trigger_id"],
        delivery_inbox.COMMAND,
        team=TEAM,
        channel=ADMIN,
        ts=None,
        payload=payload,
    )
    chip.start()
    chip.settle()

    assert any("quoting-base" in said for said in chip.said(ADMIN))


def test_a_command_from_long_ago_is_not_run(chip: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    chip.stop()
    payload = command(chip, "status")
    inbox.record_event(chip.core.db, "old", delivery_inbox.COMMAND, team=TEAM, channel=ADMIN, ts=None, payload=payload)
    monkeypatch.setattr(delivery_inbox, "RESUMABLE", delivery_inbox.RESUMABLE * 0)
    chip.start()
    chip.settle()

    assert chip.said(ADMIN) == []


def test_a_revoked_token_while_running_is_seen_and_makes_chip_unready(chip: Chip) -> None:
    watch = TokenWatch(build_client(chip.workspace.bot_token, chip.workspace.api_url))
    watch.check()
    assert watch.problem is None
    chip.workspace.faults.fail("auth.test", "token_revoked")
    watch.check()
    assert watch.problem == "token_revoked"
    watch.check()
    assert watch.problem is None


def test_a_question_that_slack_did_not_let_chip_answer_is_answered_at_the_next_start(chip: Chip) -> None:
    for method in ("chat.startStream", "chat.postMessage"):
        chip.workspace.faults.fail(method, "token_revoked", times=3)
    cleo = chip.workspace.visit(CLEO)
    ts = cleo.post("D0CLEO", RUNTIME)
    chip.workspace.wait_for(lambda: len(chip.workspace.calls("chat.postMessage")) == 3)
    chip.stop()
    chip.workspace.faults.clear()
    chip.start()

    reply = cleo.wait_for_reply("D0CLEO", ts)
    chip.settle()
    assert "feedback_buttons" in json.dumps(reply)
    assert len(chip.said("D0CLEO")) == 1


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, []),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, ["SLACK_APP_TOKEN"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "CHIP_SLACK__TRANSPORT": "http"}, []),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "CHIP_SLACK__TRANSPORT": "http"}, ["SLACK_SIGNING_SECRET"]),
    ],
)
def test_each_transport_names_the_secret_that_it_lacks(given: dict[str, str], missing: list[str]) -> None:
    settings = load_settings(environment={**given, "CHIP_COMPANY": COMPANY}).settings
    assert settings.missing_secrets == missing
    assert settings.is_local == bool(missing)


def message(event_id: str, ts: str = "1.000001", channel: str = "D0CLEO") -> dict[str, Any]:
    event = {"type": "message", "user": CLEO, "text": RUNTIME, "ts": ts, "channel": channel, "channel_type": "channel"}
    return {"type": "event_callback", "event_id": event_id, "team_id": TEAM, "event": event}


def command(chip: Chip, text: str) -> dict[str, Any]:
    key = chip.workspace.inside(lambda w: w.response_urls.issue(ADA, ADMIN))
    return {
        "team_id": TEAM,
        "channel_id": ADMIN,
        "user_id": ADA,
        "command": "/chip",
        "text": text,
        "trigger_id": "42.1",
        "response_url": f"{chip.workspace.url}/response/{key}",
    }


def post(chip: Chip, body: dict[str, Any], secret: str = SECRET) -> int:
    assert chip.gateway is not None
    assert chip.gateway.request_url is not None
    content = json.dumps(body)
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=content)
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": str(signature),
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(chip.gateway.request_url, content.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def get(url: str) -> tuple[int, dict[str, Any]]:
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
        return response.status, json.loads(response.read())


def test_a_press_that_a_kill_cut_off_counts_once(chip: Chip) -> None:
    message = chip.ask(CLEO, RUNTIME)
    reply = chip.reply_at("D0CLEO", message)
    assert chip.workspace.visit(CLEO).click(message, "D0CLEO", blocks.VOTE, f"up:{reply.id}")
    chip.settle()
    with chip.core.db.begin() as connection:  # as it stood before its listener had ended
        connection.execute(update(inbox_rows).where(inbox_rows.c.kind == "block_actions").values(done_at=None))
    chip.stop()
    chip.start()
    chip.settle()

    with chip.core.db.read() as connection:
        assert [row.kind for row in connection.execute(feedback_events.select())] == ["vote"]


@pytest.mark.parametrize("harm", ["archived", "removed"])
def test_a_channel_that_is_closed_to_chip_ends_the_question_and_nothing_else(chip: Chip, harm: str) -> None:
    chip.engine.queue.append(Slowly(("It runs for", " 55 minutes."), 0.4))
    cleo = chip.workspace.visit(CLEO)
    cleo.post(HELP, f"@Chip {RUNTIME}")
    chip.workspace.wait_for(lambda: chip.engine.requests)
    if harm == "archived":
        chip.workspace.inside(lambda workspace: workspace.directory.archive(HELP))
    else:
        chip.workspace.remove("U0CHIP", HELP)
    chip.settle()

    assert chip.ask(CLEO, RUNTIME)["markdown"] == ANSWER


@pytest.mark.slow
def test_people_who_ask_at_once_all_get_an_answer_and_are_told_of_the_wait(chip: Chip) -> None:
    def post(workspace: Workspace) -> list[str]:
        posted = []
        for _ in range(40):
            ts = workspace.timeline.next_ts()
            workspace.board.post(Post(channel="D0CLEO", ts=ts, user=CLEO, text=RUNTIME))
            posted.append(ts)
        return posted

    posted = chip.workspace.inside(post)
    chip.workspace.wait_for(lambda: len(chip.engine.requests) == 40, 60.0)
    chip.workspace.wait_for(lambda: not inbox.find_unfinished(chip.core.db), 60.0)

    answered = [m.thread_ts for m in chip.workspace.messages("D0CLEO") if m.bot_id and "55 minutes" in show(m)]
    assert sorted(ts for ts in answered if ts) == posted
    statuses = [call.arguments["status"] for call in chip.workspace.calls("assistant.threads.setStatus")]
    assert any("others first, which takes about" in status for status in statuses)
    assert chip.workspace.statuses() == {}


def test_a_burst_while_an_answer_is_made_is_acknowledged_whole_and_nothing_of_it_is_done_twice(chip: Chip) -> None:
    chip.engine.queue.append(Slowly(("It runs for", " 55 minutes."), 0.5))
    chip.workspace.visit(CLEO).post("D0CLEO", RUNTIME)
    chip.workspace.wait_for(lambda: chip.engine.requests)

    def push(workspace: Workspace) -> list[str]:
        asked = []
        for number in range(285):  # a mention is two events
            ts = workspace.timeline.next_ts()
            asks = number % 19 == 0
            text = f"<@U0CHIP> {RUNTIME}" if asks else f"Line {number} of a chat"
            workspace.board.post(Post(channel=HELP, ts=ts, user=CLEO, text=text))
            asked += [ts] if asks else []
        return asked

    asked = chip.workspace.inside(push)
    chip.workspace.wait_for(lambda: chip.workspace.is_idle() and not inbox.find_unfinished(chip.core.db), 60.0)

    assert chip.workspace.inside(lambda workspace: (workspace.http or workspace.sockets).given_up) == []
    with chip.core.db.read() as connection:
        rows = connection.execute(inbox_rows.select().where(inbox_rows.c.kind.in_(["message", "app_mention"]))).all()
    burst = [row for row in rows if row.channel == HELP]
    assert len(burst) == len(asked) + 285 == 300
    assert all(row.done_at is not None for row in burst)
    assert len(chip.engine.requests) == 1 + len(asked)
    assert sorted(m.thread_ts or "" for m in chip.workspace.messages(HELP) if m.bot_id) == asked
