"""`python -m benchmarks.slack.acks`: how fast Chip acknowledges, and what of an answer's first text is its own part.

Starts the real `chip run` on one document against a local workspace in this process, over Socket Mode or HTTP
(`--transport http`). Nothing here is asserted: a busy machine gives slow figures. The requests of HTTP come from
threads of this process, whose own waiting is in the figures.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot import wiring
from bot.core import Core
from bot.gateway import Gateway
from bot.wiring import connect
from bot.workspace.board import Message
from bot.workspace.server import LocalWorkspace
from bot.workspace.workspace import Workspace
from config.settings import load_settings
from feedback.database import open_database
from feedback.tables import inbox
from retrieval.embedder import load_embedder
from retrieval.knowledge import Knowledge, Retrieved
from retrieval.passage import Audience
from tests.fakes import QuotingEngine

PROJECT = Path(__file__).resolve().parents[2]
HELP, CLEO, DIRECT = "C0HELP", "U0CLEO", "D0CLEO"
QUESTION = "How long does the Moss 2 run on one charge?"
SECRET = "bench"
ASKING = 8  # conversations that are kept under way while acks are measured
EVENTS, BURST, ANSWERS = 300, 1_000, 60
WAIT_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    what: str
    measured: str
    goal: str


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transport", choices=["socket", "http"], default="socket")
    transport = parser.parse_args().transport
    print(f"Slack over {transport}, load before the run {os.getloadavg()[0]:.1f}, {psutil.cpu_count()} cores\n")
    figures = [*measure_acks(transport), *measure_own_part(transport)]
    print("| what | measured | goal |\n| --- | --- | --- |")
    for figure in figures:
        print(f"| {figure.what} | {figure.measured} | {figure.goal} |")


def measure_acks(transport: str) -> Iterator[Figure]:
    """Measure acks while the model generates, and of a burst."""
    with tempfile.TemporaryDirectory() as name, LocalWorkspace() as workspace, ExitStack() as stack:
        folder = Path(name)
        stack.enter_context(running_chip(folder, workspace, transport))
        yield measure_while_generating(workspace)
        yield from measure_burst(workspace, folder)


@contextmanager
def running_chip(folder: Path, workspace: LocalWorkspace, transport: str) -> Iterator[None]:
    """Run `chip run` against the workspace until the end of the context."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "CHIP_DATA": str(folder / "var"),
        "CHIP_KNOWLEDGE__FOLDER": str(write_document(folder)),
        "CHIP_SLACK__BASE_URL": workspace.api_url,
        "CHIP_SLACK__TRANSPORT": transport,
        "CHIP_HTTP__PORT": str(port),
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_SIGNING_SECRET": SECRET,
    }
    with (folder / "chip.log").open("w") as log:
        command = [sys.executable, "-u", "-m", "bot", "run"]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        while "Chip is ready" not in (folder / "chip.log").read_text():
            if process.poll() is not None:
                raise RuntimeError((folder / "chip.log").read_text())
            time.sleep(0.05)
        if transport == "http":
            workspace.deliver_to(f"http://127.0.0.1:{port}/slack/events", SECRET)
        yield
    finally:
        process.terminate()
        process.wait(60)


def measure_while_generating(workspace: LocalWorkspace) -> Figure:
    """Keep conversations under way, and deliver an event every 30 ms."""
    visitor = workspace.visit(CLEO)
    visitor.wait_for_reply(DIRECT, visitor.post(DIRECT, QUESTION), WAIT_SECONDS)  # everything is loaded now
    workspace.inside(lambda w: w.line.ack_seconds.clear())
    for number in range(EVENTS):
        if len(open_questions(workspace)) < ASKING:
            visitor.post(DIRECT, QUESTION)
        visitor.post(HELP, f"A message that asks nobody, number {number}")
        time.sleep(0.03)
    workspace.wait_for(lambda: not open_questions(workspace) and workspace.is_idle(), WAIT_SECONDS)
    return Figure(
        f"ack while {ASKING} answers are made, p50 / p99 of {EVENTS} and more", describe(workspace), "p99 ≤ 50 ms"
    )


def measure_burst(workspace: LocalWorkspace, folder: Path) -> Iterator[Figure]:
    """Deliver a thousand events at once, and count what is stored."""
    workspace.inside(lambda w: w.line.ack_seconds.clear())
    redelivered = workspace.inside(lambda w: w.line.redelivered)
    stored = count_stored(folder)
    started = time.perf_counter()
    workspace.inside(post_burst)
    workspace.wait_for(workspace.is_idle, WAIT_SECONDS)
    seconds = time.perf_counter() - started
    while count_stored(folder) - stored < BURST and time.perf_counter() - started < WAIT_SECONDS:
        time.sleep(0.2)
    taken = time.perf_counter() - started
    yield Figure(
        f"{BURST} events at once: until all are acknowledged / in the inbox", f"{seconds:.1f} / {taken:.1f} s", "–"
    )
    yield Figure("… ack, p50 / p99, with the time in the queue before it", describe(workspace), "–")
    again = workspace.inside(lambda w: w.line.redelivered) - redelivered
    lost = BURST - (count_stored(folder) - stored)
    yield Figure("… delivered again / lost", f"{again} / {lost}", "– / 0")


