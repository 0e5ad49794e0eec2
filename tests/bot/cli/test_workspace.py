"""`chip workspace`: the local Slack by itself, as an app that is being developed meets it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode import SocketModeClient
from typer.testing import CliRunner

from bot.cli.main import app
from config.settings import PROJECT
from tests.patience import PATIENCE_SECONDS

FACTS = {"API base URL", "Bot token", "App token", "Signing secret"}
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command in an empty folder; nothing of the caller's settings counts."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHIP_", "SLACK_"))}
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "bot", "workspace", "--port", "0", *arguments],
                cwd=tmp_path,
                env={**kept, "PYTHONPATH": str(PROJECT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def read_facts(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return what is printed at the start, by name."""
    assert process.stdout is not None
    facts = {}
    for line in process.stdout:
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
        if name.strip() == "Signing secret":
            break
    assert facts.keys() >= FACTS
    return facts


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def stop(process: subprocess.Popen[str]) -> None:
    """Press Ctrl+C: it ends without an error."""
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (0, "")


@contextmanager
def take_challenges(secret: str) -> Iterator[str]:
    """Listen as an app does that echoes Slack's challenge where the signature is right; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_signed = SignatureVerifier(secret).is_valid_request(body, dict(self.headers.items()))
            self.send_response(200 if is_signed else 401)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/slack/events"
    server.shutdown()
    server.server_close()


def test_an_app_connects_with_what_is_printed_and_ctrl_c_ends_it(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start("--port", str(port))
    facts = read_facts(process)
    assert facts["API base URL"] == f"http://127.0.0.1:{port}/api/"
    client = WebClient(facts["Bot token"], base_url=facts["API base URL"])
    assert client.auth_test()["user_id"] == "U0CHIP"
    sockets = SocketModeClient(facts["App token"], web_client=client)
    sockets.connect()
    assert sockets.is_connected()
    sockets.close()
    stop(process)


def test_with_an_address_it_posts_there_what_the_secret_signs(start: Start) -> None:
    with take_challenges("local-signing-secret") as url:
        process = start("--url", url)
        assert read_facts(process)["Signing secret"] == "local-signing-secret"
        assert read_line(process) == f"Waiting for the app to answer Slack's challenge at {url}"
        assert read_line(process) == f"What happens is posted to {url}"
        stop(process)


def test_an_address_where_no_app_listens_yet_is_waited_for(start: Start) -> None:
    process = start("--url", "http://127.0.0.1:9/slack/events")
    read_facts(process)
    assert read_line(process).startswith("Waiting for the app")
    stop(process)


def test_the_apps_own_manifest_says_its_scopes(start: Start, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("oauth_config: {scopes: {bot: [users:read]}}\n", encoding="utf-8")
    process = start("--manifest", "app.yaml")
    facts = read_facts(process)
    client = WebClient(facts["Bot token"], base_url=facts["API base URL"])
    assert client.users_list()["ok"]
    with pytest.raises(SlackApiError, match="missing_scope"):
        client.chat_postMessage(channel="C0HELP", text="Hello")
    stop(process)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--url", "localhost:3000"), "localhost:3000 is no web address"),
        (("--url", "http://127.0.0.1:port/"), "is no web address"),
        (("--manifest", "nowhere.yaml"), "nowhere.yaml"),
        (("--manifest", "list.yaml"), "list.yaml is no manifest of a Slack app"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_sentence(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.yaml").write_text("- a list\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["workspace", "--port", "0", *arguments])
    assert result.exit_code == 1
    assert told in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


def test_a_taken_port_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(app, ["workspace", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 1
    assert "--port takes another" in result.output.replace("\n", " ")
