"""`python -m benchmarks.slack.acks`: how fast Chip acknowledges, and what of an answer's first text is its own part.

Starts the real `chip run` on one document against a local workspace in this process, over Socket Mode or HTTP
(`--transport http`). Nothing here is asserted: a busy machine gives slow figures. The requests of HTTP come from
threads of this process, whose own waiting is in the figures.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.figures import Figure, print_table
from benchmarks.slack.own_part import measure_own_part
from benchmarks.slack.running import CLEO, DIRECT, HELP, QUESTION, open_questions, running_chip
from bot import wiring
from bot.workspace.board import Message
from bot.workspace.server import LocalWorkspace
from bot.workspace.workspace import Workspace
from feedback.database import open_database
from feedback.tables import inbox

ASKING = 8  # conversations that are kept under way while acks are measured
UNDER_WAY = 60  # questions that wait or are answered when a burst begins, so that the model is busy until its end
EVENTS, BURST = 300, 1_000
WAIT_SECONDS = 180.0


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transport", choices=["socket", "http"], default="socket")
    transport = parser.parse_args().transport
    print(f"Slack over {transport}, load before the run {os.getloadavg()[0]:.1f}, {psutil.cpu_count()} cores\n")
    figures = [*measure_acks(transport), *measure_own_part(transport)]
    print_table(figures)


def measure_acks(transport: str) -> Iterator[Figure]:
    """Measure acks while the model generates, and of a burst."""
    with tempfile.TemporaryDirectory() as name, LocalWorkspace() as workspace, ExitStack() as stack:
        folder = Path(name)
        stack.enter_context(running_chip(folder, workspace, transport))
        yield measure_while_generating(workspace)
        yield from measure_burst(workspace, folder)


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
    """Deliver a thousand events at once while the model generates, and count what is stored."""
    stored = count_stored(folder)
    for _ in range(UNDER_WAY):
        workspace.visit(CLEO).post(DIRECT, QUESTION)
    workspace.wait_for(workspace.is_idle, WAIT_SECONDS)
    workspace.inside(lambda w: w.line.ack_seconds.clear())
    redelivered = workspace.inside(lambda w: w.line.redelivered)
    started = time.perf_counter()
    workspace.inside(post_burst)
    workspace.wait_for(workspace.is_idle, WAIT_SECONDS)
    seconds = time.perf_counter() - started
    under_way = len(open_questions(workspace))
    while count_stored(folder) - stored < BURST and time.perf_counter() - started < WAIT_SECONDS:
        time.sleep(0.2)
    taken = time.perf_counter() - started
    yield Figure(
        f"{BURST} events at once: until all are acknowledged / in the inbox", f"{seconds:.1f} / {taken:.1f} s", "–"
    )
    yield Figure("… answers still to be made when the last was acknowledged", str(under_way), "1 or more")
    yield Figure("… ack, p50 / p99, with the time in the queue before it", describe(workspace), "–")
    again = workspace.inside(lambda w: w.line.redelivered) - redelivered
    lost = BURST - (count_stored(folder) - stored)
    yield Figure("… delivered again / lost", f"{again} / {lost}", "– / 0")


def post_burst(workspace: Workspace) -> None:
    """Post without a break; runs on the workspace's thread."""
    for number in range(BURST):
        ts = workspace.timeline.next_ts()
        workspace.board.post(Message(channel=HELP, ts=ts, user=CLEO, text=f"Nobody is asked, number {number}"))


def count_stored(folder: Path) -> int:
    """Return how many events of the channel are in Chip's inbox."""
    db = open_database(f"sqlite:///{folder / 'var' / 'chip.db'}", clock=wiring.now_utc, new_id=wiring.make_id)
    try:
        with db.read() as connection:
            return len(
                connection.execute(inbox.select().where(inbox.c.kind == "message", inbox.c.channel == HELP)).all()
            )
    finally:
        db.close()


def describe(workspace: LocalWorkspace) -> str:
    """Return p50 and p99 of the acks since they were last cleared."""
    seconds = sorted(workspace.inside(lambda w: list(w.line.ack_seconds)))
    p99 = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    return f"{statistics.median(seconds) * 1000:.0f} / {p99 * 1000:.0f} ms"


if __name__ == "__main__":
    main()