def post_burst(workspace: Workspace) -> None:
    """Post without a break; runs on the workspace's thread."""
    for number in range(BURST):
        ts = workspace.timeline.next_ts()
        workspace.board.post(Message(channel=HELP, ts=ts, user=CLEO, text=f"Nobody is asked, number {number}"))


def open_questions(workspace: LocalWorkspace) -> list[str]:
    """Return the questions in the direct conversation that have no finished answer yet."""
    messages = workspace.messages(DIRECT)
    answered = {message.thread_ts for message in messages if message.bot_id and message.metadata}
    return [message.ts for message in messages if not message.bot_id and message.ts not in answered]


def count_stored(folder: Path) -> int:
    """Return how many events are in Chip's inbox."""
    db = open_database(f"sqlite:///{folder / 'var' / 'chip.db'}", clock=wiring.now_utc, new_id=wiring.make_id)
    try:
        with db.read() as connection:
            return len(connection.execute(inbox.select().where(inbox.c.kind == "message")).all())
    finally:
        db.close()


def measure_own_part(transport: str) -> Iterator[Figure]:
    """Measure from a message to the first streamed text with an engine and a search that take no time."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = {"CHIP_DATA": folder, "CHIP_SLACK__TRANSPORT": transport, "CHIP_HTTP__PORT": "0"}
        settings = load_settings(environment=chosen).settings
        db = open_database(settings.database_url, clock=wiring.now_utc, new_id=wiring.make_id)
        core = Core(settings, db, _open_instant_knowledge(Path(folder)), QuotingEngine())
        with LocalWorkspace() as workspace:
            secrets = {"bot_token": workspace.bot_token, "app_token": workspace.app_token, "signing_secret": SECRET}

            def deliver(gateway: Gateway, workspace: LocalWorkspace = workspace) -> None:
                if gateway.request_url is not None:
                    workspace.deliver_to(gateway.request_url, SECRET)

            with connect(core, **secrets, base_url=workspace.api_url, on_open=deliver):
                workspace.wait_for(workspace.is_connected)
                times = [_time_first_text(workspace) for _ in range(ANSWERS)][ANSWERS // 6 :]
        core.knowledge.close()
        db.close()
    yield Figure(
        f"message to first streamed text without search and model, p50 of {len(times)}",
        f"{statistics.median(times) * 1000:.0f} ms",
        "≤ 30 ms",
    )


def _open_instant_knowledge(folder: Path) -> Knowledge:
    """Return documents whose evidence is found once and then known."""
    knowledge = Knowledge(folder / "index", load_embedder(), default_audience=Audience.CUSTOMER)
    knowledge.ingest(write_document(folder))
    find, known = knowledge.find_evidence, list[Retrieved]()

    def find_known(*args: object, **options: object) -> Retrieved:
        if not known:
            known.append(find(*args, **options))  # type: ignore[arg-type]  # handed on as they came
        return known[0]

    knowledge.find_evidence = find_known  # type: ignore[method-assign]  # only here: search is to take no time
    return knowledge


def _time_first_text(workspace: LocalWorkspace) -> float:
    before = len(workspace.calls("chat.startStream"))
    started = time.perf_counter()
    workspace.visit(CLEO).post(DIRECT, QUESTION)
    while len(workspace.calls("chat.startStream")) == before:
        time.sleep(0.001)
    seconds = time.perf_counter() - started
    workspace.wait_for(lambda: not open_questions(workspace))
    return seconds


def write_document(folder: Path) -> Path:
    """Write the one document and return its folder."""
    documents = folder / "documents"
    documents.mkdir()
    text = "---\ntitle: Moss 2\naudience: customer\n---\nThe Moss 2 runs for 60 minutes on one charge.\n"
    (documents / "moss.md").write_text(text, encoding="utf-8")
    return documents


def describe(workspace: LocalWorkspace) -> str:
    """Return p50 and p99 of the acks since they were last cleared."""
    seconds = sorted(workspace.inside(lambda w: list(w.line.ack_seconds)))
    p99 = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    return f"{statistics.median(seconds) * 1000:.0f} / {p99 * 1000:.0f} ms"


if __name__ == "__main__":
    main()
