"""Measures Chip's own part of the time to an answer's first text: search and model take no time here.

Run as a program, it is the Chip that `benchmarks.slack.acks` measures, with the local workspace in another process, as
Slack is elsewhere too. In one process the two would wait for one interpreter.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.slack.running import CLEO, DIRECT, PROJECT, QUESTION, SECRET, open_questions, write_document
from bot.core import Core, make_id, now_utc
from bot.transport.gateway import Gateway
from bot.wiring import connect
from bot.workspace.server import LocalWorkspace
from config.loading import load_settings
from feedback.database import open_database
from retrieval.encoders.embedder import load_embedder
from retrieval.knowledge import Knowledge
from retrieval.passage import Audience
from retrieval.retrieved import Retrieved
from tests.fakes import QuotingEngine

ANSWERS = 60
SOCKETS = "sockets"


def measure_own_part(transport: str) -> Iterator[Figure]:
    """Measure from a message to the first streamed text with an engine and a search that take no time."""
    with LocalWorkspace() as workspace, running_instant_chip(workspace, transport):
        times = [_time_first_text(workspace) for _ in range(ANSWERS)][ANSWERS // 6 :]
    yield Figure(
        f"message to first streamed text without search and model, p50 of {len(times)}",
        statistics.median(times) * 1000,
        "ms",
        goal="≤ 30",
    )


@contextmanager
def running_instant_chip(workspace: LocalWorkspace, transport: str) -> Iterator[None]:
    """Run this module against the workspace until the end of the context."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [folder, transport, workspace.api_url, workspace.bot_token, workspace.app_token]
        command = [sys.executable, "-m", __spec__.name, *arguments]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True) as chip:
            assert chip.stdout is not None
            opened = chip.stdout.readline().strip()
            if not opened:
                raise RuntimeError("Chip did not start; what it said stands above")
            if opened != SOCKETS:
                workspace.deliver_to(opened, SECRET)
            workspace.wait_for(workspace.is_connected)
            yield
            chip.communicate("end\n")


def _time_first_text(workspace: LocalWorkspace) -> float:
    before = len(workspace.calls("chat.startStream"))
    started = time.perf_counter()
    workspace.visit(CLEO).post(DIRECT, QUESTION)
    while len(workspace.calls("chat.startStream")) == before:
        time.sleep(0.001)
    seconds = time.perf_counter() - started
    workspace.wait_for(lambda: not open_questions(workspace))
    return seconds


def run_instant_chip(folder: Path, transport: str, base_url: str, bot_token: str, app_token: str) -> None:
    """Answer on one document until a line comes on standard input; print where requests are to go."""
    chosen = {"CHIP_DATA": str(folder), "CHIP_SLACK__TRANSPORT": transport, "CHIP_HTTP__PORT": "0"}
    settings = load_settings(environment=chosen).settings
    db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
    core = Core(settings, db, _open_instant_knowledge(folder), QuotingEngine())
    secrets = {"bot_token": bot_token, "app_token": app_token, "signing_secret": SECRET}

    def tell(gateway: Gateway) -> None:
        print(gateway.request_url or SOCKETS, flush=True)

    with connect(core, **secrets, base_url=base_url, on_open=tell):
        sys.stdin.readline()
    core.knowledge.close()
    db.close()


def _open_instant_knowledge(folder: Path) -> Knowledge:
    """Return documents whose evidence is found once and then remembered."""
    knowledge = Knowledge(folder / "index", load_embedder(), default_audience=Audience.CUSTOMER)
    knowledge.ingest(write_document(folder))
    find, known = knowledge.find_evidence, list[Retrieved]()

    def find_known(*args: object, **options: object) -> Retrieved:
        if not known:
            known.append(find(*args, **options))  # type: ignore[arg-type]  # handed on as they came
        return known[0]

    knowledge.find_evidence = find_known  # type: ignore[method-assign]  # only here: search is to take no time
    return knowledge


if __name__ == "__main__":
    run_instant_chip(Path(sys.argv[1]), *sys.argv[2:])
