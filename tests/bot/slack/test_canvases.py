"""Pinned messages and canvases of a channel, from the local workspace through the real client into search."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.slack.canvases import fetch_canvases
from bot.slack.files import NotShownError, download, is_slack
from bot.wiring import open_upkeep
from bot.workspace.manifest import load_manifest
from bot.workspace.server import LocalWorkspace
from config.settings import Settings
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience
from retrieval.reading.documents import Unreadable
from retrieval.sources.canvases import Canvas
from retrieval.sources.errors import SourceError
from retrieval.sources.registry import Source, SourceKind
from retrieval.upkeep import Upkeep
from tests.retrieval.words import WordEmbedder

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace(clock=lambda: DAY) as running:
        yield running


@pytest.fixture
def client(workspace: LocalWorkspace) -> WebClient:
    return WebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
def knowledge(tmp_path: Path) -> Iterator[Knowledge]:
    opened = Knowledge(tmp_path / "index", WordEmbedder())
    yield opened
    opened.close()


@pytest.fixture
def upkeep(tmp_path: Path, knowledge: Knowledge, client: WebClient) -> Upkeep:
    upkeep = open_upkeep(Settings(data=tmp_path), knowledge, client)
    upkeep.add(Source("team", SourceKind.SLACK, "#support-team", Audience.STAFF, 24))
    return upkeep


def test_what_a_channel_pins_and_its_canvases_can_be_asked_for_and_vanish_with_it(
    workspace: LocalWorkspace, upkeep: Upkeep, knowledge: Knowledge
) -> None:
    ts = workspace.visit("U0SAM").post("C0STAFF", "Refunds over 500 dollars need Ada.")
    workspace.pin("C0STAFF", ts)
    canvas = workspace.write_canvas("C0STAFF", "Shifts", "<h1>Shifts</h1><p>Sam works on Mondays.</p>")
    assert upkeep.sync("team").report
    (pin,) = (h for h in knowledge.search("refunds dollars", STAFF_SCOPE, 5) if "Refunds" in h.passage.text)
    assert pin.passage.url == f"{workspace.url}/archives/C0STAFF/p{ts.replace('.', '')}"
    (shift, *_) = (h for h in knowledge.search("Sam Mondays", STAFF_SCOPE, 5) if "Mondays" in h.passage.text)
    assert (shift.passage.title, shift.passage.updated) == ("Shifts", DAY.date())
    assert shift.passage.url == f"{workspace.url}/docs/T0LOCAL/{canvas}"
    assert knowledge.search("Sam Mondays refunds", CUSTOMER_SCOPE, 5) == []

    workspace.write_canvas("C0STAFF", "Shifts", "<p>Sam works on Fridays.</p>", canvas)
    workspace.pin("C0STAFF", ts)
    report = upkeep.sync("team").report
    assert report is not None
    assert (report.changed, report.removed) == (1, 1)
    assert [h.passage.text for h in knowledge.search("Sam works", STAFF_SCOPE, 5)] == ["Sam works on Fridays."]
    workspace.delete_file(canvas)


def test_canvases_come_in_pages(workspace: LocalWorkspace, client: WebClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.canvases.PAGE", 2)
    made = [workspace.write_canvas("C0HELP", title, f"<p>{title}</p>") for title in ("Untitled", "A", "B")]
    found = [canvas for canvas in fetch_canvases(client, "help") if isinstance(canvas, Canvas)]
    assert [(canvas.id, canvas.title) for canvas in found] == list(zip(made, ("", "A", "B"), strict=True))
    assert found[1].html == b"<p>A</p>"
    for identity in made:
        workspace.delete_file(identity)


def test_without_the_scope_the_pins_are_read_and_the_canvases_are_said_to_be_missing(tmp_path: Path) -> None:
    scopes = load_manifest().bot_scopes - {"files:read"}
    with LocalWorkspace(bot_scopes=scopes) as workspace:
        client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
        workspace.pin("C0STAFF", workspace.visit("U0SAM").post("C0STAFF", "Refunds need Ada."))
        knowledge = Knowledge(tmp_path / "index", WordEmbedder())
        upkeep = open_upkeep(Settings(data=tmp_path), knowledge, client)
        upkeep.add(Source("team", SourceKind.SLACK, "#support-team", Audience.STAFF, 24))
        report = upkeep.sync("team").report
        knowledge.close()
    assert report is not None
    assert (report.added, report.unreadable) == (1, ())
    assert "scope files:read" in report.unreachable[0].reason


def test_a_canvas_whose_file_is_refused_stays_as_it_was(
    workspace: LocalWorkspace, client: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = workspace.write_canvas("C0HELP", "A", "<p>A</p>")
    monkeypatch.setattr("bot.slack.canvases.MAX_BYTES", 3)
    (found,) = fetch_canvases(client, "help")
    assert found == Unreadable(canvas, "The canvas is not shown: it is larger than 3 bytes.", is_kept=True)
    monkeypatch.undo()
    (read,) = fetch_canvases(client, "help")
    assert isinstance(read, Canvas)
    other = WebClient(token="xoxb-other", base_url=workspace.api_url)
    with pytest.raises(NotShownError, match="may not read"):
        download(other, f"{workspace.url}/files/{canvas}/A", 99)
    with pytest.raises(SourceError, match="invalid_auth"):
        list(fetch_canvases(other, "help"))
    workspace.delete_file(canvas)


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/canvas", True),
        ("http://127.0.0.1:8330/files/F1/A", True),
        ("http://files.slack.com/files-pri/T1-F1", False),
        ("https://files.slack.com.evil.example/F1", False),
        ("https://evil.example/files.slack.com", False),
        ("https://files.slack.com@evil.example/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_the_token_is_sent_to_slack_alone(address: str, sent: bool) -> None:
    assert is_slack(address, "http://127.0.0.1:8330/api/") is sent
